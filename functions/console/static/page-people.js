// Erasing a person, in all apps: asked twice, gone on with until it is done, and what remains.

import { call } from "./api.js";
import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { field, formNote, input, needed, onSubmit, submit, Wrong } from "./forms.js";
import { card, facts, heading, notice } from "./parts.js";
import { text } from "./texts.js";

export async function show() {
  return [
    heading(text("menu.people"), { lead: text("people.lead") }),
    card(text("people.erase"), ...eraser()),
  ];
}

function eraser() {
  const phone = input({ type: "tel", placeholder: "18612345678" });
  const place = h("div", { class: "stack", "aria-live": "polite" });
  const form = h(
    "form",
    { class: "row" },
    field(text("records.phone"), phone),
    submit(text("people.erase"), "danger"),
    formNote(),
  );
  onSubmit(form, async () => {
    const result = await askErasing(needed(phone), place);
    if (!result) return;
    form.reset();
    place.replaceChildren(...erased(result));
  });
  return [notice("warn", text("people.warning")), form, place];
}

/** What was erased, or null when it was called off. */
async function askErasing(phone, place) {
  const again = input({ type: "tel", autocomplete: "off" });
  let result = null;
  const done = await ask({
    title: text("people.ask", { phone }),
    content: [
      h("p", {}, text("people.body")),
      field(text("people.again"), again, { hint: text("people.againHint") }),
    ],
    confirm: text("people.erase"),
    style: "danger",
    action: async () => {
      if (needed(again) !== phone) throw new Wrong(again, text("people.differs"));
      result = await eraseAll(phone, place);
    },
  });
  return done ? result : null;
}

/** Calls until it is done; a call works for some seconds. Whoever starts again loses nothing. */
async function eraseAll(phone, place) {
  const sums = {};
  let cursor = null;
  for (;;) {
    const reply = await call("DELETE", ["people", phone], { query: { cursor } });
    for (const [name, count] of Object.entries(reply.erased)) {
      sums[name] = (sums[name] ?? 0) + count;
    }
    if (reply.done) return { ...reply, erased: sums };
    cursor = reply.cursor;
    place.replaceChildren(h("p", { class: "soft" }, h("progress"), " ", text("people.goesOn")));
  }
}

function erased({ erased: counts, expires, stays }) {
  return [
    notice("good", text("people.done")),
    h("h3", {}, text("people.counts")),
    facts(Object.entries(counts).map(([name, count]) => [text(`people.in.${name}`), count])),
    h("h3", {}, text("people.expires")),
    facts(expires.map(({ what, days }) => [text(`people.goes.${what}`), text("people.days", { days })])),
    h("h3", {}, text("people.stays")),
    h(
      "ul",
      {},
      stays.map((what) => h("li", {}, text(`people.stays.${what}`))),
    ),
  ];
}
