// The list before the first trace: how to send one.
import { copyButton, el, icon } from "./dom.js";
import { hello } from "./source.js";

/** @returns {HTMLElement} */
export function empty() {
  const address = el("code", { text: "http://127.0.0.1:4318" });
  hello().then((it) => it.http && (address.textContent = `http://${it.http}`)).catch(() => {});
  const line = (...parts) => el("div", { class: "command" }, el("code", {}, parts), copyButton(() => parts.map((it) => (it instanceof Node ? it.textContent : it)).join(""), "Copy this line"));
  return el("section", { class: "empty" },
    el("div", { class: "empty-mark", "aria-hidden": "true" }, icon("llm")),
    el("h2", {}, "Waiting for the first trace"),
    el("p", { class: "dim" }, "It appears here the moment it begins."),
    el("h3", {}, "From any program with OpenTelemetry"),
    line("export OTEL_EXPORTER_OTLP_ENDPOINT=", address),
    el("h3", {}, "From Rust, with Prela"),
    line("let _prela = prela::init(\"my-agent\")?;"),
    el("h3", {}, "To see what it looks like"),
    line("prela demo"),
  );
}
