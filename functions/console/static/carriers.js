// The carriers in words.

import { SERVER } from "./api.js";
import { h } from "./dom.js";
import { badge, copyable } from "./parts.js";
import { spoken, text } from "./texts.js";

// Where an address in a sentence ends: at a blank, or at punctuation of either language.
const ADDRESS = /(https?:\/\/[^\s，。；：、（）()]+)/;
// How sentences write where carriers call this deployment.
const OWN = "PublicBaseUrl/carriers";

/** The carriers, the one in use first, each with the steps that it still needs. */
export function carrierList({ active, base_url: base, items }) {
  const isActive = ({ name }) => name === active;
  const rank = (carrier) => (isActive(carrier) ? 0 : carrier.usable ? 1 : 2);
  const ordered = items.toSorted((a, b) => rank(a) - rank(b));
  return h(
    "ul",
    { class: "carriers" },
    ordered.map((carrier) => one(carrier, isActive(carrier), base || SERVER)),
  );
}

/** What people call each carrier: a function of its name. Own gateways can be several. */
export function carrierNames({ items }) {
  const labels = new Map(items.map(({ name, label }) => [name, spoken(label)]));
  return (name) => labels.get(name.startsWith("webhook-") ? "webhook" : name) ?? name;
}

function one({ label, needs, usable, ready }, isActive, base) {
  const steps = needs.map((step) => h("li", {}, withAddresses(spoken(step), base)));
  return h(
    "li",
    {},
    h(
      "p",
      { class: "line" },
      h("strong", {}, spoken(label)),
      isActive && badge(text("carrier.active"), "info"),
      usable && !isActive && badge(text("carrier.usable"), "info"),
      readiness(ready),
    ),
    steps.length > 0 && h("ol", { class: "needs" }, steps),
  );
}

/** A sentence in which every address is whole and has a button that copies it. */
function withAddresses(sentence, base) {
  return sentence
    .replaceAll(OWN, `${base}/carriers`)
    .split(ADDRESS)
    .map((part, index) => (index % 2 ? copyable(part, text("carrier.address")) : part));
}

function readiness(ready) {
  if (ready === null) return null; // only the vendor knows
  return ready ? badge(text("carrier.ready"), "good") : badge(text("carrier.notReady"), "warn");
}
