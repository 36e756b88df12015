// Who wants marketing from the app and who does not: one number, the list, and all of it as a file.

import { get } from "./api.js";
import { exportBox } from "./consent-export.js";
import { h } from "./dom.js";
import { numberBox } from "./number-consent.js";
import { card, empty, heading, when } from "./parts.js";
import { author } from "./people.js";
import { moreRows, table } from "./tables.js";
import { text } from "./texts.js";

export async function show({ query, signal, refresh }) {
  const first = await get(["opt-outs"], { signal });
  return [
    heading(text("menu.optOuts"), { lead: text("optOuts.lead") }),
    card(text("optOuts.number"), ...numberBox(query.get("phone") ?? "", refresh)),
    card(text("optOuts.list"), list(first)),
    card(text("optOuts.export.title"), ...exportBox(signal)),
  ];
}

function list(first) {
  if (first.items.length === 0) return empty(text("optOuts.none"), text("optOuts.noneBody"));
  const columns = [
    { title: text("records.phone"), cell: who },
    { title: text("optOuts.since"), cell: ({ at }) => when(at) },
    { title: text("optOuts.how"), cell: proof },
  ];
  const rows = table(text("optOuts.list"), columns, first.items);
  const load = (cursor) => get(["opt-outs"], { query: { cursor } });
  return [rows, moreRows(rows, columns, first.cursor, load)];
}

/** Of a person who was erased there is no number any more. */
function who({ phone }) {
  if (phone === null) return h("span", { class: "soft" }, text("optOuts.erased"));
  return h("span", { class: "digits" }, phone);
}

/** What proves it: the word that was replied, or who did it by hand and why. */
function proof({ word, carrier, by, comment }) {
  if (!by) return [text("optOuts.replied", { word }), carrier && h("small", {}, carrier)];
  return [text("optOuts.byHand"), " ", author(by), comment && h("small", {}, comment)];
}
