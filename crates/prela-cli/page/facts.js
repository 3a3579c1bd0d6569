// What a span's attributes and events tell: input, output, documents, tokens, errors, baggage.
import { el } from "./dom.js";
import { content, table } from "./content.js";
import { parsed, unfold } from "./otlp.js";
import { dollars, whole } from "./units.js";

/** The first of some keys with a value. @param {Map<string, any>} all @param {string[]} keys */
function first(all, keys) {
  const key = keys.find((it) => all.has(it) && all.get(it) !== "");
  return key === undefined ? null : { key, value: all.get(key) };
}

/**
 * The input and the output of a tool, or of any span that has them, and the keys that they have.
 * @param {Map<string, any>} all
 */
export function inAndOut(all) {
  const input = first(all, ["gen_ai.tool.call.arguments", "tool.parameters", "input.value", "traceloop.entity.input", "input"]);
  const output = first(all, ["gen_ai.tool.call.result", "output.value", "traceloop.entity.output", "output"]);
  const used = [input?.key, output?.key].filter((it) => it !== undefined);
  return { input: input?.value, output: output?.value, used };
}

/** @param {Map<string, any>} all @returns {{ id: string, score: number | null, text: any, rest: [string, any][] }[]} */
export function documents(all) {
  const direct = parsed(all.get("gen_ai.retrieval.documents") ?? all.get("retrieval.documents"));
  const unfolded = [unfold(all, "retrieval.documents."), unfold(all, "reranker.output_documents.")].find(Array.isArray);
  const list = Array.isArray(direct) ? direct : (unfolded ?? []);
  return list.map((it) => {
    const found = it?.document ?? it ?? {};
    if (typeof found !== "object") return { id: "", score: null, text: found, rest: [] };
    const { id, document_id, score, relevance_score, content: text, text: other, page_content, ...rest } = found;
    const number = Number(score ?? relevance_score);
    return {
      id: String(id ?? document_id ?? ""),
      score: score === undefined && relevance_score === undefined ? null : Number.isFinite(number) ? number : null,
      text: text ?? other ?? page_content ?? "",
      rest: Object.entries(rest),
    };
  });
}

/** @param {string} key */
export function isDocumentKey(key) {
  return /^(gen_ai\.retrieval\.documents$|retrieval\.documents(\.|$)|reranker\.output_documents\.)/.test(key);
}

/** @param {ReturnType<typeof documents>} found */
export function documentList(found) {
  const best = Math.max(...found.map((it) => Math.abs(it.score ?? 0)), 1e-9);
  return el("ol", { class: "documents" }, found.map((it) => {
    const meter = el("span", { class: "meter", "aria-hidden": "true" }, el("i"));
    meter.firstElementChild.style.width = `${(Math.abs(it.score ?? 0) / best) * 100}%`;
    return el("li", {},
      el("div", { class: "document-head" }, el("b", { text: it.id || "document", dir: "auto" }), it.score !== null && [meter, el("span", { class: "score", text: `score ${Number(it.score.toPrecision(4))}` })]),
      it.text !== "" && content(it.text, { isText: true }),
      it.rest.length > 0 && table(it.rest));
  }));
}

/** Tokens and cost, its own and with all below it. @param {Map<string, any>} all @param {any} own @param {{ input: number, output: number, cost: number }} sum */
export function usage(all, own, sum) {
  const more = [
    ["from the cache", ["gen_ai.usage.cache_read.input_tokens", "llm.token_count.prompt_details.cache_read"]],
    ["into the cache", ["gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_write.input_tokens", "llm.token_count.prompt_details.cache_write"]],
    ["for reasoning", ["gen_ai.usage.reasoning.output_tokens", "llm.token_count.completion_details.reasoning"]],
  ].flatMap(([label, keys]) => {
    const found = first(all, /** @type {string[]} */ (keys));
    return found ? [[label, found.value]] : [];
  });
  if (!sum.input && !sum.output && !sum.cost && !more.length) return null;
  const own_ = [own.input ?? 0, own.output ?? 0, own.cost ?? 0];
  const row = (name, [input, output, cost]) =>
    el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, whole(input)), el("td", {}, whole(output)), el("td", {}, dollars(cost)));
  const isOwn = own_.some((it) => it > 0);
  const head = el("tr", {}, el("td"), ["Input tokens", "Output tokens", "Cost"].map((it) => el("th", { scope: "col" }, it)));
  return el("div", {},
    el("table", { class: "figures" }, el("thead", {}, head),
      el("tbody", {}, isOwn && row("This span", own_), row("With all below it", [sum.input, sum.output, sum.cost]))),
    more.length > 0 && el("p", { class: "dim" }, more.map(([label, value]) => `${whole(Number(value))} tokens ${label}`).join(" · ")));
}

/** @param {{ code?: number | string, message?: string } | undefined} status @param {any[]} events */
export function failures(status, events) {
  const isError = status?.code === 2 || status?.code === "STATUS_CODE_ERROR";
  const thrown = events.filter((it) => it.name === "exception");
  if (!isError && !thrown.length) return null;
  return el("div", { class: "failure", role: "group", "aria-label": "Error" },
    isError && el("div", { class: "failure-text", dir: "auto", text: status?.message || "It failed, and said nothing about it." }),
    thrown.map(({ attributes }) => {
      const [type, message, stack] = ["type", "message", "stacktrace"].map((it) => attributes.get(`exception.${it}`));
      return el("div", { class: "exception" },
        el("b", { text: type || "exception" }), message && message !== status?.message ? [" ", el("span", { dir: "auto", text: message })] : null,
        stack && el("details", {}, el("summary", {}, "Stack"), content(String(stack).includes("\n") ? stack : `${stack}\n`)));
    }));
}

/**
 * The entries of the baggage, and the attributes that have them: our SDK lists in the resource which these are.
 * @param {Map<string, any>} all @param {Map<string, any>} resource @returns {{ entries: [string, any][], keys: Set<string> }}
 */
export function baggage(all, resource) {
  const listed = [resource.get("prela.baggage.attributes")].flat();
  const keys = new Set([...all.keys()].filter((key) => key.startsWith("baggage.") || listed.includes(key)));
  const header = all.get("http.request.header.baggage") ?? all.get("baggage");
  const text = Array.isArray(header) ? header.join(",") : typeof header === "string" ? header : "";
  const entries = text.split(",").filter((it) => it.includes("=")).map((it) => {
    const [pair] = it.split(";");
    const at = pair.indexOf("=");
    return /** @type {[string, any]} */ ([pair.slice(0, at).trim(), decoded(pair.slice(at + 1).trim())]);
  });
  const own = [...keys].map((key) => /** @type {[string, any]} */ ([key.replace(/^baggage\./, ""), all.get(key)]));
  return { entries: [...own, ...entries], keys };
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
