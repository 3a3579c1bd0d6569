// Which thread, task or service ran which span, and how much ran at once.

/**
 * @typedef {{ name: string, spans: number[], level: Map<number, number>, levels: number, busy: number }} Lane
 * @typedef {{ lanes: Lane[], busy: number, parallel: number, serial: number, calls: number }} Threads
 */

/**
 * The lanes of a trace, and the figures over all of them.
 * @param {import("./model.js").Trace} trace @param {"thread" | "task" | "service"} by @returns {Threads}
 */
export function threads(trace, by) {
  /** @type {Map<string, number[]>} */
  const groups = new Map();
  const label = (i) => `${by === "service" || trace.distinct("service").length < 2 ? "" : `${trace.text("service", i)} · `}${trace.text(by, i) || "unknown"}`;
  const labels = new Map();
  for (let i = 0; i < trace.count; i += 1) {
    const key = trace.columns[by][i] * 1e6 + trace.columns.service[i];
    if (!labels.has(key)) labels.set(key, label(i));
    const name = labels.get(key);
    const group = groups.get(name);
    if (group) group.push(i);
    else groups.set(name, [i]);
  }
  const own = ownTimes(trace);
  /** @type {Lane[]} */
  const lanes = [...groups].map(([name, spans]) => {
    spans.sort((a, b) => trace.start[a] - trace.start[b] || trace.endOf(b) - trace.endOf(a));
    const { level, levels } = stack(trace, spans);
    return { name, spans, level, levels, busy: union(spans.flatMap((i) => own[i])).length };
  });
  lanes.sort((a, b) => trace.start[a.spans[0]] - trace.start[b.spans[0]]);
  const marks = lanes.flatMap((lane) => union(lane.spans.flatMap((i) => own[i])).parts);
  const models = [];
  for (let i = 0; i < trace.count; i += 1) {
    if (trace.typeName(i) === "llm") models.push(/** @type {[number, number]} */ ([trace.start[i], trace.endOf(i)]));
  }
  const busy = lanes.reduce((sum, lane) => sum + lane.busy, 0);
  const { serial } = sweep(marks);
  return { lanes, busy, parallel: busy / trace.end(), serial, calls: sweep(models).most };
}

/**
 * The time of a span in which none of its children runs: it may be at work itself then.
 * @param {import("./model.js").Trace} trace @returns {[number, number][][]}
 */
function ownTimes(trace) {
  /** @type {[number, number][][]} */
  const children = Array.from({ length: trace.count }, () => []);
  for (let i = 0; i < trace.count; i += 1) {
    if (trace.parent[i] >= 0) children[trace.parent[i]].push([trace.start[i], trace.endOf(i)]);
  }
  return children.map((intervals, i) => {
    const [from, to] = [trace.start[i], trace.endOf(i)];
    const own = [];
    let at = from;
    for (const [start, end] of union(intervals).parts) {
      if (start > at) own.push(/** @type {[number, number]} */ ([at, Math.min(start, to)]));
      at = Math.max(at, end);
    }
    if (at < to) own.push([at, to]);
    return own;
  });
}

/** @param {[number, number][]} intervals */
function union(intervals) {
  const sorted = intervals.slice().sort((a, b) => a[0] - b[0]);
  /** @type {[number, number][]} */
  const parts = [];
  for (const [from, to] of sorted) {
    const last = parts[parts.length - 1];
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else parts.push([from, to]);
  }
  return { parts, length: parts.reduce((sum, [from, to]) => sum + to - from, 0) };
}

/** Gives spans levels: those that overlap lie below one another. @param {import("./model.js").Trace} trace @param {number[]} spans */
function stack(trace, spans) {
  const level = new Map();
  /** When each level is free again. @type {number[]} */
  const free = [];
  for (const i of spans) {
    let at = free.findIndex((until) => until <= trace.start[i]);
    if (at < 0) at = free.length < MOST_LEVELS ? free.push(0) - 1 : free.indexOf(Math.min(...free));
    free[at] = trace.endOf(i);
    level.set(i, at);
  }
  return { level, levels: free.length };
}

/** The most intervals at once, and the longest time with exactly one. @param {[number, number][]} intervals */
function sweep(intervals) {
  const marks = intervals.flatMap(([from, to]) => /** @type {[number, number][]} */ ([[from, 1], [to, -1]]));
  marks.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let [now, most, serial, since] = [0, 0, 0, 0];
  for (let at = 0; at < marks.length; at += 1) {
    const [time, step] = marks[at];
    // Where one ends as another begins, there is still exactly one.
    const goesOn = now === 1 && step === -1 && marks[at + 1]?.[0] === time && marks[at + 1][1] === 1;
    if (now === 1 && !goesOn) serial = Math.max(serial, time - since);
    now += step;
    if (now === 1 && !(goesOn || (step === 1 && marks[at - 1]?.[0] === time && marks[at - 1][1] === -1))) since = time;
    most = Math.max(most, now);
  }
  return { most, serial };
}

const MOST_LEVELS = 60;
