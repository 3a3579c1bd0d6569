// The panel while no span is chosen: what is broken, what failed, what took the time, what it cost.
import { copyButton, el, fill, icon } from "./dom.js";
import { longest } from "./critical.js";
import { shortened } from "./list.js";
import { address } from "./route.js";
import { dollars, duration, percent, tokens } from "./units.js";

export class Overview {
  /** @param {{ onselect: (i: number) => void, onstray: (finding: any) => void }} how */
  constructor({ onselect, onstray }) {
    this.onselect = onselect;
    this.onstray = onstray;
    this.element = el("aside", { class: "overview", "aria-label": "Overview of the trace" });
  }

  /** @param {import("./model.js").Trace} trace @param {Map<number, any[]>} path @param {any[]} findings */
  show(trace, path, findings) {
    this.trace = trace;
    fill(this.element, this.findings(findings), this.failures(), this.slow(path), this.models());
  }

  findings(findings) {
    if (!findings.length) return null;
    return el("section", { class: "findings" }, el("h2", {}, icon("warn"), findings.length === 1 ? "One span hangs in the air" : `${findings.length} spans hang in the air`), findings.slice(0, 50).map((it) => this.finding(it)));
  }

  finding(it) {
    const { trace } = this;
    const isOwn = it.trace_id === trace?.summary.trace_id;
    const isHere = isOwn && (trace?.indexOf(it.span_id) ?? -1) >= 0;
    const show = () => (isHere ? this.onselect(trace?.indexOf(it.span_id) ?? 0) : this.onstray(it));
    const parent = it.parent && (it.parent.trace_id === trace?.summary.trace_id
      ? el("button", { type: "button", class: "link", onclick: () => this.onselect(trace?.indexOf(it.parent.span_id) ?? 0) }, el("bdi", { text: shortened(it.parent.name) }))
      : el("a", { href: address(["trace", it.parent.trace_id, "span", it.parent.span_id]) }, el("bdi", { text: shortened(it.parent.name) })));
    return el("article", { class: "finding" },
      el("p", {}, el("button", { type: "button", class: "link strong", onclick: show }, el("bdi", { text: shortened(it.name) })), it.kind === "orphan" ? " lost its parent." : isOwn ? " is a trace of its own." : [" is a ", el("a", { href: address(["trace", it.trace_id, "span", it.span_id]) }, "trace of its own"), "."]),
      parent && el("p", {}, "It probably belongs under ", parent, "."),
      el("p", { class: "dim", text: it.reason }),
      el("div", { class: "fix" }, el("span", { class: "dim" }, "Write"), el("div", { class: "content" }, el("pre", { class: "block", tabindex: "0", text: it.code }), copyButton(it.code, "Copy the code"))));
  }

  failures() {
    const { trace } = this;
    if (!trace?.errors.size) return null;
    const failed = [...trace.errors].slice(0, 8);
    return el("section", {}, el("h2", { class: "bad" }, icon("cross"), `${trace.errors.size} failed`), el("ul", { class: "rank" }, failed.map(([i, text]) => this.line(i, el("span", { class: "dim clip", dir: "auto", text }), ""))));
  }

  slow(path) {
    const { trace } = this;
    const all = longest(trace, path).slice(0, 6);
    if (!trace || all.length < 2) return null;
    const whole = trace.end();
    return el("section", {}, el("h2", {}, "What took the time"), el("p", { class: "dim" }, "Time of its own on the critical path."),
      el("ul", { class: "rank" }, all.map(({ span, time }) => {
        const meter = el("span", { class: `meter ${trace.typeName(span)}`, "aria-hidden": "true" }, el("i"));
        meter.firstChild.style.width = `${(time / all[0].time) * 100}%`;
        return this.line(span, meter, `${duration(time)} · ${percent(time / whole)}`);
      })));
  }

  models() {
    const { trace } = this;
    if (!trace) return null;
    /** @type {Map<string, { calls: number, input: number, output: number, cost: number }>} */
    const models = new Map();
    for (let i = 0; i < trace.count; i += 1) {
      const type = trace.typeName(i);
      const name = trace.text("model", i);
      if (!name || (type !== "llm" && type !== "embedding")) continue;
      const sum = models.get(name) ?? { calls: 0, input: 0, output: 0, cost: 0 };
      sum.calls += 1;
      sum.input += trace.input[i];
      sum.output += trace.output[i];
      sum.cost += trace.cost[i];
      models.set(name, sum);
    }
    if (!models.size) return null;
    const rows = [...models].sort(([, a], [, b]) => b.cost - a.cost || b.input - a.input);
    return el("section", {}, el("h2", {}, "Models"), el("table", { class: "figures" },
      el("thead", {}, el("tr", {}, ["Model", "Calls", "Tokens", "Cost"].map((it) => el("th", { scope: "col" }, it)))),
      el("tbody", {}, rows.map(([name, it]) => el("tr", {}, el("th", { scope: "row" }, el("bdi", { text: shortened(name) })), el("td", {}, String(it.calls)), el("td", {}, tokens(it.input, it.output) || "–"), el("td", {}, it.cost ? dollars(it.cost) : "–"))))));
  }

  line(i, middle, end) {
    const { trace } = this;
    return el("li", {}, el("button", { type: "button", onclick: () => this.onselect(i) }, el("span", { class: `mark ${trace?.typeName(i)}` }, icon(trace?.typeName(i) ?? "chain")), el("bdi", { text: shortened(trace?.name(i) ?? "") }), middle, end && el("span", { class: "figure", text: end })));
  }
}
