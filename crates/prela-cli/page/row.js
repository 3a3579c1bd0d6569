// A row of the waterfall.
import { el, icon, say } from "./dom.js";
import { shortened } from "./list.js";
import { TYPES } from "./model.js";
import { dollars, duration, tokens } from "./units.js";

const ICONS = TYPES.map((it) => icon(it));
const STEP = 14;

/** @returns {any} */
export function makeSpanRow() {
  const row = el("div", { class: "span-row", role: "row" },
    el("div", { class: "name", role: "gridcell" }, el("i", { class: "indent" }), el("button", { class: "twist", type: "button", tabindex: "-1", "aria-label": "Open or close" }), el("span", { class: "mark" }), el("bdi", { class: "title" }), el("small")),
    el("div", { class: "used", role: "gridcell" }),
    el("div", { class: "time", role: "gridcell" }, el("i", { class: "bar" }), el("span", { class: "took" }), el("span", { class: "marks" })));
  const [name, used, time] = row.children;
  const [indent, twist, mark, title, hint] = name.children;
  const [bar, took, marks] = time.children;
  row.parts = { name, used, time, indent, twist, mark, title, hint, bar, took, marks };
  return row;
}

/**
 * @typedef {{
 *   trace: import("./model.js").Trace, sums: import("./sums.js").Sums, scale: import("./scale.js").Scale, width: number,
 *   path: Map<number, import("./critical.js").Stretch[]> | null, isWide?: boolean, hits: Set<number>, selected: number, isClosed: (i: number) => boolean,
 * }} Shown
 * @param {any} row @param {number} i @param {number} depth @param {boolean} isGuess @param {Shown} shown
 */
export function showSpan(row, i, depth, isGuess, shown) {
  const { trace, sums, scale, width } = shown;
  const { parts } = row;
  const isError = trace.errors.has(i);
  const isOrphan = trace.orphans.has(i);
  const type = trace.type[i];
  row.className = `span-row ${TYPES[type]}${isError ? " failed" : ""}${isGuess ? " guess" : ""}${isOrphan && !isGuess ? " orphan" : ""}${trace.isRunning(i) ? " running" : trace.unfinished.has(i) ? " unfinished" : ""}${shown.selected === i ? " selected" : ""}${shown.hits.has(i) ? " hit" : ""}${shown.path && !shown.path.has(i) ? " off-path" : ""}`;
  row.setAttribute("aria-selected", String(shown.selected === i));
  const name = shortened(trace.name(i));
  frame(row, parts, depth, trace.children[i] > 0, shown.isClosed(i));
  if (row.type !== type) {
    row.type = type;
    parts.mark.replaceChildren(ICONS[type].cloneNode(true));
  }
  say(parts.title, (isGuess || isOrphan ? "⚠ " : "") + (name || "(no name)"));
  say(parts.hint, isError ? shortened(trace.errors.get(i) || "failed") : isOrphan && !isGuess ? "parent missing" : trace.text("model", i) && !name.includes(trace.text("model", i)) ? trace.text("model", i) : "");
  const [input, output, cost] = [sums.input[i], sums.output[i], sums.cost[i]];
  const isSum = !trace.input[i] && !trace.output[i];
  say(parts.used, input || output || cost ? `${isSum ? "Σ " : ""}${tokens(input, output)}${cost && shown.isWide ? ` · ${dollars(cost)}` : ""}` : "");
  const [from, to] = place(parts, scale, width, trace.start[i], trace.endOf(i));
  say(parts.took, trace.took(i));
  label(parts.took, from, to, width);
  const stretches = shown.path?.get(i) ?? [];
  const events = trace.events.get(i) ?? [];
  marks(parts.marks, [
    ...stretches.slice(0, 12).map((it) => ({ kind: "critical", from: scale.where(it.from) * width, to: scale.where(it.to) * width })),
    ...events.map((time) => ({ kind: "event", from: scale.where(time) * width, to: 0 })),
  ].filter((it) => it.from <= width && it.from >= -1e4 && (it.kind === "critical" || it.from >= 0)), width);
  row.setAttribute("aria-label", `${name}, ${TYPES[type]}, ${trace.took(i)}${isError ? `, failed: ${trace.errors.get(i)}` : ""}${isGuess ? ", place is a guess" : isOrphan ? ", parent missing" : ""}`);
}

