// The view of sessions: traces that belong to one conversation.
import { el, fill, icon } from "./dom.js";
import { shortened } from "./list.js";
import { onNews } from "./live.js";
import { address } from "./route.js";
import { sessions } from "./source.js";
import { ago, clockTime, counted, dollars, duration, tokens } from "./units.js";

/** @param {HTMLElement} main */
export function showSessions(main) {
  const list = el("div", { class: "sessions" });
  const note = el("p", { class: "dim", role: "status" }, "…");
  fill(main, el("div", { class: "page" }, el("h1", { class: "page-title", tabindex: "-1" }, "Sessions"), note, list));
  /** @type {Set<string>} */
  const open = new Set();
  let isFirst = true;
  let isOpen = true;

  async function load() {
    const all = await sessions();
    if (!isOpen) return;
    note.textContent = all.length ? `${counted(all.length, "session")} in the newest traces` : "No trace names a session. With Prela: Session::new(\"…\")?, or the attribute session.id or gen_ai.conversation.id.";
    if (isFirst && all[0]) open.add(all[0].id);
    isFirst = false;
    fill(list, all.map(session));
  }

  function session(it) {
    const sum = (key) => it.traces.reduce((all, trace) => all + trace[key], 0);
    const last = it.traces[it.traces.length - 1];
    const errors = sum("errors");
    const facts = [counted(it.traces.length, "trace"), it.user && `user ${it.user}`, tokens(sum("input_tokens"), sum("output_tokens")), sum("cost_nusd") && dollars(sum("cost_nusd"))].filter(Boolean).join(" · ");
    const node = el("details", { class: "card session", open: open.has(it.id) },
      el("summary", {}, el("b", {}, el("bdi", { text: shortened(it.id) })), el("span", { class: "dim", text: facts }), errors > 0 && el("span", { class: "bad", text: `${errors} ✗` }), el("span", { class: "push" }), el("span", { class: "dim", text: ago(last.start_time_unix_nano) })),
      el("ol", {}, it.traces.map((trace) => el("li", {}, el("a", { class: "session-row", href: address(["trace", trace.trace_id]) },
        el("time", {}, clockTime(trace.start_time_unix_nano)),
        el("span", { class: trace.errors ? "bad" : "good" }, icon(trace.errors ? "cross" : "check")),
        el("bdi", { text: shortened(trace.name) }), el("span", { class: "push" }),
        el("span", { class: "dim", text: [tokens(trace.input_tokens, trace.output_tokens), trace.cost_nusd && dollars(trace.cost_nusd), duration(trace.duration_nano)].filter(Boolean).join(" · ") }))))));
    node.addEventListener("toggle", () => (node.open ? open.add(it.id) : open.delete(it.id)));
    return node;
  }

  let waiting = 0;
  const done = onNews(() => {
    waiting ||= window.setTimeout(() => {
      waiting = 0;
      load().catch(() => {});
    }, 2000);
  });
  return {
    ready: load(),
    keys: {},
    close() {
      isOpen = false;
      done();
      clearTimeout(waiting);
    },
  };
}
