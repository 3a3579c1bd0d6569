// Reads OTLP's JSON.

/** A value of an attribute. @param {any} value @returns {any} */
function plain(value) {
  if (value === null || value === undefined) return null;
  if ("stringValue" in value) return value.stringValue;
  if ("boolValue" in value) return value.boolValue;
  if ("intValue" in value) return Number.isSafeInteger(Number(value.intValue)) ? Number(value.intValue) : String(value.intValue);
  if ("doubleValue" in value) return value.doubleValue;
  if ("arrayValue" in value) return (value.arrayValue.values ?? []).map(plain);
  if ("kvlistValue" in value) return Object.fromEntries(attributes(value.kvlistValue.values));
  if ("bytesValue" in value) return `(bytes) ${value.bytesValue}`;
  return null;
}

/** @param {any[] | undefined} list @returns {Map<string, any>} */
export function attributes(list) {
  return new Map((list ?? []).map((pair) => [pair.key ?? "", plain(pair.value)]));
}

/**
 * All that is known of a span.
 * @param {any} details @param {string} id
 */
export function readSpan(details, id) {
  for (const resource of details.resourceSpans ?? []) {
    for (const scope of resource.scopeSpans ?? []) {
      const span = (scope.spans ?? []).find((it) => it.spanId === id);
      if (!span) continue;
      return {
        span,
        attributes: attributes(span.attributes),
        events: (span.events ?? []).map((it) => ({
          name: it.name ?? "",
          time: it.timeUnixNano ?? "0",
          attributes: attributes(it.attributes),
          dropped: it.droppedAttributesCount ?? 0,
        })),
        links: (span.links ?? []).map((it) => ({ trace: it.traceId, span: it.spanId, attributes: attributes(it.attributes) })),
        resource: attributes(resource.resource?.attributes),
        scope: scope.scope ?? {},
        logs: logs(details, id),
        facts: details.facts?.[id] ?? {},
      };
    }
  }
  return null;
}

/** @param {any} details @param {string} id */
function logs(details, id) {
  const records = (details.resourceLogs ?? []).flatMap((resource) => (resource.scopeLogs ?? []).flatMap((it) => it.logRecords ?? []));
  return records
    .filter((it) => it.spanId === id)
    .map((it) => ({
      time: it.timeUnixNano ?? it.observedTimeUnixNano ?? "0",
      severity: it.severityText ?? SEVERITIES[Math.floor(((it.severityNumber ?? 0) + 3) / 4)] ?? "",
      body: plain(it.body),
      name: it.eventName ?? "",
      attributes: attributes(it.attributes),
    }));
}

const SEVERITIES = ["", "trace", "debug", "info", "warn", "error", "fatal"];

/** The list or object that keys such as `a.0.b` flatten. @param {Map<string, any>} all @param {string} prefix @returns {any} */
export function unfold(all, prefix) {
  /** @type {any} */
  const top = Object.create(null);
  for (const [key, value] of all) {
    if (!key.startsWith(prefix)) continue;
    const steps = key.slice(prefix.length).split(".");
    let node = top;
    for (const step of steps.slice(0, -1)) {
      if (typeof node[step] !== "object" || node[step] === null) node[step] = Object.create(null);
      node = node[step];
    }
    node[steps[steps.length - 1]] = value;
  }
  return listed(top);
}

/** A value whose objects with numbers as keys are lists. @param {any} node @returns {any} */
function listed(node) {
  if (typeof node !== "object" || node === null || Array.isArray(node)) return node;
  const keys = Object.keys(node);
  if (keys.length && keys.every((key) => /^\d{1,6}$/.test(key))) {
    return keys.sort((a, b) => Number(a) - Number(b)).map((key) => listed(node[key]));
  }
  return Object.fromEntries(keys.map((key) => [key, listed(node[key])]));
}

/** The value that a text of JSON holds; anything else as it is. @param {any} value @returns {any} */
export function parsed(value) {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
