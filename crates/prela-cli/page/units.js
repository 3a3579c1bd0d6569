// Numbers as people read them.

/** A duration, with its unit. @param {number} ns */
export function duration(ns) {
  if (ns < 0) return `−${duration(-ns)}`;
  if (ns === 0) return "0";
  if (ns < 1e3) return `${Math.round(ns)} ns`;
  if (ns < 1e6) return `${digits(ns / 1e3)} µs`;
  if (ns < 999.5e6) return `${digits(ns / 1e6)} ms`;
  if (ns < 60e9) return `${digits(ns / 1e9)} s`;
  const seconds = Math.round(ns / 1e9);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** Three significant digits. @param {number} number */
function digits(number) {
  return number >= 99.95 ? String(Math.round(number)) : number.toPrecision(3);
}

/** @param {number} number */
export function count(number) {
  if (number < 1000) return String(number);
  if (number < 1e6) return `${(number / 1e3).toFixed(number < 1e4 ? 1 : 0)}k`;
  return `${(number / 1e6).toFixed(1)}M`;
}

/** A whole number with its thousands apart. @param {number} number */
export function whole(number) {
  return number < 1000 ? String(number) : number.toLocaleString("en");
}

/** @param {number} number @param {string} one @param {string} [many] */
export function counted(number, one, many = `${one}s`) {
  return `${whole(number)} ${number === 1 ? one : many}`;
}

/** Billionths of a US dollar. @param {number} nusd */
export function dollars(nusd) {
  const usd = nusd / 1e9;
  if (usd === 0) return "$0";
  if (usd >= 1) return `$${usd.toFixed(2)}`;
  return `$${Number(usd.toPrecision(3)).toFixed(10).replace(/0+$/, "")}`;
}

/** Tokens in and out. @param {number} input @param {number} output */
export function tokens(input, output) {
  return input || output ? `${count(input)}→${count(output)}` : "";
}

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** The time of day. @param {string} ns since 1970 */
export function clockTime(ns) {
  const date = new Date(Number(ns) / 1e6);
  // `toLocaleTimeString` takes longer than the rest of a row.
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((it) => String(it).padStart(2, "0")).join(":");
}

/** The day and time, to the microsecond. @param {string} ns since 1970 */
export function dayTime(ns) {
  const all = BigInt(ns || "0");
  const date = new Date(Number(all / 1000000n));
  const two = (number) => String(number).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const micros = String((all / 1000n) % 1000000n).padStart(6, "0");
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${micros}`;
}

/** How long ago. @param {string} ns @param {number} [now] milliseconds since 1970 */
export function ago(ns, now = Date.now()) {
  const seconds = Math.max(0, (now - Number(ns) / 1e6) / 1000);
  if (seconds < 5) return "now";
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

/** @param {number} part */
export function percent(part) {
  const value = part * 100;
  return `${value >= 99.95 || value < 0.05 ? Math.round(value) : value.toFixed(value < 10 || value > 99 ? 1 : 0)} %`;
}
