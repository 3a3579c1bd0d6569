// The panel with all of a span.
import { clean, copyButton, el, icon } from "./dom.js";
import { content, table } from "./content.js";
import { conversation } from "./conversation.js";
import { baggage, documentList, documents, failures, inAndOut, isDocumentKey, usage } from "./facts.js";
import { isMessageKey, messages } from "./messages.js";
import { readSpan } from "./otlp.js";
import { address } from "./route.js";
import { details, linkedTo } from "./source.js";
import { remember, remembered } from "./theme.js";
import { counted, dayTime, duration, percent } from "./units.js";

export class Detail {
  /** @param {{ onclose: () => void, onselect: (index: number) => void, finding: (finding: any) => Node }} how */
  constructor({ onclose, onselect, finding }) {
    this.finding = finding;
    this.onselect = onselect;
    this.body = el("div", { class: "detail-body" });
    this.title = el("h2", { class: "detail-title", tabindex: "-1" });
    const close = el("button", { class: "quiet", type: "button", "aria-label": "Close the span", title: "Close (Esc)", onclick: onclose }, icon("cross"));
    this.element = el("aside", { class: "detail", "aria-label": "Span", hidden: true }, el("header", {}, this.title, close), this.body);
    this.shown = "";
  }

  hide() {
    this.element.hidden = true;
    this.shown = "";
    this.asking?.abort();
  }

  /**
   * @param {import("./model.js").Trace} trace @param {number} i @param {import("./sums.js").Sums} sums
   * @param {any[]} findings
   */
  async show(trace, i, sums, findings) {
    const id = trace.ids[i];
    const key = `${trace.summary.trace_id} ${id} ${trace.took(i).split(" ")[0]} ${trace.durations[i]} ${findings.length}`;
    this.element.hidden = false;
    if (this.shown === key) return;
    const isSame = this.shown.startsWith(`${trace.summary.trace_id} ${id} `);
    this.shown = key;
    // Who walks through a trace wants to know of the last span alone.
    this.asking?.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    this.title.replaceChildren(el("span", { class: `mark ${trace.typeName(i)}` }, icon(trace.typeName(i))), el("bdi", { text: trace.name(i) }));
    if (!isSame) this.body.replaceChildren(el("p", { class: "dim pad" }, "…"));
    try {
      const found = readSpan(await details(trace.summary.trace_id, id, signal), id);
      if (this.shown !== key) return;
      if (!found) throw new Error("the span is not in the store any more");
      const top = isSame ? this.body.scrollTop : 0;
      this.body.replaceChildren(...this.sections(trace, i, sums, findings, { ...found, signal }));
      this.body.scrollTop = top;
    } catch (error) {
      if (this.shown === key) this.body.replaceChildren(el("p", { class: "failure pad", text: String(error instanceof Error ? error.message : error) }));
    }
  }

  sections(trace, i, sums, findings, found) {
    const { span, attributes, events, links, resource, scope, logs, facts } = found;
    const sum = { input: sums.input[i], output: sums.output[i], cost: sums.cost[i] };
    const said = messages(attributes, [...events, ...logs]);
    const { input, output, used } = inAndOut(attributes);
    const docs = documents(attributes);
    const carried = baggage(attributes, resource);
    const hasMessages = said.length > 0;
    const isUsed = (key) => (hasMessages && isMessageKey(key)) || (docs.length > 0 && isDocumentKey(key)) || used.includes(key) || carried.keys.has(key);
    const rest = [...attributes].filter(([key]) => !isUsed(key)).sort(([a], [b]) => (a < b ? -1 : 1));
    const tools = attributes.get("gen_ai.tool.definitions");
    const own = findings.filter((it) => it.span_id === trace.ids[i]);
    return [
      this.facts(trace, i, facts),
      failures(span.status, events),
      own.length > 0 && el("div", { class: "findings" }, own.map(this.finding)),
      hasMessages && section("Conversation", counted(said.length, "message"), conversation(said)),
      tools !== undefined && section("Tools it was offered", "", content(tools), false),
      input !== undefined && section(hasMessages ? "Input" : trace.typeName(i) === "tool" ? "Arguments" : "Input", "", content(input, { isText: true }), !hasMessages),
      output !== undefined && !docs.length && section(trace.typeName(i) === "tool" ? "Result" : "Output", "", content(output, { isText: true }), !hasMessages),
      docs.length > 0 && section("Documents", String(docs.length), documentList(docs)),
      optional("Tokens and cost", "", usage(attributes, facts, sum)),
      rest.length > 0 && section("Attributes", String(rest.length), table(rest)),
      events.length > 0 && section("Events", String(events.length), this.events(trace, i, events)),
      this.links(trace.summary.trace_id, trace.ids[i], links, found.signal),
      logs.length > 0 && section("Logs", String(logs.length), logList(logs)),
      carried.entries.length > 0 && section("Baggage", String(carried.entries.length), table(carried.entries)),
      section("Resource", resource.get("service.name") ? String(resource.get("service.name")) : "", table([...resource, ...scopeRows(scope)]), false),
      section("Identity", "", table(identity(trace, i, span)), false),
    ].flat().filter((it) => it instanceof Node);
  }

