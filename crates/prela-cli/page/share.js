// The dialog that saves a trace as a file, which opens without this program.
import { el, fill } from "./dom.js";
import { file } from "./source.js";
import { size } from "./units.js";

/** @param {string} id */
export function share(id) {
  const isWhole = el("input", { type: "checkbox", checked: true });
  const note = el("p", { class: "dim", role: "status" }, "It opens in any browser, without this program and without a network.");
  const save = el("button", { type: "button", class: "primary" }, "Save the file");
  const dialog = el("dialog", { class: "dialog", "aria-labelledby": "share-title" },
    el("h2", { id: "share-title" }, "Share this trace"),
    el("p", {}, "One HTML file with the waterfall, every span, and the doctor's findings."),
    el("label", { class: "check" }, isWhole, el("span", {}, "With what was said: prompts, answers, documents, arguments and results of tools")),
    note,
    el("div", { class: "buttons" }, el("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), save));
  save.addEventListener("click", async () => {
    note.textContent = "…";
    try {
      const blob = await file(id, isWhole.checked);
      const link = el("a", { href: URL.createObjectURL(blob), download: `prela-${id.slice(0, 8)}.html` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
      fill(note, `prela-${id.slice(0, 8)}.html, ${size(blob.size)}`);
    } catch (error) {
      fill(note, String(error));
    }
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
