// The carriers in words.

import { h } from "./dom.js";
import { badge } from "./parts.js";
import { spoken, text } from "./texts.js";

/** The carriers, the one in use first, each with the steps that it still needs. */
export function carrierList({ active, items }) {
  const isActive = ({ name }) => name === active;
  const ordered = [...items.filter(isActive), ...items.filter((carrier) => !isActive(carrier))];
  return h(
    "ul",
    { class: "carriers" },
    ordered.map((carrier) => one(carrier, isActive(carrier))),
  );
}

function one({ label, needs, ready }, isActive) {
  const steps = needs.map((step) => h("li", {}, spoken(step)));
  return h(
    "li",
    {},
    h(
      "p",
      { class: "line" },
      h("strong", {}, spoken(label)),
      isActive && badge(text("carrier.active"), "info"),
      readiness(ready),
    ),
    steps.length > 0 && h("ol", { class: "needs" }, steps),
  );
}

function readiness(ready) {
  if (ready === null) return null; // only the vendor knows
  return ready ? badge(text("carrier.ready"), "good") : badge(text("carrier.notReady"), "warn");
}
