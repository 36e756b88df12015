// The carriers of this deployment and what each still needs.

import { get } from "./api.js";
import { carrierList } from "./carriers.js";
import { card, heading, linkButton } from "./parts.js";
import { text } from "./texts.js";

export async function show({ signal }) {
  const carriers = await get(["carriers"], { signal });
  return [
    heading(text("menu.carriers"), {
      lead: text("carriers.lead"),
      actions: [linkButton(text("mappings.all"), "#/mappings", "quiet")],
    }),
    card(null, carrierList(carriers)),
  ];
}
