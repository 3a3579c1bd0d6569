// Tokens and cost, summed up the tree: a span counts its own, or else those of its children. So does `usage.rs`, for lists.

/**
 * @typedef {{ input: Float64Array, output: Float64Array, cost: Float64Array }} Sums
 * @param {import("./model.js").Trace} trace @returns {Sums}
 */
export function sums(trace) {
  const sum = (/** @type {Float64Array} */ own, /** @type {Uint8Array} */ says) => {
    const all = own.slice();
    const below = new Float64Array(trace.count);
    for (let i = trace.count - 1; i >= 0; i -= 1) {
      if (!says[i]) all[i] = below[i];
      const above = trace.parent[i];
      if (above >= 0) below[above] += all[i];
    }
    return all;
  };
  const { input, output, cost } = trace;
  // An agent that repeats the tokens of its calls must not have them counted twice. It may know the tokens and leave the
  // cost to its calls.
  const usage = Uint8Array.from(input, (it, i) => (it || output[i] ? 1 : 0));
  const price = Uint8Array.from(cost, (it) => (it ? 1 : 0));
  return { input: sum(input, usage), output: sum(output, usage), cost: sum(cost, price) };
}

/** The sums of all top spans. @param {import("./model.js").Trace} trace @param {Sums} all */
export function total(trace, all) {
  const result = { input: 0, output: 0, cost: 0 };
  for (let i = 0; i < trace.count; i = trace.last[i] + 1) {
    result.input += all.input[i];
    result.output += all.output[i];
    result.cost += all.cost[i];
  }
  return result;
}
