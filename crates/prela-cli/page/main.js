// The frame of the page, and the view that is in it.
import { el, fill, icon } from "./dom.js";
import { showDiff } from "./diff.js";
import { showHits } from "./hits.js";
import { help, listenToKeys } from "./keys.js";
import { showList } from "./list.js";
import { follow, onConnection, retry } from "./live.js";
import { address, go, route } from "./route.js";
import { showSessions } from "./sessions.js";
import { isFile, Refused, setToken, view } from "./source.js";
import { themeButton } from "./theme.js";
import { showTrace } from "./trace.js";

const main = el("main", { id: "main", tabindex: "-1" });
/** @type {any} */
let current = null;

function pageHead() {
  const state = el("span", { class: "state", role: "status" });
  const search = el("input", { type: "search", placeholder: "Search everything", "aria-label": "Search all traces", spellcheck: "false" });
  const form = el("form", { class: "search", role: "search", "aria-label": "All traces" }, icon("search"), search);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (search.value.trim()) go(["search"], { q: search.value.trim() });
  });
  const showState = (/** @type {boolean} */ isLive) => {
    state.className = `state ${isLive ? "live" : "lost"}`;
    fill(state, el("i"), isLive ? "Live" : "Not connected");
  };
  onConnection(showState);
  showState(false);
  const links = [["Traces", []], ["Sessions", ["sessions"]]].map(([text, parts]) => el("a", { href: address(/** @type {string[]} */ (parts)), "data-place": parts[0] ?? "" }, text));
  const keys = el("button", { type: "button", class: "quiet", "aria-label": "Keys", title: "Keys (?)", onclick: help }, icon("keys"));
  return el("header", { class: "top" },
    el("a", { class: "brand", href: isFile ? null : "#/" }, mark(), "Prela"),
    !isFile && [el("nav", { "aria-label": "Places" }, links), form, el("span", { class: "push" }), state],
    isFile && el("span", { class: "push" }),
    keys, themeButton());
}

/** The program's logo. */
function mark() {
  return el("span", { class: "brand-mark", "aria-hidden": "true" }, el("i"), el("i"), el("i"));
}

function show() {
  const at = route();
  if (current?.accepts?.(at)) return current.navigate(at);
  current?.close();
  const [place] = at.parts;
  for (const link of document.querySelectorAll("nav a")) {
    const isHere = /** @type {HTMLElement} */ (link).dataset.place === (place ?? "");
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const views = { trace: showTrace, diff: showDiff, sessions: showSessions, search: showHits };
  main.replaceChildren();
  current = (views[place] ?? showList)(main, at);
  const shown = current;
  current.ready.catch((error) => current === shown && refuse(error));
}

/** @param {unknown} error */
function refuse(error) {
  if (error instanceof Refused && error.status === 401) return askForToken();
  const text = error instanceof Refused ? error.message : "The server cannot be reached. Is prela still running?";
  fill(main, el("div", { class: "page" }, el("h1", { class: "page-title" }, "That did not work"), el("p", { class: "failure", text }), el("p", {}, el("a", { href: "#/" }, "All traces"), " · ", el("button", { type: "button", class: "link", onclick: show }, "Try again"))));
}

function askForToken() {
  const token = el("input", { type: "password", "aria-label": "Token", autocomplete: "current-password", required: true });
  const form = el("form", { class: "page token" }, el("h1", { class: "page-title" }, "This prela asks for its token"), el("p", { class: "dim" }, "The one it was started with: --token or PRELA_TOKEN."), el("div", { class: "bar-line" }, token, el("button", { class: "primary" }, "Open")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    setToken(token.value);
    retry();
    show();
  });
  fill(main, form);
  token.focus();
}

async function begin() {
  document.body.append(el("a", { class: "skip", href: "#main", onclick: (event) => {
    event.preventDefault();
    main.focus();
  } }, "To the content"), pageHead(), main);
  listenToKeys(() => current?.keys ?? {});
  if (isFile && route().parts[0] !== "trace") {
    const { summary } = await view("");
    history.replaceState(null, "", address(["trace", summary.trace_id]));
  }
  addEventListener("hashchange", show);
  follow();
  show();
}

begin();
