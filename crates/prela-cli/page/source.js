// Where traces come from: the server, or the file that this page is.

/** The error of a question that was refused. */
export class Refused extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const TOKEN = "prela.token";

/** The trace of this file; null where a server is. */
const embedded = (() => {
  const script = document.getElementById("trace");
  return script ? JSON.parse(script.textContent ?? "null") : null;
})();

/** Whether this page is a file with one trace. */
export const isFile = embedded !== null;

/** The headers of every question. @returns {Record<string, string>} */
export function headers() {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { authorization: `Bearer ${token}` } : {};
}

/** Stores the token for as long as the tab is open. @param {string} token */
export function setToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

/** @param {string} path @param {Record<string, string | number | boolean>} [options] @param {AbortSignal} [signal] */
async function ask(path, options = {}, signal) {
  const query = new URLSearchParams(Object.entries(options).map(([key, value]) => [key, String(value)])).toString();
  const response = await fetch(query ? `${path}?${query}` : path, { headers: headers(), signal });
  if (!response.ok) {
    const text = await response.text();
    let message = text;
    try {
      message = JSON.parse(text).error ?? text;
    } catch {
      // Not every refusal is JSON.
    }
    throw new Refused(response.status, message.trim());
  }
  return response;
}

const json = async (path, options, signal) => (await ask(path, options, signal)).json();

/** Traces, the newest first. @param {Record<string, string | number | boolean>} options */
export const traces = (options) => (isFile ? Promise.resolve([embedded.view.summary]) : json("api/traces", options));
export const hello = () => json("api/hello");
export const sessions = () => json("api/sessions");
/** @param {string} q */
export const search = (q) => json("api/search", { q, limit: 200 });
/** @param {string} id */
export const view = async (id) => (isFile ? embedded.view : json(`api/view/${id}`));
/** @param {string} id */
export const findings = async (id) => (isFile ? embedded.findings : json(`api/view/${id}/doctor`));
/** @param {string} one @param {string} other */
export const diff = (one, other) => json(`api/view/${one}/diff/${other}`);

/** All of a span, as OTLP's JSON. @param {string} id @param {string} span @param {AbortSignal} signal */
export const details = async (id, span, signal) => (isFile ? embedded.details : json(`api/view/${id}/spans/${span}`, {}, signal));

/** The spans that have links to a span. @param {string} id @param {string} span @param {AbortSignal} signal */
export const linkedTo = async (id, span, signal) => (isFile ? [] : json(`api/view/${id}/spans/${span}/linked`, {}, signal));

/** The spans of a trace that have a text, by their ids. @param {string} id @param {string} q @returns {Promise<{ span_id: string, found_in: string, excerpt: string }[]>} */
export async function searchIn(id, q) {
  return isFile ? searchFile(q) : json(`api/view/${id}/search`, { q });
}

/** @param {string} q */
function searchFile(q) {
  const isExact = q !== q.toLowerCase();
  const hits = [];
  for (const resource of embedded.details.resourceSpans ?? []) {
    for (const scope of resource.scopeSpans ?? []) {
      for (const span of scope.spans ?? []) {
        const text = JSON.stringify([span.name, span.attributes, span.events, span.status, span.spanId]);
        if ((isExact ? text : text.toLowerCase()).includes(q)) hits.push({ span_id: span.spanId, found_in: "", excerpt: "" });
      }
    }
  }
  return hits;
}

/** A trace as a file that opens anywhere. @param {string} id @param {boolean} content @returns {Promise<Blob>} */
export async function file(id, content) {
  return (await ask(`api/view/${id}/file`, { content: content ? "yes" : "no" })).blob();
}
