// The view of two traces: what is new in the second, what is gone, what changed.
import { el, fill, icon } from "./dom.js";
import { content } from "./content.js";
import { shortened } from "./list.js";
import { address, go } from "./route.js";
import { Rows } from "./rows.js";
import { diff, traces } from "./source.js";
import { ago, clockTime, counted, dollars, duration, tokens } from "./units.js";

const SIGNS = { same: "", changed: "~", added: "+", removed: "−" };

/** Asks which trace to compare another with. @param {any} summary */
export async function chooseOther(summary) {
  const list = el("ol", { class: "choices" });
  const dialog = el("dialog", { class: "dialog", "aria-labelledby": "compare-title" }, el("h2", { id: "compare-title" }, "Compare with"), list, el("div", { class: "buttons" }, el("button", { type: "button", onclick: () => dialog.close() }, "Cancel")));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  const all = (await traces({ limit: 300 })).filter((it) => it.trace_id !== summary.trace_id);
  // Traces of the same name come first.
  all.sort((a, b) => Number(b.name === summary.name) - Number(a.name === summary.name));
  fill(list, all.slice(0, 100).map((it) => el("li", {}, el("button", { type: "button", onclick: () => {
    dialog.close();
    const isEarlier = it.start_time_unix_nano < summary.start_time_unix_nano;
    go(["diff", ...(isEarlier ? [it.trace_id, summary.trace_id] : [summary.trace_id, it.trace_id])]);
  } }, el("span", { class: it.errors ? "bad" : "good" }, icon(it.errors ? "cross" : "check")), el("bdi", { text: shortened(it.name) }), el("span", { class: "push" }), el("span", { class: "dim", text: `${duration(it.duration_nano)} · ${ago(it.start_time_unix_nano)} ago` })))));
  if (!all.length) fill(list, el("p", { class: "dim" }, "There is no other trace."));
}

/** @param {HTMLElement} main @param {import("./route.js").Route} at */
export function showDiff(main, at) {
  const [, one, other] = at.parts;
  const note = el("div", { class: "diff-head" }, el("p", { class: "dim" }, "Comparing …"));
  const onlyChanges = el("button", { type: "button", class: "toggle", "aria-pressed": "false" }, "Only what differs");
  const host = el("div", { class: "scroll diff-rows", role: "listbox", tabindex: "0", "aria-label": "Spans of both traces", id: "diff" });
  const side = el("aside", { class: "diff-side", "aria-label": "What differs" });
  fill(main, el("div", { class: "diff" }, note, el("div", { class: "diff-body" }, el("div", { class: "stage" }, el("div", { class: "diff-columns", "aria-hidden": "true" }, ["", "Span", "Before", "After", "Δ time", "Δ tokens", "Δ cost"].map((it, i) => el("span", { class: `d${i}` }, it))), host), side)));
  /** @type {any} */
  let found = null;
  /** @type {any[]} */
  let lines = [];
  let chosen = -1;
  let isOpen = true;
  const rows = new Rows(host, { height: 30, make: makeRow, show: (row, index) => showRow(row, lines[index], index) });

  function makeRow() {
    const row = el("div", { class: "diff-row", role: "option" }, Array.from({ length: 7 }, (_, i) => el("span", { class: `d${i}` })));
    row.addEventListener("click", () => choose(row.at));
    return row;
  }

  function showRow(row, it, index) {
    row.at = index;
    row.id = `diff-${index}`;
    row.className = `diff-row ${it.change}${index === chosen ? " selected" : ""}`;
    row.setAttribute("aria-selected", String(index === chosen));
    const [sign, name, a, b, time, used, cost] = row.children;
    sign.textContent = SIGNS[it.change];
    name.style.paddingLeft = `${Math.min(it.depth, 16) * 14}px`;
    fill(name, el("bdi", { text: shortened(it.name) }), (it.b ?? it.a).is_error && el("span", { class: "bad" }, " ✗"));
    a.textContent = it.a ? took(it.a) : "";
    b.textContent = it.b ? took(it.b) : "";
    const both = it.a && it.b;
    delta(time, both && it.b.duration_nano !== null && it.a.duration_nano !== null ? it.b.duration_nano - it.a.duration_nano : 0, duration, both ? Math.max(it.a.duration_nano * 0.1, 1e5) : 0);
    const usage = (side) => (side ? side.input_tokens + side.output_tokens : 0);
    delta(used, usage(it.b) - usage(it.a), String, 0);
    delta(cost, (it.b?.cost_nusd ?? 0) - (it.a?.cost_nusd ?? 0), dollars, 0);
  }

  function arrange() {
    const isShort = onlyChanges.getAttribute("aria-pressed") === "true";
    const wanted = new Set();
    if (isShort) {
      found.spans.forEach((it, at) => {
        if (it.change === "same") return;
        for (let now = at; now !== null && now !== undefined && !wanted.has(now); now = found.spans[now].parent) wanted.add(now);
      });
    }
    lines = isShort ? found.spans.filter((_, at) => wanted.has(at)) : found.spans;
    rows.setCount(lines.length);
  }

  function choose(index) {
    if (!lines.length) return;
    chosen = Math.max(0, Math.min(lines.length - 1, index));
    rows.reveal(chosen);
    rows.refresh();
    host.setAttribute("aria-activedescendant", `diff-${chosen}`);
    fill(side, sideOf(lines[chosen], found));
  }

  onlyChanges.addEventListener("click", () => {
    onlyChanges.setAttribute("aria-pressed", String(onlyChanges.getAttribute("aria-pressed") !== "true"));
    chosen = -1;
    arrange();
  });

  const load = async () => {
    found = await diff(one, other);
    if (!isOpen) return;
    const { a, b } = found;
    const number = (change) => found.spans.filter((it) => it.change === change).length;
    const counts = [["changed", "changed"], ["added", "new"], ["removed", "gone"]].map(([change, text]) => [change, number(change), text]).filter(([, count]) => count);
    fill(note, el("h1", { class: "trace-title", tabindex: "-1" }, el("bdi", { text: shortened(b.name) }), " before and after"),
      el("div", { class: "diff-sides" }, head("Before", a, null), head("After", b, a)),
      el("div", { class: "bar-line" }, el("p", {}, counts.length ? counts.map(([change, count, text]) => el("span", { class: `chip ${change}` }, `${count} ${text}`)) : "Nothing differs but times."), onlyChanges));
    arrange();
    const first = found.spans.findIndex((it) => it.change !== "same");
    if (first >= 0) choose(first);
    else fill(side, el("p", { class: "dim" }, "Both say the same."));
  };

  return {
    ready: load(),
    keys: { down: () => choose(chosen + 1), up: () => choose(chosen - 1), first: () => choose(0), last: () => choose(lines.length - 1), back: () => go([]) },
    close() {
      isOpen = false;
      rows.close();
    },
  };
}

