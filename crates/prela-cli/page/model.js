// The model of a trace: columns of numbers, with the spans from the top of the tree to its bottom.

import { duration } from "./units.js";

/** The types of spans; the first is the default. */
export const TYPES = /** @type {const} */ (["chain", "agent", "llm", "tool", "retrieval", "embedding", "http"]);

const WORDS = {
  agent: ["agent", "invoke_agent", "create_agent", "workflow", "invoke_workflow", "session"],
  llm: ["llm", "chat", "completion", "text_completion", "generate_content", "model"],
  tool: ["tool", "execute_tool", "mcp"],
  retrieval: ["retrieval", "retriever", "reranker", "rerank", "vector_db"],
  embedding: ["embedding", "embeddings"],
};

export class Trace {
  /** @param {any} view as the server's `columns` */
  constructor({ summary, texts, columns, logs }) {
    const n = columns.id.length;
    this.summary = summary;
    this.logs = logs;
    this.count = n;
    /** @type {string[]} */
    this.texts = texts;
    /** @type {string[]} */
    this.ids = columns.id;
    this.parent = Int32Array.from(columns.parent);
    this.start = Float64Array.from(columns.start);
    this.durations = Float64Array.from(columns.duration);
    this.input = Float64Array.from(columns.input);
    this.output = Float64Array.from(columns.output);
    this.cost = Float64Array.from(columns.cost);
    this.columns = columns;
    /** @type {Map<number, string>} */
    this.errors = new Map(columns.errors);
    /** @type {Map<number, number[]>} */
    this.events = new Map(columns.events);
    this.orphans = new Set(columns.orphans);
    this.circles = new Set(columns.circles);
    /** Spans without an end of which nothing was heard for a while: their process ended, most likely. */
    this.unfinished = new Set(columns.unfinished);
    this.shape();
    this.type = this.classify();
    /** When the page got the trace: running spans go on from there. */
    this.loaded = performance.now();
    this.running = this.durations.reduce((sum, it) => sum + (it < 0 ? 1 : 0), 0) - this.unfinished.size;
    /** The latest time in the data. */
    this.known = this.furthest();
    this.age = this.running ? Math.max(0, Date.now() * 1e6 - Number(summary.start_time_unix_nano)) : 0;
  }

  /** Computes depths, last descendants, numbers of children. */
  shape() {
    const { count, parent } = this;
    this.depth = new Int32Array(count);
    this.last = new Int32Array(count);
    this.children = new Int32Array(count);
    for (let i = 0; i < count; i += 1) {
      const above = parent[i];
      if (above >= 0) {
        this.depth[i] = this.depth[above] + 1;
        this.children[above] += 1;
      }
      this.last[i] = i;
    }
    for (let i = count - 1; i > 0; i -= 1) {
      const above = parent[i];
      if (above >= 0 && this.last[i] > this.last[above]) this.last[above] = this.last[i];
    }
  }

  classify() {
    const { operation, kind, name } = this.columns;
    const known = this.texts.map((text) => {
      const word = text.toLowerCase();
      return TYPES.findIndex((type) => WORDS[type]?.includes(word));
    });
    return Uint8Array.from({ length: this.count }, (_, i) => {
      const found = operation[i] >= 0 ? known[operation[i]] : -1;
      if (found >= 0) return found;
      // Servers and clients, and what is named as a request.
      return kind[i] === 2 || kind[i] === 3 || METHOD.test(this.texts[name[i]]) ? TYPES.indexOf("http") : 0;
    });
  }

  furthest() {
    let end = 0;
    for (let i = 0; i < this.count; i += 1) {
      end = Math.max(end, this.start[i] + Math.max(0, this.durations[i]));
      const events = this.events.get(i);
      if (events) end = Math.max(end, events[events.length - 1]);
    }
    return end;
  }

  /** The time at which the trace ends; while something runs, now. */
  end() {
    if (!this.running) return Math.max(this.known, 1);
    // Clocks differ, and a trace that nobody ever ended is not drawn over days.
    const now = this.age + (performance.now() - this.loaded) * 1e6;
    return now < this.known || now > Math.max(this.known * 20, LONG) ? Math.max(this.known * 1.05, 1) : now;
  }

  /** @param {number} i */
  isRunning(i) {
    return this.durations[i] < 0 && !this.unfinished.has(i);
  }

  /** The duration of a span in words. @param {number} i */
  took(i) {
    if (this.unfinished.has(i)) return "unfinished";
    return this.isRunning(i) ? `running ${duration(this.durationOf(i))}` : duration(this.durations[i]);
  }

  /** @param {number} i */
  endOf(i) {
    return this.durations[i] < 0 ? Math.max(this.end(), this.start[i]) : this.start[i] + this.durations[i];
  }

  /** @param {number} i */
  durationOf(i) {
    return this.endOf(i) - this.start[i];
  }

  /** @param {string} column @param {number} i */
  text(column, i) {
    const place = this.columns[column][i];
    return place < 0 ? "" : this.texts[place];
  }

  /** @param {number} i */
  name(i) {
    return this.text("name", i);
  }

  /** @param {number} i */
  typeName(i) {
    return TYPES[this.type[i]];
  }

  /** @param {string} id */
  indexOf(id) {
    this.places ??= new Map(this.ids.map((it, i) => [it, i]));
    return this.places.get(id) ?? -1;
  }

  /** The texts of a column, each once. @param {string} column @returns {string[]} */
  distinct(column) {
    return [...new Set(this.columns[column])].filter((it) => it >= 0).map((it) => this.texts[it]);
  }

  /** The top span that takes the most time. */
  root() {
    let root = 0;
    for (let i = 0; i < this.count; i = this.last[i] + 1) {
      if (this.durationOf(i) > this.durationOf(root)) root = i;
    }
    return root;
  }

  /** The direct children of a span. @param {number} i */
  *childrenOf(i) {
    for (let child = i + 1; child <= this.last[i]; child = this.last[child] + 1) yield child;
  }
}

const METHOD = /^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\b/;
const LONG = 600e9;
