// Makes elements and texts. What programs sent becomes text here and nothing else: no string is ever read as markup.

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * Makes an element with attributes, listeners (`onclick` and the like) and children.
 * @param {string} name @param {Record<string, any>} [attributes] @param {...(Child | Child[])} children
 * @returns {any}
 */
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "class") node.className = value;
    else if (key === "text") node.textContent = clean(value);
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  if (children.length) fill(node, ...children);
  return node;
}

/** Replaces a node's children. @param {Element} node @param {...(Child | Child[])} children */
export function fill(node, ...children) {
  const wanted = children.flat(9).filter((it) => it !== null && it !== undefined && it !== false);
  node.replaceChildren(...wanted.map((it) => (it instanceof Node ? it : document.createTextNode(clean(it)))));
  return node;
}

/** Sets a node's text if it differs: most rows that are filled again keep theirs. */
export function say(node, text) {
  const shown = clean(text);
  if (node.textContent !== shown) node.textContent = shown;
}

/**
 * A text in which characters are visible that cannot be seen, or turn the text around them.
 * @param {unknown} text
 */
export function clean(text) {
  return String(text).replace(UNSEEN, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    if (code === 0x7f) return "␡";
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

// Control characters except tabs and line feeds; marks of direction; characters without a width.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A drawing of 16 by 16 units. @param {keyof typeof PATHS} name */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

const PATHS = {
  agent: "M8 2v2M4 6h8a2 2 0 0 1 2 2v3a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2zM5.8 9v1M10.2 9v1",
  llm: "M8 2l1.5 4.5L14 8l-4.5 1.5L8 14l-1.5-4.5L2 8l4.5-1.5z",
  tool: "M13.5 4.2a3.6 3.6 0 0 1-5 4.3L4.2 13a1.5 1.5 0 0 1-2.1-2.1L6.5 6.6a3.6 3.6 0 0 1 4.3-5L8.8 3.6l.5 2.1 2.1.5z",
  retrieval: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3L14 14",
  embedding: "M3 3h3v3H3zM10 3h3v3h-3zM3 10h3v3H3zM10 10h3v3h-3z",
  http: "M2 8h11M9 4l4 4-4 4",
  chain: "M3 4h10M5 8h8M8 12h5",
  check: "M3 8.5l3.3 3.3L13 4.6",
  cross: "M4 4l8 8M12 4l-8 8",
  warn: "M8 2.2l6.3 11.3H1.7zM8 6.5v3.3M8 11.6v.3",
  copy: "M6 5V3h7v7h-2M3 6h7v7H3z",
  share: "M8 10V2M5 5l3-3 3 3M3 9v5h10V9",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3L14 14",
  light: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  dark: "M13 9.8A5.6 5.6 0 0 1 6.2 3 5.6 5.6 0 1 0 13 9.8z",
  auto: "M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12",
  keys: "M2 4h12v8H2zM4.5 7h.1M7 7h.1M9.5 7h.1M12 7h.1M5 9.7h6",
  back: "M10 3L5 8l5 5",
};

/** A button that copies a text. @param {string | (() => string)} text @param {string} label */
export function copyButton(text, label) {
  const button = el("button", { class: "quiet copy", type: "button", "aria-label": label, title: label }, icon("copy"));
  button.addEventListener("click", async (event) => {
    event.stopPropagation();
    await navigator.clipboard?.writeText(typeof text === "string" ? text : text()).catch(() => {});
    button.replaceChildren(icon("check"));
    setTimeout(() => button.replaceChildren(icon("copy")), 1200);
  });
  return button;
}

// There before it says something: a region that comes with its text is not read out.
const said = el("div", { id: "said", class: "unseen", role: "status", "aria-live": "polite" });
document.body.append(said);

/** Says something to users of screen readers. @param {string} text */
export function announce(text) {
  said.textContent = clean(text);
}
