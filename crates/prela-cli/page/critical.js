// The critical path: what had to be faster for the trace to be faster.
//
// It is walked from the end: at each moment the child that ended last before it is on the path, and below that child
// the walk goes on likewise. Time that no child covers is the span's own.

/**
 * @typedef {{ span: number, from: number, to: number }} Stretch
 * @param {import("./model.js").Trace} trace @returns {Map<number, Stretch[]>} by span, from the first
 */
export function criticalPath(trace) {
  /** @type {Map<number, Stretch[]>} */
  const path = new Map();
  const add = (span, from, to) => {
    if (to <= from) return;
    const stretches = path.get(span);
    if (stretches) stretches.unshift({ span, from, to });
    else path.set(span, [{ span, from, to }]);
  };
  if (!trace.count) return path;
  const root = trace.root();
  const begin = (span, until) => {
    const cursor = Math.min(trace.endOf(span), until);
    const children = [...trace.childrenOf(span)].sort((a, b) => trace.endOf(a) - trace.endOf(b));
    return { span, cursor, children };
  };
  const stack = [begin(root, Infinity)];
  while (stack.length) {
    const walk = stack[stack.length - 1];
    const child = walk.children.pop();
    if (child === undefined) {
      add(walk.span, trace.start[walk.span], walk.cursor);
      stack.pop();
      continue;
    }
    // A child has no part if it began later, or before its parent; one that outlasts it is not awaited.
    if (trace.start[child] >= walk.cursor || trace.start[child] < trace.start[walk.span]) continue;
    const end = Math.min(trace.endOf(child), walk.cursor);
    if (trace.endOf(child) > walk.cursor && trace.endOf(child) > trace.endOf(walk.span)) continue;
    add(walk.span, end, walk.cursor);
    walk.cursor = trace.start[child];
    stack.push(begin(child, end));
  }
  return path;
}

/**
 * The spans that the path spends its time in, the longest first. A request's time counts for its caller: a model or
 * a tool was slow, rather than its `POST`.
 * @param {import("./model.js").Trace} trace @param {Map<number, Stretch[]>} path
 */
export function longest(trace, path) {
  const times = new Map();
  for (const [span, stretches] of path) {
    let owner = span;
    while (trace.typeName(owner) === "http" && trace.parent[owner] >= 0) owner = trace.parent[owner];
    times.set(owner, stretches.reduce((sum, it) => sum + it.to - it.from, times.get(owner) ?? 0));
  }
  return [...times].map(([span, time]) => ({ span, time })).sort((a, b) => b.time - a.time);
}
