// The view of what a search in all traces found.
import { el, fill, icon } from "./dom.js";
import { shortened } from "./list.js";
import { address } from "./route.js";
import { search } from "./source.js";
import { ago, counted, duration } from "./units.js";

/** @param {HTMLElement} main @param {import("./route.js").Route} at */
export function showHits(main, at) {
  const q = at.options.get("q") ?? "";
  const title = el("h1", { class: "page-title", tabindex: "-1" }, "Spans with ", el("q", { text: q }));
  const note = el("p", { class: "dim", role: "status" }, "Searching …");
  const list = el("ol", { class: "hits" });
  fill(main, el("div", { class: "page" }, title, note, list));
  let isOpen = true;
  const find = async () => {
    const hits = q ? await search(q) : [];
    if (!isOpen) return;
    note.textContent = hits.length === 200 ? "The newest 200" : counted(hits.length, "span");
    fill(list, hits.map((hit) => el("li", {},
      el("a", { href: address(["trace", hit.trace_id, "span", hit.span_id], { q }) },
        el("div", { class: "hit-head" }, hit.is_error && icon("cross"), el("b", {}, el("bdi", { text: shortened(hit.name) })), el("span", { class: "dim" }, "in ", el("bdi", { text: shortened(hit.trace_name) })), el("span", { class: "push" }), el("span", { class: "dim", text: `${hit.service} · ${duration(hit.duration_nano)} · ${ago(hit.start_time_unix_nano)}` })),
        el("div", { class: "excerpt" }, el("span", { class: "tag", text: hit.found_in }), " ", marked(hit.excerpt, q))))));
  };
  return { ready: find(), keys: {}, close: () => (isOpen = false) };
}

/** A text with the query marked. @param {string} text @param {string} q */
function marked(text, q) {
  const at = text.toLowerCase().indexOf(q.toLowerCase());
  if (at < 0 || !q) return el("bdi", { text });
  return el("bdi", {}, text.slice(0, at), el("mark", { text: text.slice(at, at + q.length) }), text.slice(at + q.length));
}
