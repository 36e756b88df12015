// An app's audiences: who can be sent to.

import { get } from "./api.js";
import { formatHelp } from "./audience-format.js";
import { audienceBadge } from "./audience-words.js";
import { h } from "./dom.js";
import { count } from "./format.js";
import { card, empty, heading, linkButton, when } from "./parts.js";
import { address } from "./routes.js";
import { moreRows, table } from "./tables.js";
import { text } from "./texts.js";

export async function show({ signal }) {
  const first = await get(["audiences"], { signal });
  const create = linkButton(text("audiences.new"), "#/audiences/new");
  if (first.audiences.length === 0) {
    return [
      heading(text("menu.audiences"), { lead: text("audiences.lead") }),
      empty(text("audiences.none"), text("audiences.noneBody"), create),
      card(null, formatHelp({ open: true })),
    ];
  }
  return [
    heading(text("menu.audiences"), { lead: text("audiences.lead"), actions: [create] }),
    list(first),
    card(null, formatHelp()),
  ];
}

function list(first) {
  const columns = [
    { title: text("audiences.name"), cell: named },
    { title: text("records.state"), cell: audienceBadge },
    { title: text("audiences.valid"), cell: (one) => figure(one, "valid"), number: true },
    { title: text("audiences.optedOut"), cell: (one) => figure(one, "opted_out"), number: true },
    { title: text("audiences.refused"), cell: refused, number: true },
    { title: text("audiences.expires"), cell: ({ expires_at: at }) => when(at) },
  ];
  const rows = table(text("menu.audiences"), columns, first.audiences);
  const load = async (cursor) => {
    const page = await get(["audiences"], { query: { cursor } });
    return { items: page.audiences, cursor: page.cursor };
  };
  return [h("div", { class: "card flush" }, rows), moreRows(rows, columns, first.cursor, load)];
}

function named({ id, name, created_at: at }) {
  return [h("a", { href: address(["audiences", id]) }, name), h("small", {}, when(at))];
}

/** Nothing is known of what was not read. */
function figure(audience, name) {
  return audience.state === "ready" ? count(audience[name]) : "–";
}

function refused({ state, invalid, duplicate }) {
  return state === "ready" ? count(invalid + duplicate) : "–";
}
