// The keyboard: what each key does, and the dialog that lists it.
import { el } from "./dom.js";

/** @type {[string, string, string][]} key, what it does, and its name in views */
const KEYS = [
  ["j ↓", "Next row", "down"],
  ["k ↑", "Row before", "up"],
  ["l →", "Open, or the first child", "right"],
  ["h ←", "Close, or the parent", "left"],
  ["Home", "First row", "first"],
  ["End", "Last row", "last"],
  ["Enter", "Open the trace; go to the span's details", "enter"],
  ["/", "Search", "search"],
  ["n", "Next hit", "next"],
  ["N", "Hit before", "previous"],
  ["e", "Next error", "error"],
  ["c", "Critical path", "path"],
  ["x", "Leave idle time out", "gaps"],
  ["+", "Zoom in", "in"],
  ["−", "Zoom out", "out"],
  ["0", "The whole time", "all"],
  ["1", "Waterfall", "waterfall"],
  ["2", "Lanes", "lanes"],
  ["3", "Flame", "flame"],
  ["g", "All traces", "back"],
  ["Esc", "Close what is open", "escape"],
  ["?", "This list", "help"],
];

/** Keys by the signs for them. @type {Record<string, string>} */
const KEYS_OF_SIGNS = { "↓": "ArrowDown", "↑": "ArrowUp", "→": "ArrowRight", "←": "ArrowLeft", Esc: "Escape" };

/** @type {Record<string, string>} */
const ACTIONS = { "=": "in", "-": "out", ...Object.fromEntries(KEYS.flatMap(([keys, , name]) => keys.split(" ").map((key) => [KEYS_OF_SIGNS[key] ?? key, name]))) };

/** Passes keys to the view that is shown. @param {() => Record<string, () => unknown>} current */
export function listenToKeys(current) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const target = /** @type {HTMLElement} */ (event.target);
    const isTyping = target.matches("input:not([type=checkbox]), select, textarea");
    if (isTyping) {
      if (event.key === "Escape") target.blur();
      return;
    }
    // Enter means something else on links and buttons, and arrows where they scroll.
    if (event.key === "Enter" && target.matches("a, button, summary")) return;
    if (/^(Arrow|Home|End)/.test(event.key) && target.closest(".detail-body, .overview, pre, [role=separator]")) return;
    const name = ACTIONS[event.key];
    const action = name === "help" ? help : name && current()[name];
    if (!action) return;
    event.preventDefault();
    action();
  });
}

/** Lists what the keys do. */
export function help() {
  const dialog = el("dialog", { class: "dialog", "aria-labelledby": "keys-title" },
    el("h2", { id: "keys-title" }, "Keys"),
    el("dl", { class: "keys" }, KEYS.map(([key, text]) => el("div", {}, el("dt", {}, key.split(" ").map((it) => el("kbd", {}, it))), el("dd", {}, text)))),
    el("p", { class: "dim" }, "Ctrl and the wheel zoom, Shift and the wheel move. A stretch drawn on the overview is shown."),
    el("div", { class: "buttons" }, el("button", { type: "button", onclick: () => dialog.close() }, "Close")));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
