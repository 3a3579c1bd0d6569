// What comes in, as it comes in: server-sent events, read with the token that `EventSource` cannot send.
import { headers, isFile } from "./source.js";

const AT_FIRST = 500;
const AT_MOST = 10000;

/** @type {Set<(traces: any[]) => void>} */
const listeners = new Set();
/** @type {Set<(isLive: boolean, isAgain: boolean) => void>} */
const watchers = new Set();
let isLive = false;

/** Calls for each moment with news, until what it gives is called. @param {(traces: any[]) => void} listener */
export function onNews(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Calls when the server comes and goes. `isAgain`: something may have been missed meanwhile.
 * @param {(isLive: boolean, isAgain: boolean) => void} watcher
 */
export function onConnection(watcher) {
  watchers.add(watcher);
  watcher(isLive, false);
  return () => watchers.delete(watcher);
}

/** Follows the server for as long as the page is open. */
export async function follow() {
  if (isFile) return;
  let pause = AT_FIRST;
  let isAgain = false;
  for (;;) {
    try {
      const response = await fetch("api/live", { headers: headers() });
      if (response.ok && response.body) {
        set(true, isAgain);
        isAgain = true;
        pause = AT_FIRST;
        await read(response.body);
      }
    } catch {
      // It is not there, or is gone: it may come again.
    }
    set(false, isAgain);
    await new Promise((done) => setTimeout(done, pause));
    pause = Math.min(pause * 2, AT_MOST);
  }
}

/** @param {boolean} live @param {boolean} isAgain */
function set(live, isAgain) {
  if (isLive === live) return;
  isLive = live;
  watchers.forEach((watcher) => watcher(live, isAgain));
}

/** @param {ReadableStream<Uint8Array>} body */
async function read(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    waiting += value;
    let end;
    while ((end = waiting.indexOf("\n\n")) >= 0) {
      const event = waiting.slice(0, end);
      waiting = waiting.slice(end + 2);
      if (event.startsWith("data: ")) {
        const news = JSON.parse(event.slice(6));
        listeners.forEach((listener) => listener(news));
      }
    }
  }
}
