// Values of any size: JSON is indented, long ones are cut until asked for.
import { clean, copyButton, el } from "./dom.js";
import { parsed } from "./otlp.js";
import { size } from "./units.js";

const SHORT = 1500;
const PAINTED = 50000;

/**
 * Shows a value: a short one in its line, a longer one in a block, all of a long one on request.
 * @param {any} value @param {{ isText?: boolean }} [how] `isText`: prose rather than data
 */
export function content(value, { isText = false } = {}) {
  const data = parsed(value);
  const isData = typeof data === "object" && data !== null;
  const text = isData ? JSON.stringify(data, null, 2) : String(data);
  const isBlock = isData ? text.length > 60 : text.length > 120 || text.includes("\n");
  if (!isBlock) return el("span", { class: `value ${typeof data}`, dir: "auto", text: isData ? JSON.stringify(data) : text });
  const body = el(isText && !isData ? "div" : "pre", { class: isText && !isData ? "prose" : "block", dir: "auto", tabindex: "0" });
  const show = (all) => body.replaceChildren(...(isData && text.length < PAINTED ? paint(all ? text : text.slice(0, SHORT)) : [clean(all ? text : text.slice(0, SHORT))]));
  show(text.length <= SHORT * 1.3);
  const box = el("div", { class: "content" }, body, copyButton(text, "Copy this value"));
  if (text.length > SHORT * 1.3) {
    const more = el("button", { class: "more", type: "button" }, `Show all ${size(text.length)}`);
    more.addEventListener("click", () => {
      show(true);
      more.remove();
    });
    box.append(more);
  }
  return box;
}

/** Colours a text of JSON. @param {string} text */
function paint(text) {
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(TOKENS)) {
    if (found.index > at) nodes.push(document.createTextNode(text.slice(at, found.index)));
    const kind = found[1] ? "key" : found[2] ? "string" : "number";
    nodes.push(el("span", { class: kind, text: found[0] }));
    at = found.index + found[0].length;
  }
  nodes.push(document.createTextNode(clean(text.slice(at))));
  return nodes;
}

const TOKENS = /("(?:[^"\\]|\\.)*")(?=\s*:)|("(?:[^"\\]|\\.)*")|\b(-?\d[\d.eE+-]*|true|false|null)\b/g;

/** A table of pairs. @param {Iterable<[string, any]>} pairs */
export function table(pairs) {
  const rows = [...pairs].map(([key, value]) =>
    el("div", { class: "pair" }, el("dt", { text: key, dir: "auto" }), el("dd", {}, value instanceof Node ? value : content(value))),
  );
  return el("dl", { class: "table" }, rows);
}
