// A model's messages as people read them.
import { el, icon } from "./dom.js";
import { content } from "./content.js";

const NAMES = { system: "System", developer: "Developer", user: "User", assistant: "Assistant", model: "Assistant", tool: "Tool" };

/** @param {import("./messages.js").Message[]} messages */
export function conversation(messages) {
  const first = messages.length - KEPT_OPEN;
  const early = messages.slice(0, Math.max(0, first));
  const late = messages.slice(Math.max(0, first));
  const list = el("ol", { class: "conversation", "aria-label": "Conversation" }, late.map(turn));
  if (early.length) {
    const more = el("button", { class: "more", type: "button" }, `Show ${early.length} earlier`);
    more.addEventListener("click", () => {
      list.prepend(...early.map(turn));
      more.remove();
    });
    return el("div", {}, more, list);
  }
  return list;
}

/** @param {import("./messages.js").Message} message */
function turn(message) {
  const role = message.role.toLowerCase();
  const head = el(
    "div",
    { class: "role" },
    el("span", { class: "who", text: NAMES[role] ?? message.role }),
    message.isAnswer && el("span", { class: "tag", text: "answer" }),
    message.finish && el("span", { class: "dim", text: message.finish }),
  );
  const known = NAMES[role] ? role : "other";
  return el("li", { class: `turn ${known}${message.isAnswer ? " answer" : ""}` }, head, message.parts.map(part));
}

/** @param {import("./messages.js").Part} it */
function part(it) {
  if (it.kind === "call") {
    return el("div", { class: "call" }, el("div", { class: "call-head" }, icon("tool"), el("b", { text: it.name }), it.id && el("code", { class: "dim", text: it.id })), it.text !== "" && content(it.text));
  }
  if (it.kind === "result") {
    return el("div", { class: "call result" }, (it.name || it.id) && el("div", { class: "call-head" }, "↩", it.name && el("b", { text: it.name }), it.id && el("code", { class: "dim", text: it.id })), content(it.text, { isText: true }));
  }
  if (it.kind === "thought") {
    return el("details", { class: "thought" }, el("summary", {}, "Reasoning"), content(it.text, { isText: true }));
  }
  if (it.kind === "media") return el("div", { class: "call" }, el("span", { class: "dim", text: `${it.name}: ` }), content(it.text));
  return el("div", { class: "said" }, content(it.text, { isText: true }));
}

const KEPT_OPEN = 12;
