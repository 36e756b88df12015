// All consents and opt-outs as a file: asked for, waited for, downloaded.

import { call, get } from "./api.js";
import { h } from "./dom.js";
import { button, explain, linkButton } from "./parts.js";
import { text } from "./texts.js";

const ASK_EVERY = 1500; // milliseconds

/** A button, and below it how far the file is; it stops to ask when the page is left. */
export function exportBox(signal) {
  const place = h("div", { class: "stack", "aria-live": "polite" });
  const begin = button(text("optOuts.export"), async () => {
    begin.disabled = true;
    try {
      await follow(place, signal);
    } catch (error) {
      if (error.name !== "AbortError") place.replaceChildren(problem(explain(error)));
    }
    begin.disabled = false;
  });
  const lead = h("p", { class: "soft" }, text("optOuts.export.lead"));
  return [lead, h("div", { class: "actions" }, begin), place];
}

async function follow(place, signal) {
  let { export: one } = await call("POST", ["ledger", "exports"], { body: {}, signal });
  while (one.state === "making") {
    const rows = text("optOuts.export.making", { rows: one.rows });
    place.replaceChildren(h("p", { class: "soft" }, h("progress"), " ", rows));
    await pause(signal);
    ({ export: one } = await get(["ledger", "exports", one.id], { signal }));
  }
  place.replaceChildren(one.state === "ready" ? ready(one) : problem(text("optOuts.export.failed")));
}

function ready({ rows, url }) {
  return h(
    "p",
    { class: "line" },
    text("optOuts.export.ready", { rows }),
    linkButton(text("optOuts.export.download"), url),
  );
}

function problem(sentence) {
  return h("p", { class: "form-note", role: "alert" }, sentence);
}

function pause(signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ASK_EVERY);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
