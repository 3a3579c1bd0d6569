// The lanes: the spans of each thread, task or service, and how much ran at once. Where a span ended, nobody says.
import { announce, el, fill } from "./dom.js";
import { TYPES } from "./model.js";
import { colour } from "./theme.js";
import { threads } from "./threads.js";
import { counted, duration, percent } from "./units.js";

const BAR = 16;
const AROUND = 10;

export class Lanes {
  /** @param {{ onselect: (i: number) => void }} how */
  constructor({ onselect }) {
    this.onselect = onselect;
    /** @type {"thread" | "task" | "service"} */
    this.by = "thread";
    this.figures = el("dl", { class: "figures-row" });
    this.choice = el("div", { class: "tabs small", role: "group", "aria-label": "Lanes by" });
    this.canvas = el("canvas", { "aria-hidden": "true" });
    this.labels = el("div", { class: "lane-labels", "aria-hidden": "true" });
    this.space = el("div", { class: "lane-space" }, this.labels);
    this.note = el("p", { class: "dim" });
    this.tip = el("div", { class: "tip", hidden: true });
    this.host = el("div", { class: "scroll lanes", tabindex: "0", role: "group", "aria-label": "Lanes; arrow keys go from span to span", id: "lanes" }, this.canvas, this.space);
    this.element = el("div", { class: "lanes-view" }, el("div", { class: "lane-head" }, this.choice, this.figures, this.note), this.host, this.tip);
    this.host.addEventListener("scroll", () => this.later(), { passive: true });
    this.host.addEventListener("click", (event) => {
      const hit = this.find(event);
      if (hit >= 0) this.onselect(hit);
    });
    this.host.addEventListener("mousemove", (event) => this.point(event));
    this.host.addEventListener("mouseleave", () => (this.tip.hidden = true));
    this.observer = new ResizeObserver(() => this.later());
    this.observer.observe(this.host);
    this.redraw = () => this.later();
    addEventListener("themechange", this.redraw);
    this.frame = 0;
  }

  /** @param {any} shown as the waterfall's */
  show(shown) {
    this.shown = shown;
    const { trace } = shown;
    const kinds = /** @type {const} */ ([["thread", "Threads"], ["task", "Tasks"], ["service", "Services"]]);
    const there = kinds.filter(([kind]) => trace.distinct(kind).length > 0);
    if (!there.some(([kind]) => kind === this.by)) this.by = there[0]?.[0] ?? "service";
    fill(this.choice, there.map(([kind, text]) => el("button", { type: "button", "aria-pressed": String(kind === this.by), onclick: () => {
      this.by = kind;
      this.show(shown);
    } }, text)));
    this.threads = threads(trace, this.by);
    let top = AROUND;
    this.tops = this.threads.lanes.map((lane) => {
      const at = top;
      top += 18 + lane.levels * (BAR + 2) + AROUND;
      return at;
    });
    this.height = top;
    this.space.style.height = `${top}px`;
    const { parallel, serial, calls, busy, lanes } = this.threads;
    const figure = (value, text, why) => el("div", { title: why }, el("dt", {}, text), el("dd", {}, value));
    fill(this.figures,
      figure(parallel.toFixed(2), "parallelism", "time that lanes were at work, over the time that went by"),
      figure(duration(busy), "at work", "summed over all lanes: spans of which no child runs"),
      figure(duration(serial), "longest alone", "the longest time with exactly one lane at work"),
      figure(String(calls), "model calls at once", "at most"),
      figure(String(lanes.length), this.by === "service" ? "services" : `${this.by}s`, ""));
    const began = { thread: "on the thread", task: "in the task", service: "" }[this.by];
    this.note.textContent = began && `Each span is drawn ${began} that it began ${began.slice(0, 2)}.`;
    fill(this.labels, lanes.map((lane, at) => {
      const label = el("div", {}, el("bdi", { text: lane.name }), el("span", { class: "dim", text: ` ${percent(lane.busy / trace.end())} · ${counted(lane.spans.length, "span")}` }));
      label.style.top = `${/** @type {number[]} */ (this.tops)[at]}px`;
      return label;
    }));
    this.host.setAttribute("aria-label", `Lanes: ${lanes.map((lane) => `${lane.name}, ${counted(lane.spans.length, "span")}`).slice(0, 30).join("; ")}. Arrow keys go from span to span.`);
    this.later();
  }

