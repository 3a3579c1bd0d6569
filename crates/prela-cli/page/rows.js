// A long list of which only the rows on the screen exist: a row that scrolls out at one end comes in at the other.
import { el } from "./dom.js";

/**
 * @template {HTMLElement} R
 */
export class Rows {
  /**
   * @param {HTMLElement} host what scrolls
   * @param {{ height: number, make: () => R, show: (row: R, index: number) => void }} how
   */
  constructor(host, { height, make, show }) {
    this.host = host;
    this.height = height;
    this.make = make;
    this.show = show;
    this.count = 0;
    /** @type {{ row: R, index: number }[]} */
    this.pool = [];
    this.frame = 0;
    this.space = el("div", { class: "rows-space", role: "presentation" });
    host.append(this.space);
    host.addEventListener("scroll", () => this.later(), { passive: true });
    this.resizing = new ResizeObserver(() => this.later());
    this.resizing.observe(host);
  }

  /** Sets the number of rows, all of which may have changed. @param {number} count */
  setCount(count) {
    this.count = count;
    const wanted = count * this.height;
    // Browsers limit heights; beyond that a pixel of the scroll bar stands for several of the list.
    this.ratio = wanted > TALLEST ? (wanted - this.host.clientHeight) / (TALLEST - this.host.clientHeight) : 1;
    this.space.style.height = `${Math.min(wanted, TALLEST)}px`;
    this.refresh();
  }

  /** Fills all rows on the screen again. */
  refresh() {
    this.pool.forEach((slot) => (slot.index = -1));
    this.later();
  }

  later() {
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = 0;
    const { host, height, count, pool } = this;
    const ratio = this.ratio ?? 1;
    const top = host.scrollTop * ratio;
    const shown = Math.ceil(host.clientHeight / height) + 2 * BEYOND;
    while (pool.length < shown) {
      const row = this.make();
      row.style.position = "absolute";
      row.style.insetInline = "0";
      row.style.height = `${height}px`;
      this.space.append(row);
      pool.push({ row, index: -1 });
      pool.forEach((slot) => (slot.index = -1));
    }
    const first = Math.max(0, Math.floor(top / height) - BEYOND);
    const last = Math.min(count, first + shown);
    const shift = host.scrollTop - top;
    for (let index = first; index < first + pool.length; index += 1) {
      const slot = pool[index % pool.length];
      if (index >= last) {
        if (!slot.row.hidden) slot.row.hidden = true;
        slot.index = -1;
        continue;
      }
      if (slot.row.hidden) slot.row.hidden = false;
      if (slot.index !== index) {
        slot.index = index;
        this.show(slot.row, index);
      }
      const place = `translateY(${index * height + shift}px)`;
      if (slot.row.style.transform !== place) slot.row.style.transform = place;
    }
  }

  /** Scrolls to a row, no further than it must. @param {number} index */
  reveal(index) {
    const { host, height } = this;
    const ratio = this.ratio ?? 1;
    const top = host.scrollTop * ratio;
    const at = index * height;
    if (at < top) host.scrollTop = at / ratio;
    else if (at + height > top + host.clientHeight) host.scrollTop = (at + height - host.clientHeight) / ratio;
    this.later();
  }

  /** The row of an index, if it is on the screen. @param {number} index */
  row(index) {
    return this.pool.find((slot) => slot.index === index)?.row;
  }

  close() {
    this.resizing.disconnect();
    cancelAnimationFrame(this.frame);
  }
}

const TALLEST = 15000000;
const BEYOND = 4;
