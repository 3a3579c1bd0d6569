// Reads the messages of a model call, under whichever keys: OpenTelemetry's, OpenInference's, OpenLLMetry's, and those
// of providers.
import { parsed, unfold } from "./otlp.js";

/**
 * @typedef {{ kind: "text" | "thought" | "call" | "result" | "media", text?: any, name?: string, id?: string }} Part
 * @typedef {{ role: string, parts: Part[], isAnswer: boolean, finish?: string }} Message
 */

/**
 * @param {Map<string, any>} attributes
 * @param {{ name: string, attributes: Map<string, any>, body?: any }[]} events and log records
 * @returns {Message[]}
 */
export function messages(attributes, events) {
  const sources = [attributes, ...events.filter((it) => it.name === "gen_ai.client.inference.operation.details").map((it) => it.attributes)];
  for (const source of sources) {
    const found = [
      ...instructions(source.get("gen_ai.system_instructions")),
      ...list(source.get("gen_ai.input.messages"), false),
      ...list(source.get("gen_ai.output.messages"), true),
    ];
    if (found.length) return found;
  }
  const unfolded = [
    ...list(unfold(attributes, "llm.input_messages."), false),
    ...list(unfold(attributes, "llm.output_messages."), true),
  ];
  if (unfolded.length) return unfolded;
  const older = [
    ...list(unfold(attributes, "gen_ai.prompt."), false),
    ...list(unfold(attributes, "gen_ai.completion."), true),
  ];
  if (older.length) return older;
  return events.map(fromEvent).filter((it) => it !== null);
}

/** Whether a key is part of the conversation. @param {string} key */
export function isMessageKey(key) {
  return /^(gen_ai\.(system_instructions|input\.messages|output\.messages)$|gen_ai\.(prompt|completion)\.\d|llm\.(input|output)_messages\.\d)/.test(key);
}

/** @param {any} value @returns {Message[]} */
function instructions(value) {
  const found = parsed(value);
  if (found === undefined || found === null || found === "") return [];
  const parts = Array.isArray(found) ? found.flatMap(readPart) : [{ kind: /** @type {const} */ ("text"), text: found }];
  return [{ role: "system", parts, isAnswer: false }];
}

/** @param {any} value @param {boolean} isAnswer @returns {Message[]} */
function list(value, isAnswer) {
  const found = parsed(value);
  const items = Array.isArray(found) ? found : found && typeof found === "object" && Object.keys(found).length ? [found] : [];
  if (!items.length && typeof found === "string" && found) return [{ role: isAnswer ? "assistant" : "user", parts: [{ kind: "text", text: found }], isAnswer }];
  return items.map((it) => readMessage(it?.message ?? it, isAnswer));
}

/** @param {any} it @param {boolean} isAnswer @returns {Message} */
function readMessage(it, isAnswer) {
  if (typeof it === "string") return { role: isAnswer ? "assistant" : "user", parts: [{ kind: "text", text: it }], isAnswer };
  const role = String(it?.role ?? (isAnswer ? "assistant" : "user"));
  const content = it?.parts ?? it?.contents ?? it?.content;
  const isResult = role === "tool" && !it?.parts;
  const parts = isResult
    ? [{ kind: /** @type {const} */ ("result"), text: flat(content), id: it.tool_call_id, name: it.name }]
    : Array.isArray(content)
      ? content.flatMap(readPart)
      : content === undefined || content === null || content === ""
        ? []
        : [{ kind: /** @type {const} */ ("text"), text: content }];
  const calls = (Array.isArray(it?.tool_calls) ? it.tool_calls : []).map((one) => call(one?.tool_call ?? one));
  return { role, parts: [...parts, ...calls], isAnswer, finish: it?.finish_reason };
}

/** @param {any} it @returns {Part[]} */
function readPart(it) {
  if (typeof it === "string") return [{ kind: "text", text: it }];
  const inner = it?.message_content ?? it ?? {};
  switch (inner.type) {
    case "tool_call":
    case "tool_use":
    case "function_call":
      return [call(inner)];
    case "tool_call_response":
    case "tool_result":
      return [{ kind: "result", text: flat(inner.response ?? inner.result ?? inner.content), id: inner.id ?? inner.tool_use_id, name: inner.name }];
    case "reasoning":
    case "thinking":
      return [{ kind: "thought", text: inner.content ?? inner.thinking ?? inner.text ?? "" }];
    case "blob":
    case "uri":
    case "file":
    case "image":
    case "image_url":
      return [{ kind: "media", text: inner.uri ?? inner.image_url?.url ?? inner.file_id ?? inner.image?.image?.url ?? inner.mime_type ?? inner.type, name: inner.modality ?? inner.type }];
    default:
      return [{ kind: "text", text: inner.content ?? inner.text ?? inner }];
  }
}

/** @param {any} it @returns {Part} */
function call(it) {
  const made = it?.function ?? it ?? {};
  return { kind: "call", name: String(made.name ?? "?"), text: parsed(made.arguments ?? made.input ?? ""), id: it?.id };
}

/** Joins parts that are text. @param {any} content */
function flat(content) {
  const found = parsed(content);
  if (Array.isArray(found) && found.length && found.every((it) => typeof it?.text === "string")) return found.map((it) => it.text).join("\n");
  return found ?? "";
}

/** @param {{ name: string, attributes: Map<string, any>, body?: any }} event @returns {Message | null} */
function fromEvent({ name, attributes, body }) {
  const found = /^gen_ai\.(system|user|assistant|tool)\.message$|^gen_ai\.(choice)$/.exec(name);
  if (!found) return null;
  const inner = typeof body === "object" && body !== null ? body : Object.fromEntries(attributes);
  const isAnswer = found[2] === "choice";
  const told = parsed(inner.message) ?? inner;
  const it = typeof told === "object" ? told : { content: told };
  return readMessage({ ...it, tool_calls: parsed(it.tool_calls), role: it.role ?? found[1] ?? "assistant", finish_reason: inner.finish_reason }, isAnswer);
}
