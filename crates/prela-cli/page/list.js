// The view of the newest traces, as they come in.
import { el, fill, icon, say, announce } from "./dom.js";
import { empty } from "./empty.js";
import { connected, onNews, onConnection } from "./live.js";
import { Rows } from "./rows.js";
import { address, go, replace } from "./route.js";
import { traces } from "./source.js";
import { clockTime, counted, dollars, duration, tokens, whole } from "./units.js";

const MOST = 10000;

/** @param {HTMLElement} main @param {import("./route.js").Route} at */
export function showList(main, at) {
  /** @type {Map<string, any>} */
  const known = new Map();
  /** @type {any[]} */
  let shown = [];
  let chosen = -1;
  let isOld = true;
  let longest = 1;
  const wish = { name: at.options.get("name") ?? "", service: at.options.get("service") ?? "", errors: at.options.has("errors") };

  const name = el("input", { type: "search", placeholder: "Filter by name", "aria-label": "Filter by name", value: wish.name, spellcheck: "false" });
  const service = el("select", { "aria-label": "Service" });
  const errors = el("button", { type: "button", class: "toggle", "aria-pressed": String(wish.errors) }, icon("cross"), "Failed");
  const figures = el("p", { class: "dim figures-line", "aria-live": "off" });
  const fresh = el("button", { type: "button", class: "fresh", hidden: true, onclick: () => (host.scrollTop = 0) });
  const host = el("div", { class: "scroll list", role: "listbox", tabindex: "0", "aria-label": "Traces, the newest first", id: "traces" });
  const nothing = el("div", { class: "nothing", hidden: true });
  const head = el("div", { class: "list-head", "aria-hidden": "true" }, ["", "Name", "Service", "Time", "Duration", "Spans", "Tokens", "Cost"].map((it, i) => el("span", { class: `c${i}` }, it)));
  fill(main, el("div", { class: "bar-line" }, el("h1", { class: "unseen" }, "Traces"), name, service, errors, el("span", { class: "push" }), figures), head, el("div", { class: "stack" }, host, nothing, fresh));
  const height = matchMedia("(max-width: 640px)").matches ? 58 : 38;
  const rows = new Rows(host, { height, make: makeRow, show: (row, index) => showRow(row, shown[index], index) });

  function makeRow() {
    const parts = Array.from({ length: 8 }, (_, i) => el("span", { class: `c${i}` }));
    parts[1].append(el("bdi"), el("small"));
    parts[4].append(el("i", { class: "length" }), el("span"));
    const row = el("a", { class: "list-row", role: "option", tabindex: "-1" }, parts);
    const [mark, title, where, time, took, spans, used, cost] = parts;
    row.parts = { mark, title, where, time, took, spans, used, cost };
    return row;
  }

  function showRow(row, it, index) {
    const { mark, title, where, time, took, spans, used, cost } = row.parts;
    row.id = `trace-${index}`;
    row.href = address(["trace", it.trace_id]);
    row.classList.toggle("chosen", index === chosen);
    row.setAttribute("aria-posinset", String(index + 1));
    row.setAttribute("aria-setsize", String(shown.length));
    row.setAttribute("aria-selected", String(index === chosen));
    row.setAttribute("aria-label", `${it.name}, ${it.service}, ${it.open > it.unfinished ? "running" : duration(it.duration_nano)}, ${counted(it.spans, "span")}${it.errors ? `, ${counted(it.errors, "error")}` : ""}`);
    const running = it.open > it.unfinished;
    const state = running ? "running" : it.errors ? "bad" : "good";
    if (mark.dataset.state !== state) {
      mark.dataset.state = state;
      mark.replaceChildren(running ? el("i", { class: "pulse" }) : icon(it.errors ? "cross" : "check"));
    }
    say(title.firstChild, shortened(it.name));
    say(title.lastChild, it.unfinished ? "unfinished" : it.has_root ? "" : "root missing");
    say(where, it.service);
    say(time, `${clockTime(it.start_time_unix_nano)}`);
    took.firstChild.style.width = `${Math.max(2, 50 * Math.sqrt(it.duration_nano / longest))}%`;
    say(took.lastChild, running && !it.duration_nano ? "running" : duration(it.duration_nano));
    say(spans, it.errors ? `${whole(it.spans)} · ${it.errors} ✗` : whole(it.spans));
    spans.classList.toggle("bad", it.errors > 0);
    say(used, tokens(it.input_tokens, it.output_tokens));
    say(cost, it.cost_nusd ? dollars(it.cost_nusd) : "");
  }

  function arrange() {
    const all = [...known.values()];
    const part = wish.name.toLowerCase();
    const before = shown;
    const top = shown[Math.floor(host.scrollTop / height)];
    const picked = shown[chosen];
    shown = all.filter((it) => (!part || it.name.toLowerCase().includes(part)) && (!wish.service || it.service === wish.service) && (!wish.errors || it.errors > 0));
    shown.sort((a, b) => b.at - a.at || (a.trace_id < b.trace_id ? 1 : -1));
    longest = shown.reduce((most, it) => Math.max(most, it.duration_nano), 1);
    chosen = picked ? shown.indexOf(picked.trace_id ? (known.get(picked.trace_id) ?? picked) : picked) : -1;
    rows.setCount(shown.length);
    // A reader further down stays there, and sees how many are new.
    if (host.scrollTop > height && top && before.length) {
      const place = shown.findIndex((it) => it.trace_id === top.trace_id);
      const moved = place - Math.floor(host.scrollTop / height);
      if (place >= 0 && moved > 0) {
        host.scrollTop += moved * height;
        fresh.hidden = false;
        waiting += moved;
        fresh.textContent = `↑ ${whole(waiting)} new`;
      }
    }
    const failed = all.reduce((sum, it) => sum + (it.errors > 0 ? 1 : 0), 0);
    const spent = all.reduce((sum, it) => sum + it.cost_nusd, 0);
    say(figures, [counted(shown.length, "trace") + (shown.length < all.length ? ` of ${whole(all.length)}` : ""), failed && `${whole(failed)} failed`, spent && dollars(spent)].filter(Boolean).join(" · "));
    nothing.hidden = isOld || shown.length > 0;
    host.hidden = !nothing.hidden;
    head.hidden = host.hidden;
    if (!nothing.hidden) fill(nothing, all.length ? el("p", { class: "dim" }, "None of the traces is like that.") : empty());
    const services = [...new Set(all.map((it) => it.service))].filter(Boolean).sort();
    const options = services.join("\n");
    if (service.dataset.options !== options) {
      service.dataset.options = options;
      service.replaceChildren(el("option", { value: "" }, "All services"), ...services.map((it) => el("option", { value: it, text: it })));
      service.value = services.includes(wish.service) ? wish.service : "";
    }
    service.hidden = services.length < 2 && !wish.service;
  }
  let waiting = 0;
  host.addEventListener("scroll", () => {
    if (host.scrollTop < height) {
      waiting = 0;
      fresh.hidden = true;
    }
  }, { passive: true });

  let frame = 0;
  const later = () => (frame ||= requestAnimationFrame(() => {
    frame = 0;
    arrange();
  }));

  function take(news) {
    for (const it of news) {
      if (!known.has(it.trace_id)) arrived += 1;
      known.set(it.trace_id, { ...it, at: Number(it.start_time_unix_nano) });
    }
    // The oldest go, so that the page stays small.
    if (known.size > MOST * 1.2) {
      const oldest = [...known.values()].sort((a, b) => a.at - b.at).slice(0, known.size - MOST);
      for (const it of oldest) known.delete(it.trace_id);
    }
    later();
  }

  // Screen readers are told now and then, however much comes in.
  let arrived = 0;
  const telling = setInterval(() => {
    if (arrived) announce(`${counted(arrived, "new trace")}, ${counted(known.size, "trace")} in all`);
    arrived = 0;
  }, 4000);

  /** News that came while the list was asked for, and may be newer than the answer. @type {any[]} */
  let meanwhile = [];
  let asked = 0;

  async function load() {
    asked += 1;
    const all = await traces({ limit: MOST }).finally(() => (asked -= 1));
    known.clear();
    isOld = false;
    take([...all, ...meanwhile]);
    arrived = 0;
    if (!asked) meanwhile = [];
  }

  function wishChanged() {
    const options = Object.fromEntries([["name", wish.name], ["service", wish.service], ["errors", wish.errors ? "1" : ""]].filter(([, value]) => value));
    replace([], options);
    host.scrollTop = 0;
    arrange();
    announce(counted(shown.length, "trace"));
  }
  name.addEventListener("input", () => {
    wish.name = name.value;
    wishChanged();
  });
  service.addEventListener("change", () => {
    wish.service = service.value;
    wishChanged();
  });
  errors.addEventListener("click", () => {
    wish.errors = !wish.errors;
    errors.setAttribute("aria-pressed", String(wish.errors));
    wishChanged();
  });

  function choose(index) {
    if (!shown.length) return;
    chosen = Math.max(0, Math.min(shown.length - 1, index));
    rows.reveal(chosen);
    rows.refresh();
    host.setAttribute("aria-activedescendant", `trace-${chosen}`);
    announce(shown[chosen].name);
  }

  const done = [onNews((news) => {
    if (asked) meanwhile.push(...news);
    if (!isOld) take(news);
  }), onConnection((isLive) => isLive && !isOld && load().catch(() => {}))];
  return {
    ready: connected().then(load),
    keys: {
      down: () => choose(chosen + 1),
      up: () => choose(chosen < 0 ? 0 : chosen - 1),
      first: () => choose(0),
      last: () => choose(shown.length - 1),
      enter: () => shown[chosen] && go(["trace", shown[chosen].trace_id]),
      search: () => name.focus(),
    },
    close() {
      done.forEach((it) => it());
      cancelAnimationFrame(frame);
      clearInterval(telling);
      rows.close();
    },
  };
}

/** A name, cut if very long. @param {string} name */
export function shortened(name) {
  return name.length > 300 ? `${name.slice(0, 300)}…` : name;
}