/** A span of another trace that probably belongs here. @param {any} row @param {any} finding @param {number} depth @param {Shown} shown @param {boolean} isSelected */
export function showStray(row, finding, depth, shown, isSelected) {
  const { parts } = row;
  row.className = `span-row chain guess stray${isSelected ? " selected" : ""}`;
  row.setAttribute("aria-selected", String(isSelected));
  frame(row, parts, depth, false, false);
  if (row.type !== 0) {
    row.type = 0;
    parts.mark.replaceChildren(ICONS[0].cloneNode(true));
  }
  const name = shortened(finding.name);
  say(parts.title, `⚠ ${name}`);
  say(parts.hint, "a trace of its own");
  say(parts.used, "");
  const end = finding.duration < 0 ? shown.trace.end() : finding.start + finding.duration;
  const [from, to] = place(parts, shown.scale, shown.width, finding.start, end);
  say(parts.took, finding.duration >= 0 ? duration(finding.duration) : finding.is_unfinished ? "unfinished" : "running");
  label(parts.took, from, to, shown.width);
  marks(parts.marks, [], shown.width);
  row.setAttribute("aria-label", `${name}, a trace of its own that probably belongs here`);
}

function frame(row, parts, depth, hasChildren, isClosed) {
  // Names of deep spans must have room.
  const indent = Math.min(depth, 16) * STEP;
  parts.indent.style.width = `${indent}px`;
  parts.twist.classList.toggle("open", hasChildren && !isClosed);
  parts.twist.classList.toggle("none", !hasChildren);
  row.setAttribute("aria-level", String(depth + 1));
  if (hasChildren) row.setAttribute("aria-expanded", String(!isClosed));
  else row.removeAttribute("aria-expanded");
}

/** @returns {[number, number]} */
function place(parts, scale, width, start, end) {
  const from = scale.where(start) * width;
  const to = Math.max(scale.where(end) * width, from + 2);
  const [left, right] = [Math.max(-6, Math.min(from, width + 6)), Math.max(-6, Math.min(to, width + 6))];
  parts.bar.style.transform = `translateX(${left.toFixed(1)}px)`;
  parts.bar.style.width = `${Math.max(0, right - left).toFixed(1)}px`;
  parts.bar.classList.toggle("outside", to < 0 || from > width);
  return [from, to];
}

function label(took, from, to, width) {
  const room = 76;
  let style = `translateX(${(Math.max(0, from) + 6).toFixed(1)}px)`;
  let kind = "within";
  if (to < 0 || from > width) kind = "gone";
  else if (to + room < width) [style, kind] = [`translateX(${(to + 6).toFixed(1)}px)`, "after"];
  else if (from > room) [style, kind] = [`translateX(calc(${(from - 6).toFixed(1)}px - 100%))`, "before"];
  took.style.transform = style;
  took.dataset.kind = kind;
}

function marks(host, wanted, width) {
  while (host.children.length > wanted.length) host.lastChild.remove();
  while (host.children.length < wanted.length) host.append(document.createElement("i"));
  wanted.forEach((it, at) => {
    const mark = host.children[at];
    if (mark.className !== it.kind) mark.className = it.kind;
    const [from, to] = [Math.max(-2, it.from), Math.min(width, it.to)];
    mark.style.transform = `translateX(${from.toFixed(1)}px)`;
    mark.style.width = it.kind === "critical" ? `${Math.max(1.5, to - from).toFixed(1)}px` : "";
  });
}