function head(text, it, before) {
  const change = (value, say) => value !== 0 && el("span", { class: value > 0 ? "worse" : "better" }, ` ${value > 0 ? "+" : "−"}${say(Math.abs(value))}`);
  return el("a", { class: "card", href: address(["trace", it.trace_id]) },
    el("span", { class: "dim" }, `${text} · ${clockTime(it.start_time_unix_nano)}`),
    el("span", {}, el("b", {}, duration(it.duration_nano)), before && change(it.duration_nano - before.duration_nano, duration)),
    el("span", {}, counted(it.spans, "span"), it.errors > 0 && el("span", { class: "bad" }, ` · ${counted(it.errors, "error")}`)),
    el("span", {}, tokens(it.input_tokens, it.output_tokens) || "no tokens", it.cost_nusd > 0 && [" · ", dollars(it.cost_nusd)], before && change(it.cost_nusd - before.cost_nusd, dollars)));
}

const took = (it) => (it.duration_nano !== null ? duration(it.duration_nano) : it.is_unfinished ? "unfinished" : "running");

function delta(cell, value, say, least) {
  const isWorth = value !== 0 && Math.abs(value) >= least;
  cell.textContent = isWorth ? `${value > 0 ? "+" : "−"}${say(Math.abs(value))}` : "";
  cell.classList.toggle("worse", isWorth && value > 0);
  cell.classList.toggle("better", isWorth && value < 0);
}

function sideOf(it, found) {
  const link = (text, summary, span) => span && el("a", { href: address(["trace", summary.trace_id, "span", span.span_id]) }, text);
  const head = [el("h2", {}, el("bdi", { text: shortened(it.name) })), el("p", {}, el("span", { class: `chip ${it.change}` }, { same: "says the same", changed: "changed", added: "new", removed: "gone" }[it.change]), " ", link("before", found.a, it.a), it.a && it.b && " · ", link("after", found.b, it.b))];
  const names = it.a && it.b && it.a.name !== it.b.name ? [{ key: "name", a: it.a.name, b: it.b.name, lines: [] }] : [];
  return [...head, ...[...names, ...it.content].map((part) => el("section", { class: "section" }, el("h3", { text: part.key }), part.lines.length ? lineList(part.lines) : [part.a !== null && el("div", { class: "was" }, content(part.a, { isText: true })), part.b !== null && el("div", { class: "is" }, content(part.b, { isText: true }))]))];
}

function lineList(lines) {
  return el("pre", { class: "block lines", tabindex: "0" }, lines.map((it) => el("div", { class: it.change, dir: "auto", text: `${SIGNS[it.change] || " "} ${it.text}` })));
}
