// One number: how it stands with marketing, all that was said of it, and what owners do about it.

import { call, get } from "./api.js";
import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { field, formNote, input, needed, onSubmit, submit } from "./forms.js";
import { announce, badge, button, when } from "./parts.js";
import { author } from "./people.js";
import { text } from "./texts.js";

const TONES = { consented: "good", opted_out: "warn", none: "plain" };
const GOOD = new Set(["consent", "opt_in"]);
// What can be done, by how the number stands.
const ACTS = {
  consented: ["endConsent", "putOn"],
  opted_out: ["takeOff"],
  none: ["consent", "putOn"],
};
// Each act: [method, list, whether it takes something away].
const CALLS = {
  consent: ["PUT", "consents", false],
  endConsent: ["DELETE", "consents", true],
  putOn: ["PUT", "opt-outs", false],
  takeOff: ["DELETE", "opt-outs", true],
};

/** Looks up a number; what came stays until another is looked up. */
export function numberBox(asked, refresh) {
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
    const found = await get(["consents", needed(phone)]);
    place.replaceChildren(...standing(found, change));
  };
  const change = async (act, found) => {
    if (!(await askChange(act, found.phone))) return;
    announce(text(`optOuts.${act}.done`));
    await refresh();
  };
  onSubmit(form, look);
  return [form, place];
}

function standing(found, change) {
  const acts = ACTS[found.state].map((act) =>
    button(text(`optOuts.${act}`), () => change(act, found), "quiet"),
  );
  return [
    h(
      "div",
      { class: "line" },
      h("strong", { class: "digits" }, found.phone),
      badge(text(`optOuts.state.${found.state}`), TONES[found.state]),
    ),
    found.history.length === 0
      ? h("p", { class: "soft" }, text("optOuts.nothing"))
      : h("ol", { class: "timeline" }, found.history.map(said)),
    h("div", { class: "actions" }, acts),
  ];
}

function said(one) {
  return h(
    "li",
    { class: GOOD.has(one.what) ? "good" : "warn" },
    h("strong", {}, text(`optOuts.what.${one.what}`)),
    h("span", { class: "soft" }, when(one.at)),
    h("p", {}, source(one)),
  );
}

/** Where it comes from: a reply's word, an audience, or who did it by hand; and how. */
function source({ source: from, how, carrier, by, audience_id: audience }) {
  if (from === "reply") return [text("optOuts.replied", { word: how }), small(carrier)];
  if (from === "audience") return [text("optOuts.byAudience", { id: audience }), small(how)];
  return [text("optOuts.byHand"), " ", author(by), small(how)];
}

function small(words) {
  return words && h("small", {}, ` ${words}`);
}

function askChange(act, phone) {
  const [method, list, isDanger] = CALLS[act];
  const words = h("textarea", { rows: "2", maxlength: "200" });
  const label = text(act === "consent" ? "optOuts.consent.how" : "optOuts.comment");
  const hint = text(act === "consent" ? "optOuts.consent.hint" : "optOuts.commentHint");
  const name = act === "consent" ? "how" : "comment";
  return ask({
    title: text(`optOuts.${act}.ask`, { phone }),
    content: [h("p", {}, text(`optOuts.${act}.body`)), field(label, words, { hint })],
    confirm: text(`optOuts.${act}`),
    style: isDanger ? "danger" : "primary",
    action: () => call(method, [list, phone], { body: { [name]: needed(words) } }),
  });
}
