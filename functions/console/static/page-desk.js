// The operator's first page: what waits for a decision, and what the carriers still need.

import { get } from "./api.js";
import { carrierList } from "./carriers.js";
import { h } from "./dom.js";
import { card, heading, linkButton, tile } from "./parts.js";
import { text } from "./texts.js";

export async function show({ signal }) {
  const [queue, apps, carriers] = await Promise.all([
    get(["review"], { signal }),
    get(["apps"], { signal }),
    get(["carriers"], { signal }),
  ]);
  return [
    heading(text("desk.title"), { lead: text("desk.lead") }),
    h(
      "div",
      { class: "tiles" },
      tile(text("desk.waiting"), count(queue), "#/review"),
      tile(text("desk.apps"), count(apps), "#/apps"),
    ),
    card(
      text("desk.carrier"),
      h("p", { class: "soft" }, text("desk.carrierLead")),
      carrierList({
        ...carriers,
        items: carriers.items.filter(({ name }) => name === carriers.active),
      }),
      linkButton(text("desk.carriers"), "#/carriers", "quiet"),
    ),
    card(
      text("desk.next"),
      h(
        "div",
        { class: "actions" },
        linkButton(text("desk.newApp"), "#/apps/new", "quiet"),
        linkButton(text("desk.addOperator"), "#/operators", "quiet"),
        linkButton(text("desk.mappings"), "#/mappings", "quiet"),
      ),
    ),
  ];
}

function count({ items, cursor }) {
  return cursor ? `${items.length}+` : String(items.length);
}
