// All apps of the deployment.

import { get } from "./api.js";
import { h } from "./dom.js";
import { field, input } from "./forms.js";
import { money } from "./format.js";
import { empty, heading, linkButton } from "./parts.js";
import { address } from "./routes.js";
import { moreRows, table } from "./tables.js";
import { text } from "./texts.js";

// Below this many, looking is quicker than typing.
const WORTH_A_SEARCH = 8;

export async function show({ signal }) {
  const first = await get(["apps"], { signal });
  const create = linkButton(text("apps.new"), "#/apps/new");
  if (first.items.length === 0) {
    return [heading(text("menu.apps")), empty(text("apps.none"), text("apps.noneBody"), create)];
  }
  const columns = [
    {
      title: text("apps.name"),
      cell: ({ app_id: id, name }) => h("a", { href: address(["apps", id]) }, name),
    },
    { title: "App ID", cell: ({ app_id: id }) => h("code", {}, id) },
    { title: text("home.balance"), cell: (app) => money(app.balance_micros), number: true },
    { title: text("apps.open"), cell: ({ app_id: id }) => shortcuts(id) },
  ];
  const rows = table(text("menu.apps"), columns, first.items);
  return [
    heading(text("menu.apps"), { lead: text("apps.lead"), actions: [create] }),
    first.items.length >= WORTH_A_SEARCH && search(rows),
    h("div", { class: "card flush" }, rows),
    moreRows(rows, columns, first.cursor, (cursor) => get(["apps"], { query: { cursor } })),
  ];
}

function shortcuts(id) {
  return h(
    "span",
    { class: "line" },
    ["records", "balance"].map((page) =>
      h("a", { href: address(["apps", id, page]) }, text(`menu.${page}`)),
    ),
  );
}

function search(rows) {
  const wanted = input({ type: "search" });
  wanted.addEventListener("input", () => {
    const words = wanted.value.trim().toLowerCase();
    for (const row of rows.tBodies[0].rows)
      row.hidden = !row.textContent.toLowerCase().includes(words);
  });
  return field(text("apps.search"), wanted);
}
