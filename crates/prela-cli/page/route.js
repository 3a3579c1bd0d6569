// The place in the page: what follows `#` in the address, which works in a file as well.

/**
 * @typedef {{ parts: string[], options: URLSearchParams }} Route
 */

/** @returns {Route} */
export function route() {
  const [path, options] = location.hash.replace(/^#\/?/, "").split("?");
  const parts = path.split("/").filter((it) => it !== "").map(decode);
  return { parts, options: new URLSearchParams(options ?? "") };
}

/** @param {string} part */
function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a place. @param {string[]} parts @param {Record<string, string>} [options] */
export function address(parts, options = {}) {
  const query = new URLSearchParams(options).toString();
  return `#/${parts.map(encodeURIComponent).join("/")}${query ? `?${query}` : ""}`;
}

/** Goes to a place. @param {string[]} parts @param {Record<string, string>} [options] */
export function go(parts, options) {
  location.hash = address(parts, options);
}

/** Goes to a place without a step in the history, for changes at every key. @param {string[]} parts @param {Record<string, string>} [options] */
export function replace(parts, options) {
  history.replaceState(null, "", address(parts, options));
}
