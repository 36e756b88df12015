// Who wants no marketing from the app: the list, one number with what was said, changes by hand.

import { call, get } from "./api.js";
import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { field, formNote, input, needed, onSubmit, submit } from "./forms.js";
import { announce, badge, button, card, empty, heading, when } from "./parts.js";
import { author } from "./people.js";
import { moreRows, table } from "./tables.js";
import { text } from "./texts.js";

export async function show({ query, signal, refresh }) {
  const first = await get(["opt-outs"], { signal });
  return [
    heading(text("menu.optOuts"), { lead: text("optOuts.lead") }),
    card(text("optOuts.number"), ...numberBox(query.get("phone") ?? "", refresh)),
    card(text("optOuts.list"), list(first)),
  ];
}

function list(first) {
  if (first.items.length === 0) return empty(text("optOuts.none"), text("optOuts.noneBody"));
  const columns = [
    { title: text("records.phone"), cell: ({ phone }) => h("span", { class: "digits" }, phone) },
    { title: text("optOuts.since"), cell: ({ at }) => when(at) },
    { title: text("optOuts.how"), cell: proof },
  ];
  const rows = table(text("optOuts.list"), columns, first.items);
  const load = (cursor) => get(["opt-outs"], { query: { cursor } });
  return [rows, moreRows(rows, columns, first.cursor, load)];
}

/** What proves it: the word that was replied, or who did it by hand and why. */
function proof({ word, carrier, by, comment }) {
  if (!by) return [text("optOuts.replied", { word }), carrier && h("small", {}, carrier)];
  return [text("optOuts.byHand"), " ", author(by), comment && h("small", {}, comment)];
}

/** Looks up a number; what came stays until another is looked up. */
function numberBox(asked, refresh) {
  const phone = input({ type: "tel", value: asked, placeholder: "18612345678" });
  const place = h("div", { class: "stack", "aria-live": "polite" });
  const form = h(
    "form",
    { class: "row" },
    field(text("records.phone"), phone),
    submit(text("optOuts.look"), "quiet"),
    formNote(),
  );
  const look = async () => {
    const found = await get(["opt-outs", needed(phone)]);
    place.replaceChildren(...standing(found, change));
  };
  const change = async (found) => {
    if (!(await askChange(found))) return;
    announce(text(found.is_out ? "optOuts.isOff" : "optOuts.isOn"));
    await refresh();
  };
  onSubmit(form, look);
  return [form, place];
}

function standing(found, change) {
  const label = text(found.is_out ? "optOuts.takeOff" : "optOuts.putOn");
  return [
    h(
      "div",
      { class: "line" },
      h("strong", { class: "digits" }, found.phone),
      found.is_out ? badge(text("optOuts.out"), "warn") : badge(text("optOuts.in"), "good"),
    ),
    found.history.length > 0 &&
      h(
        "ol",
        { class: "timeline" },
        found.history.map((one) =>
          h(
            "li",
            { class: one.is_out ? "warn" : "good" },
            h("strong", {}, text(one.is_out ? "optOuts.wentOut" : "optOuts.cameIn")),
            h("span", { class: "soft" }, when(one.at)),
            h("p", {}, proof(one)),
          ),
        ),
      ),
    h("div", { class: "actions" }, button(label, () => change(found), "quiet")),
  ].filter(Boolean);
}

function askChange({ phone, is_out: isOut }) {
  const comment = h("textarea", { rows: "2", maxlength: "200" });
  return ask({
    title: text(isOut ? "optOuts.takeOffAsk" : "optOuts.putOnAsk", { phone }),
    content: [
      h("p", {}, text(isOut ? "optOuts.takeOffBody" : "optOuts.putOnBody")),
      field(text("optOuts.comment"), comment, { hint: text("optOuts.commentHint") }),
    ],
    confirm: text(isOut ? "optOuts.takeOff" : "optOuts.putOn"),
    style: isOut ? "danger" : "primary",
    action: () =>
      call(isOut ? "DELETE" : "PUT", ["opt-outs", phone], { body: { comment: needed(comment) } }),
  });
}
