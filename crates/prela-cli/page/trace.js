// The view of a trace: its figures, its three drawings, and the panel beside them.
import { announce, el, fill, icon, say } from "./dom.js";
import { criticalPath } from "./critical.js";
import { Detail } from "./detail.js";
import { chooseOther } from "./diff.js";
import { Overview } from "./doctor.js";
import { Find } from "./find.js";
import { figuresOf } from "./headline.js";
import { Flame } from "./flame.js";
import { idleGaps, WORTH_IT } from "./gaps.js";
import { Lanes } from "./lanes.js";
import { shortened } from "./list.js";
import { connected, onConnection, onNews } from "./live.js";
import { Minimap } from "./minimap.js";
import { Trace } from "./model.js";
import { address, go, replace } from "./route.js";
import { Scale } from "./scale.js";
import { share } from "./share.js";
import { findings, isFile, view } from "./source.js";
import { sums } from "./sums.js";
import { isCalm } from "./theme.js";
import { percent } from "./units.js";
import { walk } from "./walk.js";
import { Waterfall } from "./waterfall.js";

const VIEWS = /** @type {const} */ ([["waterfall", "Waterfall"], ["lanes", "Lanes"], ["flame", "Flame"]]);

const SILENCE = 10000;

/** @param {HTMLElement} main @param {import("./route.js").Route} at */
export function showTrace(main, at) {
  const asked = at.parts[1];
  /** @type {Trace | null} */
  let trace = null;
  /** @type {any[]} */
  let found = [];
  let which = "waterfall";
  let isShrunk = false;
  let isOpen = true;
  let idle = idleGaps(/** @type {any} */ ({ count: 0, end: () => 1 }));
  const shown = /** @type {any} */ ({ hits: new Set(), selected: -1, path: null });

  const waterfall = new Waterfall({ onselect: (line) => (line.stray ? chooseStray(line.stray) : select(line.span)), onscale: rescaled });
  const lanes = new Lanes({ onselect: select });
  const flame = new Flame({ onselect: select });
  const minimap = new Minimap({ onwindow: rescaled });
  const overview = new Overview({ onselect: select, onstray: chooseStray });
  const detail = new Detail({ onclose: () => select(-1), onselect: select, finding: (it) => overview.finding(it) });
  const find = new Find({ onselect: select, onhits: (hits) => {
    shown.hits = hits;
    redraw();
    if (trace) minimap.show(trace, shown.scale, hits);
  } });

  const title = el("h1", { class: "trace-title", tabindex: "-1" });
  const facts = el("p", { class: "facts" });
  const doctor = el("button", { type: "button", class: "toggle warn", hidden: true, onclick: () => {
    select(-1);
    overview.element.scrollIntoView({ behavior: isCalm() ? "auto" : "smooth", block: "nearest" });
  } });
  const tabs = el("div", { class: "tabs", role: "group", "aria-label": "View" }, VIEWS.map(([name, text]) => el("button", { type: "button", "aria-pressed": "false", "data-view": name, onclick: () => look(name) }, text)));
  const critical = el("button", { type: "button", class: "toggle", "aria-pressed": "false", title: "What had to be faster for the trace to be faster (c)", onclick: () => togglePath() }, "Critical path");
  const shrink = el("button", { type: "button", class: "toggle", "aria-pressed": "false", hidden: true, onclick: () => toggleGaps() });
  const whole = el("button", { type: "button", class: "toggle", hidden: true, title: "Show all of it (0)", onclick: () => zoom(0) }, "Whole time");
  const buttons = el("div", { class: "buttons", hidden: true }, el("button", { type: "button", onclick: () => trace && chooseOther(trace.summary) }, "Compare"), el("button", { type: "button", onclick: () => trace && share(trace.summary.trace_id) }, icon("share"), "Share"));
  const stage = el("div", { class: "stage" }, minimap.element, waterfall.element, lanes.element, flame.element);
  fill(main, el("div", { class: "trace" },
    el("header", { class: "trace-head" },
      !isFile && el("a", { class: "quiet", href: "#/", "aria-label": "All traces", title: "All traces (g)" }, icon("back")),
      el("div", { class: "trace-names" }, title, facts),
      buttons),
    el("div", { class: "bar-line" }, tabs, critical, shrink, doctor, whole, el("span", { class: "push" }), find.element),
    el("div", { class: "trace-body" }, stage, overview.element, detail.element)));
  look("waterfall");

  /** @param {string} name */
  function look(name) {
    which = name;
    for (const tab of tabs.children) tab.setAttribute("aria-pressed", String(tab.dataset.view === name));
    waterfall.element.hidden = name !== "waterfall";
    lanes.element.hidden = name !== "lanes";
    flame.element.hidden = name !== "flame";
    minimap.element.hidden = name === "flame";
    critical.hidden = name !== "waterfall";
    redraw();
  }

  function redraw() {
    if (!trace) return;
    if (which === "waterfall") waterfall.refresh(shown);
    else if (which === "lanes") lanes.show(shown);
    else flame.show(shown);
    whole.hidden = shown.scale.isWhole || which === "flame";
  }

  function rescaled() {
    if (!trace) return;
    minimap.window();
    if (which === "waterfall") waterfall.refresh();
    else lanes.later();
    whole.hidden = shown.scale.isWhole || which === "flame";
  }

  /** Zooms by a factor; 0 shows everything. @param {number} factor */
  function zoom(factor) {
    if (!trace) return;
    if (factor === 0) shown.scale.show(0, 1);
    else {
      const i = shown.selected;
      const middle = i >= 0 ? shown.scale.where((trace.start[i] + trace.endOf(i)) / 2) : 0.5;
      shown.scale.zoom(factor, Math.min(1, Math.max(0, middle)));
    }
    rescaled();
  }

  function fresh() {
    const old = shown.scale;
    shown.scale = new Scale(trace?.end() ?? 1, isShrunk ? idle.gaps : []);
    if (old) shown.scale.show(old.from, old.to);
  }

  /** @param {any} seen */
  function take(seen) {
    const chosen = trace && shown.selected >= 0 ? trace.ids[shown.selected] : null;
    trace = new Trace(seen);
    shown.trace = trace;
    shown.sums = sums(trace);
    shown.path = critical.getAttribute("aria-pressed") === "true" ? criticalPath(trace) : null;
    shown.selected = chosen ? trace.indexOf(chosen) : -1;
    idle = idleGaps(trace);
    fresh();
    headline();
    lanes.order = undefined;
    waterfall.show(shown, found);
    minimap.show(trace, shown.scale, shown.hits);
    find.show(trace);
    redraw();
    beside();
  }

  function headline() {
    if (!trace) return;
    document.title = `${shortened(trace.summary.name)} · Prela`;
    title.replaceChildren(el("bdi", { text: shortened(trace.summary.name) }));
    fill(facts, figuresOf(trace, shown.sums));
    shrink.hidden = !isShrunk && idle.idle < WORTH_IT;
    say(shrink, isShrunk ? "Idle time left out" : `${percent(idle.idle)} idle · leave it out?`);
    doctor.hidden = found.length === 0;
    fill(doctor, icon("warn"), found.length === 1 ? "1 hangs in the air" : `${found.length} hang in the air`);
  }

  function beside() {
    if (!trace) return;
    const i = shown.selected;
    overview.element.hidden = i >= 0;
    overview.trace = trace;
    main.classList.toggle("with-detail", i >= 0);
    if (i < 0) {
      detail.hide();
      overview.show(trace, shown.path ?? criticalPath(trace), found);
    } else detail.show(trace, i, shown.sums, found);
  }

  /** @param {number} i */
  function select(i, isNavigation = false) {
    if (!trace) return;
    shown.selected = i;
    waterfall.strayChosen = null;
    find.current = i;
    if (i >= 0) {
      waterfall.reveal(i);
      announce(`${trace.name(i)}, ${trace.took(i)}${trace.errors.has(i) ? ", failed" : ""}`);
    }
    const q = find.input.value ? { q: find.input.value } : {};
    if (!isNavigation) replace(i >= 0 ? ["trace", asked, "span", trace.ids[i]] : ["trace", asked], q);
    redraw();
    beside();
  }

  function chooseStray(finding) {
    if (isFile || waterfall.strayChosen === finding) {
      if (!isFile) go(["trace", finding.trace_id, "span", finding.span_id]);
      return;
    }
    select(-1);
    waterfall.strayChosen = finding;
    const line = waterfall.lines.findIndex((it) => it.stray === finding);
    if (line >= 0) waterfall.revealLine(line);
    redraw();
  }

  function togglePath() {
    if (!trace) return;
    shown.path = shown.path ? null : criticalPath(trace);
    critical.setAttribute("aria-pressed", String(shown.path !== null));
    redraw();
  }

  function toggleGaps() {
    if (!trace) return;
    isShrunk = !isShrunk;
    shrink.setAttribute("aria-pressed", String(isShrunk));
    fresh();
    headline();
    minimap.show(trace, shown.scale, shown.hits);
    redraw();
  }

  async function load() {
    const begin = performance.now();
    const seen = await view(asked);
    if (!isOpen) return;
    const isFirst = trace === null;
    take(seen);
    // A large trace that grows is read again less often.
    pause = Math.max(250, (performance.now() - begin) * 8);
    buttons.hidden = isFile;
    if (isFirst) navigate(at);
    if (isFirst && isOutdated) again();
    const before = found.length;
    found = await findings(asked).catch(() => []);
    if (!isOpen || !trace || before + found.length === 0) return;
    waterfall.show(shown, found);
    headline();
    redraw();
    beside();
  }
  let pause = 250;
  let timer = 0;
  // Whether news of the trace came before it.
  let isOutdated = false;
  const again = () => {
    timer ||= window.setTimeout(() => {
      timer = 0;
      load().catch(() => {});
    }, pause);
  };
  const done = [
    onNews((news) => {
      if (!news.some((it) => it.trace_id.startsWith(trace?.summary.trace_id ?? asked))) return;
      if (trace) again();
      else isOutdated = true;
    }),
    onConnection((isLive) => isLive && trace && again()),
  ];
  // Running spans grow.
  const ticking = window.setInterval(() => {
    if (!trace?.running || document.hidden) return;
    // A process that is gone sends no news.
    if (performance.now() - trace.loaded > SILENCE) again();
    fresh();
    headline();
    // Lanes and flame of many spans take long to draw, so they wait for news.
    if (which === "waterfall" || trace.count < 2000) redraw();
  }, isCalm() ? 2000 : 200);

  /** @param {import("./route.js").Route} to */
  function navigate(to) {
    if (!trace) return;
    const q = to.options.get("q");
    if (q && find.input.value !== q) find.set(q);
    const i = to.parts[2] === "span" ? trace.indexOf(to.parts[3] ?? "") : -1;
    if (i !== shown.selected) select(i, true);
  }

  const { step, sideways, nextError } = walk({ trace: () => trace, which: () => which, shown, waterfall, lanes, select, chooseStray });

  return {
    ready: connected().then(load),
    accepts: (to) => to.parts[0] === "trace" && to.parts[1] === asked,
    navigate,
    keys: {
      down: () => step(1),
      up: () => step(-1),
      left: () => (which === "lanes" ? step(-1) : sideways(false)),
      right: () => (which === "lanes" ? step(1) : sideways(true)),
      first: () => waterfall.lines[0] && select(waterfall.lines[0].span),
      last: () => step(Infinity),
      enter: () => detail.element.hidden || detail.title.focus(),
      search: () => find.input.select(),
      next: () => find.step(1),
      previous: () => find.step(-1),
      error: nextError,
      path: togglePath,
      gaps: () => shrink.hidden || toggleGaps(),
      in: () => zoom(0.6),
      out: () => zoom(1 / 0.6),
      all: () => zoom(0),
      waterfall: () => look("waterfall"),
      lanes: () => look("lanes"),
      flame: () => look("flame"),
      back: () => isFile || (location.hash = address([])),
      escape: () => (shown.selected >= 0 ? select(-1) : find.input.value ? find.set("") : zoom(0)),
    },
    close() {
      isOpen = false;
      main.classList.remove("with-detail");
      document.title = "Prela";
      clearInterval(ticking);
      clearTimeout(timer);
      done.forEach((it) => it());
      [waterfall, lanes, flame, minimap].forEach((it) => it.close());
    },
  };
}