  later() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw() {
    const { shown, host, canvas } = this;
    if (!shown || !this.threads || !host.clientWidth) return;
    const { trace, scale } = shown;
    const [width, height] = [host.clientWidth, host.clientHeight];
    const dense = devicePixelRatio || 1;
    canvas.width = width * dense;
    canvas.height = height * dense;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.scale(dense, dense);
    const colours = TYPES.map(colour);
    const [bad, line, text, chosen] = [colour("bad"), colour("line"), colour("on-bar"), colour("text")];
    context.font = `11px ${getComputedStyle(host).fontFamily}`;
    context.textBaseline = "middle";
    const room = width - 2 * AROUND;
    const scroll = host.scrollTop;
    this.threads.lanes.forEach((lane, at) => {
      const top = /** @type {number[]} */ (this.tops)[at] - scroll;
      if (top > height || top + 18 + lane.levels * (BAR + 2) < 0) return;
      context.fillStyle = line;
      context.fillRect(0, top - AROUND / 2, width, 1);
      for (const i of lane.spans) {
        const y = top + 18 + (lane.level.get(i) ?? 0) * (BAR + 2);
        const from = AROUND + scale.where(trace.start[i]) * room;
        const to = AROUND + scale.where(trace.endOf(i)) * room;
        if (to < 0 || from > width || y > height || y + BAR < 0) continue;
        const left = Math.max(-2, from);
        const wide = Math.max(1.5, Math.min(width + 2, to) - left);
        context.globalAlpha = shown.hits.size && !shown.hits.has(i) ? 0.3 : 1;
        context.fillStyle = trace.errors.has(i) ? bad : colours[trace.type[i]];
        context.beginPath();
        context.roundRect(left, y, wide, BAR, Math.min(3, wide / 2));
        context.fill();
        if (i === shown.selected) {
          context.strokeStyle = chosen;
          context.lineWidth = 2;
          context.stroke();
        }
        if (wide > 34) {
          context.fillStyle = text;
          context.fillText(fit(context, trace.name(i), wide - 10), Math.max(from, 0) + 5, y + BAR / 2 + 0.5);
        }
      }
      context.globalAlpha = 1;
    });
  }

  /** The span below the pointer; -1 where there is none. @param {MouseEvent} event */
  find(event) {
    if (!this.shown || !this.threads) return -1;
    const { trace, scale } = this.shown;
    const box = this.host.getBoundingClientRect();
    const y = event.clientY - box.top + this.host.scrollTop;
    const at = /** @type {number[]} */ (this.tops).findLastIndex((top) => top <= y);
    if (at < 0) return -1;
    const level = Math.floor((y - /** @type {number[]} */ (this.tops)[at] - 18) / (BAR + 2));
    const x = event.clientX - box.left;
    const room = this.host.clientWidth - 2 * AROUND;
    const lane = this.threads.lanes[at];
    return lane.spans.findLast((i) => lane.level.get(i) === level && AROUND + scale.where(trace.start[i]) * room - 2 <= x && AROUND + scale.where(trace.endOf(i)) * room + 2 >= x) ?? -1;
  }

  point(event) {
    const i = this.find(event);
    this.host.style.cursor = i >= 0 ? "pointer" : "";
    this.tip.hidden = i < 0;
    if (i < 0) return;
    const { trace } = this.shown;
    fill(this.tip, el("b", { text: trace.name(i).slice(0, 200) }), ` ${duration(trace.durationOf(i))}`);
    const box = this.element.getBoundingClientRect();
    this.tip.style.transform = `translate(${Math.min(event.clientX - box.left + 12, box.width - 240)}px, ${event.clientY - box.top + 14}px)`;
  }

  /** Goes on or back by start. @param {number} step */
  step(step) {
    if (!this.shown) return;
    const { trace, selected } = this.shown;
    this.order ??= Array.from({ length: trace.count }, (_, i) => i).sort((a, b) => trace.start[a] - trace.start[b]);
    const now = this.order.indexOf(selected);
    const next = this.order[Math.max(0, Math.min(trace.count - 1, now + step))];
    announce(`${trace.name(next)}, ${duration(trace.durationOf(next))}`);
    this.onselect(next);
  }

  close() {
    this.observer.disconnect();
    removeEventListener("themechange", this.redraw);
  }
}

/** A text, cut to fit. @param {CanvasRenderingContext2D} context @param {string} text @param {number} room */
function fit(context, text, room) {
  const most = Math.floor(room / 5);
  const short = text.length > most ? text.slice(0, most) : text;
  let end = short.length;
  while (end > 0 && context.measureText(short.slice(0, end)).width > room) end -= 1;
  return end < text.length ? `${short.slice(0, Math.max(0, end - 1))}…` : short;
}
