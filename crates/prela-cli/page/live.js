// News, as it comes: server-sent events, read by `fetch`, since `EventSource` sends no token.
import { headers, isFile } from "./source.js";

const AT_FIRST = 500;
const AT_MOST = 10000;

/** @type {Set<(traces: any[]) => void>} */
const listeners = new Set();
/** @type {Set<(isLive: boolean) => void>} */
const watchers = new Set();
let isLive = false;

/** Calls back on news, until the returned function is called. @param {(traces: any[]) => void} listener */
export function onNews(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Calls back when the server comes and goes: meanwhile news may be missed. @param {(isLive: boolean) => void} watcher */
export function onConnection(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Waits until the server was reached or not: a list that is asked for after that misses no news. */
export const connected = () => (isFile || isKnown ? Promise.resolve() : new Promise((done) => waiting.push(done)));
/** @type {((value?: unknown) => void)[]} */
const waiting = [];
let isKnown = false;

function know() {
  isKnown = true;
  waiting.splice(0).forEach((done) => done());
}

let wake = (/** @type {unknown} */ _) => {};

/** Connects again at once, for instance with a new token. */
export function retry() {
  isKnown = false;
  wake(null);
}

/** Follows the server for as long as the page is open. */
export async function follow() {
  if (isFile) return;
  let pause = AT_FIRST;
  for (;;) {
    // A browser makes at most six connections to a server: tabs that nobody sees must not hold one.
    while (document.hidden) await new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));
    const stop = new AbortController();
    const hide = () => document.hidden && stop.abort();
    document.addEventListener("visibilitychange", hide);
    try {
      const response = await fetch("api/live", { headers: headers(), signal: stop.signal });
      if (response.ok && response.body) {
        set(true);
        know();
        pause = AT_FIRST;
        await read(response.body);
      }
    } catch {
      // The server is gone, or the tab is hidden.
    }
    document.removeEventListener("visibilitychange", hide);
    set(false);
    know();
    await new Promise((done) => {
      wake = done;
      setTimeout(done, pause);
    });
    pause = Math.min(pause * 2, AT_MOST);
  }
}

/** @param {boolean} live */
function set(live) {
  if (isLive === live) return;
  isLive = live;
  watchers.forEach((watcher) => watcher(live));
}

/** @param {ReadableStream<Uint8Array>} body */
async function read(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    let end;
    while ((end = rest.indexOf("\n\n")) >= 0) {
      const event = rest.slice(0, end);
      rest = rest.slice(end + 2);
      if (event.startsWith("data: ")) {
        const news = JSON.parse(event.slice(6));
        listeners.forEach((listener) => listener(news));
      }
    }
  }
}
