// The results of a run as a CSV file: made when somebody asks, then there to be taken.

import { call, get } from "./api.js";
import { h } from "./dom.js";
import { count } from "./format.js";
import { button, card, explain } from "./parts.js";
import { poll } from "./polling.js";
import { text } from "./texts.js";

const PAUSE_MS = 2_000;

export function resultsCard({ id, run }, first, { signal }) {
  const path = ["campaigns", id, "results"];
  const place = h("div", { class: "actions", role: "status" });
  const note = h("p", { class: "form-note", role: "alert" });
  const failed = (error) => {
    note.textContent = explain(error);
  };

  async function make() {
    note.textContent = "";
    try {
      await call("POST", path);
      draw({ state: "making" });
    } catch (error) {
      failed(error);
    }
  }

  async function look() {
    const now = await get(path, { query: { run: run.number }, signal });
    if (now.state === "making") return PAUSE_MS;
    draw(now);
    return null;
  }

  function draw(results) {
    const shown = {
      none: () => button(text("results.make"), make, "primary", { data: { key: "results" } }),
      making: () => h("p", { class: "soft" }, text("results.making")),
      ready: () => [
        h("a", { class: "button primary", href: results.url, download: "" }, text("results.take")),
        results.rows !== undefined &&
          h("span", { class: "soft" }, text("results.rows", { count: count(results.rows) })),
        button(text("results.anew"), make, "quiet"),
      ],
    };
    place.replaceChildren(...[shown[results.state]()].flat().filter(Boolean));
    if (results.state === "making") poll(signal, PAUSE_MS, look, failed);
  }

  draw(first);
  return card(text("results.title"), h("p", { class: "soft" }, text("results.lead")), place, note);
}

export function resultsOf({ id, run }, { signal }) {
  return get(["campaigns", id, "results"], { query: { run: run.number }, signal });
}
