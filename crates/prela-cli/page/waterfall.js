// The waterfall: a row for each span except those below a closed one, whatever their number.
import { el } from "./dom.js";
import { makeSpanRow, showSpan, showStray } from "./row.js";
import { Rows } from "./rows.js";
import { remember, remembered } from "./theme.js";
import { duration } from "./units.js";

const ROW_HEIGHT = 28;
const NAMES_WIDTH = "prela.names";

export class Waterfall {
  /** @param {{ onselect: (row: Line) => void, onscale: () => void }} how */
  constructor({ onselect, onscale }) {
    this.closed = new Set();
    /** @type {Line[]} */
    this.lines = [];
    this.strayChosen = null;
    this.host = el("div", { class: "scroll spans", role: "treegrid", tabindex: "0", id: "spans", "aria-label": "Spans", "aria-colcount": "3" });
    this.ruler = el("div", { class: "ruler", "aria-hidden": "true" });
    this.grid = el("div", { class: "grid-lines", "aria-hidden": "true" });
    const split = el("div", { class: "split", role: "separator", tabindex: "0", "aria-orientation": "vertical", "aria-label": "Width of the names" });
    this.element = el("div", { class: "waterfall" }, el("div", { class: "ruler-line" }, el("div", { class: "ruler-names" }, "Span"), this.ruler), el("div", { class: "stack" }, this.grid, this.host), split);
    this.rows = new Rows(this.host, { height: ROW_HEIGHT, make: () => this.make(), show: (row, at) => this.fill(row, at) });
    this.onselect = onselect;
    this.onscale = onscale;
    this.splitting(split);
    this.setNames(Number(remembered(NAMES_WIDTH)) || 0.4);
    this.observer = new ResizeObserver(() => this.measure());
    this.observer.observe(this.host);
    this.host.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  /** @typedef {{ span: number, depth: number, isGuess: boolean, stray: any }} Line */

  /**
   * @param {Omit<import("./row.js").Shown, "width" | "isClosed">} shown @param {any[]} findings
   */
  show(shown, findings) {
    this.shown = { ...shown, width: this.width ?? 600, isClosed: (i) => this.closed.has(i) };
    this.findings = findings;
    this.arrange();
  }

  /** Puts the spans in order, with orphans and strays below the span that they probably belong to. */
  arrange() {
    if (!this.shown) return;
    const { trace } = this.shown;
    /** @type {Map<number, any[]>} */
    const guests = new Map();
    /** Tops that move, and below which span. @type {Map<number, number>} */
    const moved = new Map();
    const top = (i) => {
      while (trace.parent[i] >= 0) i = trace.parent[i];
      return i;
    };
    // A guess must not put a span below itself, not even by way of other guesses.
    const isBelow = (host, at) => {
      for (let now = top(host); ; now = top(/** @type {number} */ (moved.get(now)))) {
        if (now === at) return true;
        if (!moved.has(now)) return false;
      }
    };
    const own = trace.summary.trace_id;
    for (const finding of this.findings ?? []) {
      if (!finding.parent || finding.parent.trace_id !== own) continue;
      const host = trace.indexOf(finding.parent.span_id);
      if (host < 0) continue;
      const at = finding.trace_id === own ? trace.indexOf(finding.span_id) : -1;
      if (finding.trace_id === own && at < 0) continue;
      if (at >= 0 && isBelow(host, at)) continue;
      guests.set(host, [...(guests.get(host) ?? []), { at, finding }]);
      if (at >= 0) moved.set(at, host);
    }
    const lines = [];
    /** @type {{ end: number, depth: number, list: any[] }[]} */
    const open = [];
    const seat = ({ depth, list }) => {
      for (const { at, finding } of list) {
        if (at < 0) lines.push({ span: -1, depth: depth + 1, isGuess: true, stray: finding });
        else walk(at, trace.last[at], depth + 1 - trace.depth[at], true);
      }
    };
    const walk = (first, last, shift, isGuess) => {
      const base = open.length;
      for (let i = first; i <= last; i += 1) {
        while (open.length > base && open[open.length - 1].end < i) seat(/** @type {any} */ (open.pop()));
        if (moved.has(i) && !(isGuess && i === first)) {
          i = trace.last[i];
          continue;
        }
        lines.push({ span: i, depth: trace.depth[i] + shift, isGuess: isGuess && i === first, stray: null });
        if (this.closed.has(i)) {
          i = trace.last[i];
          continue;
        }
        const list = guests.get(i);
        if (list) open.push({ end: trace.last[i], depth: trace.depth[i] + shift, list });
      }
      while (open.length > base) seat(/** @type {any} */ (open.pop()));
    };
    walk(0, trace.count - 1, 0, false);
    this.lines = lines;
    this.host.setAttribute("aria-rowcount", String(lines.length));
    this.rows.setCount(lines.length);
    this.measure();
  }

  make() {
    const row = makeSpanRow();
    row.addEventListener("click", (event) => {
      const line = this.lines[row.at];
      if (!line) return;
      if (event.target === row.parts.twist && line.span >= 0) this.toggle(line.span);
      else this.onselect(line);
    });
    return row;
  }

  fill(row, at) {
    const line = this.lines[at];
    row.at = at;
    row.id = `span-${at}`;
    row.setAttribute("aria-rowindex", String(at + 1));
    if (line.stray) showStray(row, line.stray, line.depth, this.shown, this.strayChosen === line.stray);
    else showSpan(row, line.span, line.depth, line.isGuess, this.shown);
  }

  /** Fills the rows on the screen again, as after a change of the scale or of the chosen span. */
  refresh(changes = {}) {
    if (!this.shown) return;
    Object.assign(this.shown, changes);
    this.rows.refresh();
    this.axis();
  }

  measure() {
    const names = this.names ?? 0.4;
    const all = this.host.clientWidth;
    const used = all < 700 ? 0 : all < 1000 ? 96 : 156;
    if (this.shown) this.shown.isWide = used > 100;
    this.element.classList.toggle("narrow", !used);
    this.element.style.setProperty("--names", `${Math.round(all * names)}px`);
    this.element.style.setProperty("--used", `${used}px`);
    this.width = Math.max(80, all - Math.round(all * names) - used - 12);
    this.refresh({ width: this.width });
  }

  axis() {
    const { scale, trace } = this.shown;
    const ticks = scale.ticks(Math.max(2, this.width / 84));
    this.ruler.replaceChildren(...ticks.filter((it) => it.place < 0.94).map((it) => at(el("span", {}, duration(it.time)), it.place)));
    const gaps = scale.gaps.map((gap) => {
      const [from, to] = [scale.where(gap.from), scale.where(gap.to)];
      const band = at(el("i", { class: "gap" }), Math.max(0, from));
      band.style.width = `${Math.max(0, Math.min(1, to) - Math.max(0, from)) * 100}%`;
      return to < 0 || from > 1 ? null : band;
    });
    this.grid.replaceChildren(...ticks.map((it) => at(el("i", { class: "tick" }), it.place)), ...gaps.filter((it) => it !== null));
    this.grid.hidden = trace.count === 0;
  }

  /** @param {number} i */
  toggle(i) {
    if (this.closed.has(i)) this.closed.delete(i);
    else this.closed.add(i);
    this.arrange();
  }

  /** Opens all spans above one, and scrolls to it. @param {number} i */
  reveal(i) {
    const { trace } = /** @type {any} */ (this.shown);
    let changed = false;
    for (let above = trace.parent[i]; above >= 0; above = trace.parent[above]) changed = this.closed.delete(above) || changed;
    if (changed) this.arrange();
    const at = this.lines.findIndex((it) => it.span === i);
    if (at >= 0) this.revealLine(at);
  }

  /** @param {number} at */
  revealLine(at) {
    this.rows.reveal(at);
    this.host.setAttribute("aria-activedescendant", `span-${at}`);
  }

  wheel(event) {
    if (!this.shown || !(event.ctrlKey || event.metaKey || event.shiftKey)) return;
    event.preventDefault();
    const box = this.ruler.getBoundingClientRect();
    const by = event.deltaY || event.deltaX;
    if (event.shiftKey) this.shown.scale.move(by / 800);
    else this.shown.scale.zoom(1.0015 ** by, Math.min(1, Math.max(0, (event.clientX - box.left) / this.width)));
    this.onscale();
  }

  setNames(part) {
    this.names = Math.min(0.75, Math.max(0.15, part));
    this.element.style.setProperty("--names-part", `${this.names * 100}%`);
  }

  splitting(split) {
    const set = (part) => {
      this.setNames(part);
      remember(NAMES_WIDTH, String(this.names));
      this.measure();
    };
    split.addEventListener("pointerdown", (event) => {
      split.setPointerCapture(event.pointerId);
      const box = this.element.getBoundingClientRect();
      const move = (it) => set((it.clientX - box.left) / box.width);
      split.addEventListener("pointermove", move);
      split.addEventListener("pointerup", () => split.removeEventListener("pointermove", move), { once: true });
    });
    split.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -0.02, ArrowRight: 0.02 }[event.key];
      if (!step) return;
      event.stopPropagation();
      set((this.names ?? 0.4) + step);
    });
  }

  close() {
    this.observer.disconnect();
    this.rows.close();
  }
}

function at(node, place) {
  node.style.left = `${place * 100}%`;
  return node;
}
