// The line with the figures of a whole trace.
import { el } from "./dom.js";
import { total } from "./sums.js";
import { counted, dayTime, dollars, duration, tokens } from "./units.js";

const MOST_SERVICES = 3;

/** @param {import("./model.js").Trace} trace @param {import("./sums.js").Sums} sums @returns {HTMLElement[]} */
export function figuresOf(trace, sums) {
  const { trace_id: id, start_time_unix_nano: start } = trace.summary;
  const all = total(trace, sums);
  const services = trace.distinct("service").filter(Boolean);
  const more = services.length - MOST_SERVICES;
  const whole = duration(trace.end());
  return [
    el("b", { class: trace.running ? "running-text" : "" }, trace.running ? `running ${whole}` : whole),
    trace.unfinished.size > 0 && `${trace.unfinished.size} unfinished`,
    counted(trace.count, "span"),
    trace.errors.size > 0 && el("span", { class: "bad" }, counted(trace.errors.size, "error")),
    (all.input > 0 || all.output > 0) && `${tokens(all.input, all.output)} tokens`,
    all.cost > 0 && el("b", {}, dollars(all.cost)),
    services.length > 0 && el("bdi", { text: services.slice(0, MOST_SERVICES).join(", ") + (more > 0 ? ` and ${more} more` : "") }),
    el("time", {}, dayTime(start).slice(0, 19)),
    el("code", { class: "dim", title: id }, id.slice(0, 16)),
  ].filter(Boolean).map((it) => el("span", {}, it));
}
