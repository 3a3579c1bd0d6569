// The theme: light or dark, as the system has it or as it was chosen here.
import { el, icon } from "./dom.js";

const CHOICES = /** @type {const} */ (["auto", "light", "dark"]);
const STORED = "prela.theme";

/** The choice of an earlier visit, or `auto`. */
function chosen() {
  const stored = remembered(STORED);
  return CHOICES.find((it) => it === stored) ?? "auto";
}

/** @param {string} choice */
function apply(choice) {
  document.documentElement.dataset.theme = choice;
  dispatchEvent(new Event("themechange"));
}

/** A button that switches to the next choice. */
export function themeButton() {
  const button = el("button", { class: "quiet", type: "button" });
  const show = () => {
    const choice = chosen();
    apply(choice);
    button.replaceChildren(icon(choice));
    button.title = choice === "auto" ? "Colours as the system has them" : `Always ${choice}`;
    button.setAttribute("aria-label", `Colours: ${choice}`);
  };
  button.addEventListener("click", () => {
    remember(STORED, CHOICES[(CHOICES.indexOf(chosen()) + 1) % CHOICES.length]);
    show();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dispatchEvent(new Event("themechange")));
  show();
  return button;
}

/** A colour of the theme as canvases need it. @param {string} name */
export function colour(name) {
  const probe = el("i");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

/** A value of an earlier visit; null if there is none, or a file may store none. @param {string} key */
export function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value */
export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // It is forgotten then.
  }
}

/** Whether nothing should move by itself. */
export function isCalm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
