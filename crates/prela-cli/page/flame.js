// The flame: boxes as wide as their tokens, cost or time.
import { el, fill } from "./dom.js";
import { shortened } from "./list.js";
import { count, dollars, duration, percent } from "./units.js";

const HEIGHT_OF_BOX = 30;
const NARROWEST = 2;

export class Flame {
  /** @param {{ onselect: (i: number) => void }} how */
  constructor({ onselect }) {
    this.onselect = onselect;
    this.by = "";
    this.choice = el("div", { class: "tabs small", role: "group", "aria-label": "Width by" });
    this.note = el("p", { class: "dim" });
    this.boxes = el("div", { class: "flame", role: "group", "aria-label": "Flame" });
    this.host = el("div", { class: "scroll flame-host" }, this.boxes);
    this.element = el("div", { class: "flame-view" }, el("div", { class: "lane-head" }, this.choice, this.note), this.host);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.host);
  }

  /** @param {any} shown as the waterfall's */
  show(shown) {
    this.shown = shown;
    const { trace, sums } = shown;
    const tokens = Float64Array.from(sums.input, (it, i) => it + sums.output[i]);
    const time = Float64Array.from({ length: trace.count }, (_, i) => trace.durationOf(i));
    /** @type {Record<string, { text: string, values: Float64Array, say: (n: number) => string }>} */
    const kinds = {
      tokens: { text: "Tokens", values: tokens, say: (it) => `${count(it)} tokens` },
      cost: { text: "Cost", values: sums.cost, say: dollars },
      time: { text: "Time", values: time, say: duration },
    };
    const has = (kind) => kinds[kind].values.some((it) => it > 0);
    if (!this.by || !has(this.by)) this.by = ["tokens", "cost", "time"].find(has) ?? "time";
    this.kind = kinds[this.by];
    fill(this.choice, Object.entries(kinds).map(([kind, it]) => el("button", { type: "button", disabled: !has(kind), "aria-pressed": String(kind === this.by), onclick: () => {
      this.by = kind;
      this.show(shown);
    } }, it.text)));
    this.draw();
  }

  draw() {
    const { shown, kind } = this;
    const width = this.host.clientWidth - 2;
    if (!shown || !kind || width < 50) return;
    const { trace } = shown;
    const { values } = kind;
    let whole = 0;
    for (let i = 0; i < trace.count; i = trace.last[i] + 1) whole += values[i];
    const boxes = [];
    let deepest = 0;
    let hidden = 0;
    // No recursion: a trace may be as deep as it is long.
    /** @type {[number, number, number][]} */
    const todo = [];
    let x = 0;
    for (let i = 0; i < trace.count; i = trace.last[i] + 1) {
      todo.push([i, x, (values[i] / whole) * width]);
      x += (values[i] / whole) * width;
    }
    while (todo.length) {
      const [i, left, wide] = /** @type {[number, number, number]} */ (todo.pop());
      if (!(wide >= NARROWEST)) {
        hidden += values[i] > 0 ? 1 : 0;
        continue;
      }
      deepest = Math.max(deepest, trace.depth[i]);
      boxes.push(this.box(i, left, wide, whole));
      let below = 0;
      for (const child of trace.childrenOf(i)) below += values[child];
      // Children that ran side by side may take more time than went by.
      const pixels = wide / Math.max(values[i], below);
      let at = left;
      for (const child of trace.childrenOf(i)) {
        todo.push([child, at, values[child] * pixels]);
        at += values[child] * pixels;
      }
    }
    this.boxes.style.height = `${(deepest + 1) * HEIGHT_OF_BOX + 8}px`;
    fill(this.boxes, boxes);
    this.note.textContent = `${kind.say(whole)} in all${hidden ? ` · ${hidden} too narrow to be shown` : ""}`;
  }

  box(i, left, wide, whole) {
    const { trace, selected, hits } = this.shown;
    const value = this.kind?.values[i] ?? 0;
    const text = `${shortened(trace.name(i))}: ${this.kind?.say(value)}, ${percent(value / whole)}`;
    const box = el("button", { class: `box ${trace.typeName(i)}${i === selected ? " selected" : ""}${hits.has(i) ? " hit" : ""}`, type: "button", title: text, "aria-label": text, onclick: () => this.onselect(i) },
      wide > 30 && [el("bdi", { text: shortened(trace.name(i)) }), wide > 130 && el("small", { text: this.kind?.say(value) ?? "" })]);
    box.style.transform = `translate(${left.toFixed(1)}px, ${trace.depth[i] * HEIGHT_OF_BOX}px)`;
    box.style.width = `${Math.max(1, wide - 1).toFixed(1)}px`;
    return box;
  }

  close() {
    this.observer.disconnect();
  }
}
