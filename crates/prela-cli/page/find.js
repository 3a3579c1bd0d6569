// The search in a trace: it finds names at once, everything else a moment later.
import { announce, el, icon } from "./dom.js";
import { searchIn } from "./source.js";
import { whole } from "./units.js";

export class Find {
  /** @param {{ onhits: (hits: Set<number>) => void, onselect: (i: number) => void }} how */
  constructor({ onhits, onselect }) {
    this.onhits = onhits;
    this.onselect = onselect;
    /** @type {number[]} */
    this.order = [];
    this.asked = 0;
    this.timer = 0;
    this.input = el("input", { type: "search", placeholder: "Search this trace  /", "aria-label": "Search this trace", spellcheck: "false", id: "find" });
    this.note = el("span", { class: "find-note", role: "status" });
    const step = (by, text, sign) => el("button", { type: "button", class: "quiet", "aria-label": text, title: text, onclick: () => this.step(by) }, sign);
    this.buttons = el("span", { class: "find-steps", hidden: true }, step(-1, "Previous hit (N)", "↑"), step(1, "Next hit (n)", "↓"));
    this.element = el("div", { class: "find", role: "search", "aria-label": "This trace" }, icon("search"), this.input, this.note, this.buttons);
    this.input.addEventListener("input", () => this.look());
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.step(event.shiftKey ? -1 : 1);
      else if (event.key === "Escape" && this.input.value) this.set("");
      else if (event.key === "Escape") this.input.blur();
      else return;
      event.stopPropagation();
      event.preventDefault();
    });
  }

  /** @param {import("./model.js").Trace} trace */
  show(trace) {
    const isOther = this.trace !== trace;
    this.trace = trace;
    if (isOther && this.input.value) this.look();
  }

  /** @param {string} text */
  set(text) {
    this.input.value = text;
    this.look();
  }

  look() {
    const { trace } = this;
    const q = this.input.value.trim();
    this.asked += 1;
    clearTimeout(this.timer);
    if (!trace || !q) return this.take(new Set(), "");
    const names = this.names(q);
    this.take(names, "…");
    const asked = this.asked;
    this.timer = window.setTimeout(async () => {
      const found = await searchIn(trace.summary.trace_id, q).catch(() => []);
      if (asked !== this.asked) return;
      const all = new Set(names);
      for (const hit of found) {
        const i = trace.indexOf(hit.span_id);
        if (i >= 0) all.add(i);
      }
      this.take(all, "done");
      announce(`${all.size} spans found`);
    }, 150);
  }

  /** Spans whose name, model, thread, service or operation has the text. @param {string} q */
  names(q) {
    const trace = /** @type {import("./model.js").Trace} */ (this.trace);
    const isExact = q !== q.toLowerCase();
    const has = trace.texts.map((text) => (isExact ? text : text.toLowerCase()).includes(q));
    const columns = ["name", "model", "thread", "service", "operation"].map((it) => trace.columns[it]);
    const hits = new Set();
    for (let i = 0; i < trace.count; i += 1) {
      if (columns.some((column) => column[i] >= 0 && has[column[i]])) hits.add(i);
    }
    return hits;
  }

  take(hits, state) {
    this.order = [...hits].sort((a, b) => a - b);
    this.note.textContent = state === "" ? "" : state === "…" && !hits.size ? "…" : whole(hits.size);
    this.buttons.hidden = hits.size === 0;
    this.onhits(hits);
  }

  /** Goes to the next hit, or back. @param {number} by */
  step(by) {
    if (!this.order.length) return;
    const now = this.current ?? -1;
    const next = by > 0 ? (this.order.find((i) => i > now) ?? this.order[0]) : (this.order.findLast((i) => i < now) ?? this.order[this.order.length - 1]);
    this.note.textContent = `${whole(this.order.indexOf(next) + 1)} of ${whole(this.order.length)}`;
    this.onselect(next);
  }
}
