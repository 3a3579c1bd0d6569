// Idle gaps: stretches in which no span without children runs, and no span begins or ends.

/**
 * @typedef {{ from: number, to: number }} Gap
 * @param {import("./model.js").Trace} trace @returns {{ gaps: Gap[], idle: number }} and their part of the whole
 */
export function idleGaps(trace) {
  const end = trace.end();
  /** @type {[number, number][]} */
  const busy = [];
  for (let i = 0; i < trace.count; i += 1) {
    if (trace.children[i] === 0) busy.push([trace.start[i], trace.endOf(i)]);
    else busy.push([trace.start[i], trace.start[i]], [trace.endOf(i), trace.endOf(i)]);
  }
  busy.sort((a, b) => a[0] - b[0]);
  const gaps = [];
  let until = 0;
  let idle = 0;
  for (const [from, to] of [...busy, [end, end]]) {
    if (from - until > end * LEAST) {
      gaps.push({ from: until, to: from });
      idle += from - until;
    }
    until = Math.max(until, to);
  }
  return { gaps, idle: idle / end };
}

/** The idle part from which on leaving gaps out is offered. */
export const WORTH_IT = 0.5;
const LEAST = 0.03;
