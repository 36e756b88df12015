// The carriers of this deployment: what each sends, how each fares, what each still needs.

import { get } from "./api.js";
import { healthCards } from "./carrier-health.js";
import { carrierList, carrierNames } from "./carriers.js";
import { card, heading, linkButton } from "./parts.js";
import { routeCard } from "./route-rules.js";
import { text } from "./texts.js";

export async function show({ signal, refresh }) {
  const [carriers, routes, health, prices] = await Promise.all([
    get(["carriers"], { signal }),
    get(["routes"], { signal }),
    get(["carriers", "health"], { signal }),
    get(["prices"], { signal }),
  ]);
  const name = carrierNames(carriers);
  return [
    heading(text("menu.carriers"), {
      lead: text("carriers.lead"),
      actions: [linkButton(text("mappings.all"), "#/mappings", "quiet")],
    }),
    routeCard(routes, { name, prices: prices.items, refresh }),
    healthCards(health, { name, prices: prices.items }),
    card(text("carriers.needs"), carrierList(carriers)),
  ];
}
