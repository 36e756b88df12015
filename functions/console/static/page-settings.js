// An app's switches, its particulars, its spending limits and its test phone.

import { call, get } from "./api.js";
import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { Wrong, field, formNote, input, needed, onSubmit, submit } from "./forms.js";
import { amount, microsOf } from "./format.js";
import { guardCards } from "./guard-settings.js";
import { announce, button, card, facts, heading } from "./parts.js";
import { switches } from "./switches.js";
import { text } from "./texts.js";

export async function show({ signal, refresh }) {
  const [app, prices] = await Promise.all([get(["app"], { signal }), get(["prices"], { signal })]);
  const save = (body) => call("PATCH", ["app"], { body });
  const guard = guardCards(app, prices, save);
  return [
    heading(text("settings.title"), { lead: text("settings.lead") }),
    switches(
      app.switches,
      guard.saving((name, on) => save({ switches: { [name]: on } })),
    ),
    guard.nodes,
    card(text("settings.about"), about(app)),
    card(text("settings.limits"), limits(app)),
    card(text("settings.marketing"), marketing(app)),
    card(text("settings.testPhone"), testPhone(app, refresh)),
  ];
}

function about(app) {
  const name = input({ value: app.name, maxlength: "64" });
  const company = input({ value: app.company ?? "", maxlength: "64" });
  const form = h(
    "form",
    {},
    field(text("settings.name"), name, { hint: text("settings.nameHint") }),
    field(text("settings.company"), company, { hint: text("settings.companyHint") }),
    formNote(),
    submit(text("save")),
  );
  onSubmit(form, async () => {
    const body = { name: needed(name), company: company.value.trim() || null };
    await call("PATCH", ["app"], { body });
    announce(text("saved"));
  });
  return form;
}

function limits(app) {
  const cap = input({ value: amount(app.daily_cap_micros), inputmode: "decimal" });
  const low = input({ value: amount(app.low_balance_micros), inputmode: "decimal" });
  const form = h(
    "form",
    {},
    field(text("settings.cap"), cap, { hint: text("settings.capHint") }),
    field(text("settings.low"), low, { hint: text("settings.lowHint") }),
    formNote(),
    submit(text("save")),
  );
  onSubmit(form, async () => {
    const body = { daily_cap_micros: limit(cap), low_balance_micros: limit(low) };
    await call("PATCH", ["app"], { body });
    announce(text("saved"));
  });
  return form;
}

/** The micros in a field that may be empty. */
function limit(control) {
  if (!control.value.trim()) return null;
  const value = microsOf(control.value);
  if (value === null || value < 0) throw new Wrong(control, text("form.amount"));
  return value;
}

function marketing(app) {
  const { cap } = app.marketing;
  const numeric = { type: "number", min: "1" };
  const count = input({ ...numeric, max: "10", value: cap?.count ?? "" });
  const days = input({ ...numeric, max: "30", value: cap?.days ?? "" });
  const form = h(
    "form",
    {},
    h("p", { class: "soft" }, text("settings.marketingHint")),
    field(text("settings.marketingCount"), count),
    field(text("settings.marketingDays"), days),
    formNote(),
    submit(text("save")),
  );
  onSubmit(form, async () => {
    await call("PATCH", ["app"], { body: { marketing: { cap: capOf(count, days) } } });
    announce(text("saved"));
  });
  return form;
}

/** The cap in two fields, which may both be empty. */
function capOf(count, days) {
  if (!count.value && !days.value) return null;
  for (const control of [count, days])
    if (!control.value) throw new Wrong(control, text("settings.marketingBoth"));
  return { count: Number(count.value), days: Number(days.value) };
}

function testPhone(app, refresh) {
  const lead = h("p", { class: "soft" }, text("settings.testPhoneLead"));
  if (app.test_phone) return [lead, thePhone(app.test_phone, refresh)];
  const phone = input({ type: "tel", autocomplete: "tel" });
  const form = h(
    "form",
    { class: "row" },
    field(text("settings.phone"), phone),
    submit(text("settings.phoneSet"), "quiet"),
    formNote(),
  );
  onSubmit(form, async () => {
    await call("PATCH", ["app"], { body: { test_phone: { phone: needed(phone) } } });
    announce(text("saved"));
    await refresh();
  });
  return [lead, form];
}

function thePhone({ phone, code }, refresh) {
  const remove = () =>
    ask({
      title: text("settings.phoneRemoveAsk"),
      content: h("p", {}, text("settings.phoneRemoveBody", { phone })),
      confirm: text("remove"),
      style: "danger",
      action: () => call("PATCH", ["app"], { body: { test_phone: null } }),
    }).then((done) => done && refresh());
  return [
    facts([
      [text("settings.phone"), h("code", {}, phone)],
      [text("settings.code"), h("code", {}, code)],
    ]),
    button(text("settings.phoneRemove"), remove),
  ];
}
