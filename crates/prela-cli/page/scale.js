// The scale from times to places: 0 is the left edge of what is shown, 1 its right edge. Idle gaps may be shrunk.

export class Scale {
  /** @param {number} end of the trace @param {import("./gaps.js").Gap[]} [gaps] that are shrunk */
  constructor(end, gaps = []) {
    this.gaps = gaps;
    // Times at which the scale changes, and their distance from the start.
    this.times = [0];
    this.ways = [0];
    const idle = gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0);
    const short = Math.max((end - idle) * SHRUNK, 1);
    let way = 0;
    let time = 0;
    for (const gap of gaps) {
      way += gap.from - time;
      this.times.push(gap.from, gap.to);
      this.ways.push(way, (way += Math.min(short, gap.to - gap.from)));
      time = gap.to;
    }
    this.times.push(Math.max(end, time + 1));
    this.ways.push(way + Math.max(end - time, 1));
    this.whole = this.ways[this.ways.length - 1];
    this.show(0, 1);
  }

  /** Shows a part of the whole. @param {number} from @param {number} to parts of the whole */
  show(from, to) {
    const width = Math.min(1, Math.max(to - from, CLOSEST));
    this.from = Math.min(Math.max(0, from), 1 - width);
    this.to = this.from + width;
  }

  /** The place of a time in the whole. @param {number} time */
  whereInAll(time) {
    return between(this.times, this.ways, time) / this.whole;
  }

  /** The place of a time in what is shown; below 0 or above 1 when it is outside. @param {number} time */
  where(time) {
    return (this.whereInAll(time) - this.from) / (this.to - this.from);
  }

  /** The time at a place. @param {number} place */
  when(place) {
    return between(this.ways, this.times, (this.from + place * (this.to - this.from)) * this.whole);
  }

  /** Zooms about a place that stays where it is. @param {number} factor @param {number} [about] */
  zoom(factor, about = 0.5) {
    const width = Math.min(1, Math.max(CLOSEST, (this.to - this.from) * factor));
    const fixed = this.from + about * (this.to - this.from);
    this.show(fixed - about * width, fixed + (1 - about) * width);
  }

  /** @param {number} by parts of what is shown */
  move(by) {
    const width = this.to - this.from;
    this.show(this.from + by * width, this.to + by * width);
  }

  get isWhole() {
    return this.from === 0 && this.to === 1;
  }

  /** Round times within what is shown, and their places. @param {number} most @returns {{ time: number, place: number }[]} */
  ticks(most) {
    const [first, last] = [this.when(0), this.when(1)];
    const room = (last - first) / Math.max(1, most);
    const power = 10 ** Math.floor(Math.log10(Math.max(room, 1e-9)));
    const step = [1, 2, 5, 10].map((it) => it * power).find((it) => it >= room) ?? room;
    const ticks = [];
    for (let time = Math.ceil(first / step) * step; time <= last && ticks.length < 50; time += step) {
      const place = this.where(time);
      // Ticks in shrunk gaps would overlap.
      if (!ticks.length || place - ticks[ticks.length - 1].place > 0.5 / most) ticks.push({ time, place });
    }
    return ticks;
  }
}

/** @param {number[]} from @param {number[]} to @param {number} value */
function between(from, to, value) {
  let low = 0;
  let high = from.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (from[middle] <= value) low = middle;
    else high = middle;
  }
  const span = from[high] - from[low];
  return span > 0 ? to[low] + ((value - from[low]) / span) * (to[high] - to[low]) : to[low];
}

const SHRUNK = 0.02;
const CLOSEST = 1e-7;
