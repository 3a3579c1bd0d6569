// The map above a trace: all of its time, and which part is shown.
import { el } from "./dom.js";
import { TYPES } from "./model.js";
import { colour } from "./theme.js";

const MAP_HEIGHT = 52;

export class Minimap {
  /** @param {{ onwindow: () => void }} how */
  constructor({ onwindow }) {
    this.canvas = el("canvas", { "aria-hidden": "true" });
    this.left = el("i", { class: "shade" });
    this.right = el("i", { class: "shade" });
    this.element = el("div", { class: "minimap", role: "img", "aria-label": "Overview of the trace; + and − zoom, 0 shows all" }, this.canvas, this.left, this.right);
    this.onwindow = onwindow;
    this.element.addEventListener("pointerdown", (event) => this.drag(event));
    this.element.addEventListener("dblclick", () => this.set(0, 1));
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.element);
    this.redraw = () => this.draw();
    addEventListener("themechange", this.redraw);
  }

  /** @param {import("./model.js").Trace} trace @param {import("./scale.js").Scale} scale @param {Set<number>} hits */
  show(trace, scale, hits) {
    this.trace = trace;
    this.scale = scale;
    this.hits = hits;
    this.draw();
  }

  draw() {
    const { trace, scale, canvas } = this;
    const width = this.element.clientWidth;
    if (!trace || !scale || !width) return;
    const dense = devicePixelRatio || 1;
    canvas.width = width * dense;
    canvas.height = MAP_HEIGHT * dense;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.scale(dense, dense);
    const colours = TYPES.map(colour);
    const [bad, hit] = [colour("bad"), colour("hit")];
    const room = MAP_HEIGHT - 8;
    const thick = Math.max(1, Math.min(5, room / trace.count - 0.5));
    for (let pass = 0; pass < 2; pass += 1) {
      for (let i = 0; i < trace.count; i += 1) {
        const stands = this.hits?.has(i) || trace.errors.has(i);
        if (stands !== (pass === 1)) continue;
        context.fillStyle = this.hits?.has(i) ? hit : trace.errors.has(i) ? bad : colours[trace.type[i]];
        const from = scale.whereInAll(trace.start[i]) * width;
        const to = scale.whereInAll(trace.endOf(i)) * width;
        context.fillRect(from, 4 + (i / trace.count) * room, Math.max(1, to - from), Math.max(thick, stands ? 2 : 1));
      }
    }
    this.window();
  }

  /** Marks which part is shown. */
  window() {
    if (!this.scale) return;
    this.left.style.width = `${this.scale.from * 100}%`;
    this.right.style.width = `${(1 - this.scale.to) * 100}%`;
    this.element.classList.toggle("zoomed", !this.scale.isWhole);
  }

  set(from, to) {
    this.scale?.show(from, to);
    this.window();
    this.onwindow();
  }

  /** Dragging shows the stretch; a drag inside the shown part moves it. @param {PointerEvent} event */
  drag(event) {
    const { scale, element } = this;
    if (!scale || event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    const box = element.getBoundingClientRect();
    const at = (it) => Math.min(1, Math.max(0, (it.clientX - box.left) / box.width));
    const begin = at(event);
    const { from, to } = scale;
    const isInside = !scale.isWhole && begin > from && begin < to;
    const move = (it) => {
      const now = at(it);
      if (isInside) this.set(from + now - begin, to + now - begin);
      else if (Math.abs(now - begin) * box.width > 4) this.set(Math.min(begin, now), Math.max(begin, now));
    };
    const up = (it) => {
      element.removeEventListener("pointermove", move);
      const now = at(it);
      if (!isInside && !scale.isWhole && Math.abs(now - begin) * box.width <= 4) {
        const half = (to - from) / 2;
        this.set(now - half, now + half);
      }
    };
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", up, { once: true });
  }

  close() {
    this.observer.disconnect();
    removeEventListener("themechange", this.redraw);
  }
}