  facts(trace, i, facts) {
    const parent = trace.parent[i];
    const whole = trace.end();
    const time = el("b", { class: trace.isRunning(i) ? "running-text" : "" }, trace.isRunning(i) ? "running" : trace.took(i));
    const items = [
      [time, trace.unfinished.has(i) ? "its process ended, most likely" : trace.isRunning(i) ? "" : `${percent(trace.durations[i] / whole)} of the trace`],
      [`+${duration(trace.start[i])}`, "after its start"],
      [trace.text("service", i), "service"],
      facts.model && [facts.model, "model"],
      trace.text("thread", i) && [trace.text("thread", i), "thread"],
      trace.text("task", i) && [trace.text("task", i), "task"],
    ].filter((it) => it && it[0]);
    const list = el("div", { class: "glance" }, items.map(([value, label]) => el("div", {}, el("div", { class: "glance-value" }, value instanceof Node ? value : el("bdi", { text: value })), el("div", { class: "glance-label" }, label))));
    if (parent < 0) return list;
    const up = el("button", { class: "more up", type: "button", onclick: () => this.onselect(parent) }, "↑ ", el("bdi", { text: trace.name(parent) }));
    return el("div", {}, list, up);
  }

  /** A span's links at once, and those to it when they are found. */
  links(trace, id, links, signal) {
    const place = el("div", {});
    const show = (linked) => {
      if (links.length || linked.length) place.replaceChildren(section("Links", String(links.length + linked.length), linkList(links, linked)));
    };
    show([]);
    // A span that is only passed over is not worth a look through the store.
    setTimeout(() => signal.aborted || linkedTo(trace, id, signal).then((linked) => linked.length && show(linked)).catch(() => {}), 150);
    return place;
  }

  events(trace, i, events) {
    const begin = BigInt(trace.summary.start_time_unix_nano);
    return el("ol", { class: "events" }, events.map((it) => {
      const offset = Number(BigInt(it.time) - begin) - trace.start[i];
      const rest = [...it.attributes];
      return el("li", { class: it.name === "exception" ? "bad" : "" },
        el("div", { class: "event-head" }, el("time", {}, `+${duration(Math.max(0, offset))}`), el("b", { text: it.name, dir: "auto" })),
        rest.length > 0 && table(rest));
    }));
  }
}

/** @param {string} title @param {string} note @param {Node} body @param {boolean} [isOpen] */
function section(title, note, body, isOpen = true) {
  const key = `prela.section.${title}`;
  const stored = remembered(key);
  const node = el("details", { class: "section", open: stored === null ? isOpen : stored === "open" },
    el("summary", {}, el("h3", {}, title), note && el("span", { class: "dim", text: note })), body);
  node.addEventListener("toggle", () => {
    if (node.open !== (stored === null ? isOpen : stored === "open")) remember(key, node.open ? "open" : "closed");
  });
  return node;
}

const optional = (title, note, body) => (body ? section(title, note, body) : null);

function linkList(links, linked) {
  const to = links.map((it) => el("li", {}, "→ ", el("a", { href: address(["trace", it.trace, "span", it.span]) }, el("code", { text: `${it.trace.slice(0, 8)}…/${it.span}` })), it.attributes.size > 0 && table(it.attributes)));
  const from = linked.map((it) => el("li", {}, "← ", el("a", { href: address(["trace", it.trace_id, "span", it.span_id]) }, el("bdi", { text: it.name })), el("span", { class: "dim", text: ` in ${it.trace_name}` })));
  return el("ul", { class: "links" }, to, from);
}

function logList(logs) {
  return el("ol", { class: "events" }, logs.map((it) => el("li", { class: /error|fatal/i.test(it.severity) ? "bad" : "" },
    el("div", { class: "event-head" }, el("time", {}, dayTime(it.time).slice(11, 23)), it.severity && el("b", { text: it.severity }), it.name && el("b", { text: it.name })),
    it.body !== null && content(it.body, { isText: true }),
    it.attributes.size > 0 && table(it.attributes))));
}

function scopeRows(scope) {
  return [["scope", scope.name], ["scope version", scope.version]].filter(([, value]) => value);
}

function identity(trace, i, span) {
  const code = (text) => el("span", { class: "id" }, el("code", { text: clean(text) }), copyButton(text, "Copy"));
  return [
    ["trace", code(trace.summary.trace_id)],
    ["span", code(span.spanId)],
    ["parent", span.parentSpanId ? code(span.parentSpanId) : "none"],
    ["start", dayTime(span.startTimeUnixNano)],
    ["kind", KINDS[span.kind ?? 0] ?? String(span.kind)],
    ["trace state", span.traceState ?? ""],
    ["left out by the SDK", ["Attributes", "Events", "Links"].filter((it) => span[`dropped${it}Count`]).map((it) => `${span[`dropped${it}Count`]} ${it.toLowerCase()}`).join(", ")],
  ].filter(([, value]) => value !== "");
}

const KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"];
