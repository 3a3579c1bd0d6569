// Walks from span to span, for the keys.

/**
 * @param {{
 *   trace: () => import("./model.js").Trace | null, which: () => string, shown: any,
 *   waterfall: import("./waterfall.js").Waterfall, lanes: import("./lanes.js").Lanes,
 *   select: (i: number) => void, chooseStray: (finding: any) => void,
 * }} view
 */
export function walk({ trace: current, which, shown, waterfall, lanes, select, chooseStray }) {
  /** Goes to another row, or in the lanes on in time. @param {number} by */
  function step(by) {
    if (!current()) return;
    if (which() === "lanes") return lanes.step(by);
    const { lines, strayChosen } = waterfall;
    const isHere = (it) => (it.stray ? it.stray === strayChosen : it.span === shown.selected && shown.selected >= 0);
    const now = lines.findIndex(isHere);
    const wanted = now < 0 ? (by > 0 ? 0 : lines.length - 1) : now + by;
    const next = lines[Math.max(0, Math.min(lines.length - 1, wanted))];
    if (next?.stray && next.stray !== strayChosen) chooseStray(next.stray);
    else if (next && !next.stray) select(next.span);
  }

  /** Opens or goes in, or closes or goes out. @param {boolean} isIn */
  function sideways(isIn) {
    const trace = current();
    const i = shown.selected;
    if (!trace || i < 0) return;
    const isClosed = waterfall.closed.has(i);
    if (isIn) {
      if (trace.children[i] && isClosed) waterfall.toggle(i);
      else if (trace.children[i]) select(i + 1);
    } else if (trace.children[i] && !isClosed) waterfall.toggle(i);
    else if (trace.parent[i] >= 0) select(trace.parent[i]);
  }

  /** Goes to the next span that failed, and from the last one to the first. */
  function nextError() {
    const trace = current();
    if (!trace?.errors.size) return;
    const all = [...trace.errors.keys()].sort((a, b) => a - b);
    select(all.find((i) => i > shown.selected) ?? all[0]);
  }

  return { step, sideways, nextError };
}
