// One app as an operator sees it: particulars, switches, and the way to everything else of it.

import { call, get } from "./api.js";
import { h } from "./dom.js";
import { Wrong, checkbox, field, formNote, input, needed, onSubmit, submit } from "./forms.js";
import { guardCards } from "./guard-settings.js";
import { announce, card, copyable, facts, heading, linkButton } from "./parts.js";
import { switches } from "./switches.js";
import { address } from "./routes.js";
import { text } from "./texts.js";

const MOST_SHARDS = 64;

export async function show({ params, signal, refresh }) {
  const path = ["apps", params.app];
  const [app, prices] = await Promise.all([get(path, { signal }), get(["prices"], { signal })]);
  const save = (body) => call("PATCH", path, { body });
  const guard = guardCards(app, prices, save);
  return [
    heading(app.name, {
      back: { href: "#/apps", label: text("menu.apps") },
      actions: ["records", "guard", "balance", "mappings", "audit"].map((page) =>
        linkButton(text(`menu.${page}`), address([...path, page]), "quiet"),
      ),
    }),
    card(text("settings.about"), particulars(app), about(app, save, refresh)),
    switches(
      app.switches,
      guard.saving((name, on) => save({ switches: { [name]: on } })),
    ),
    guard.nodes,
  ];
}

function particulars(app) {
  return facts([
    ["App ID", copyable(app.app_id, "App ID")],
    ["App Key", copyable(app.app_key, "App Key")],
    [text("app.defaultSignature"), app.default_signature ?? "–"],
    [text("app.createdBy"), app.created_by ?? "–"],
  ]);
}

function about(app, save, refresh) {
  const name = input({ value: app.name, maxlength: "64" });
  const company = input({ value: app.company ?? "", maxlength: "64" });
  const personal = h("input", { type: "checkbox", checked: app.personal });
  const separate = h("input", { type: "checkbox", checked: app.separate_review });
  const shards = input({
    type: "number",
    min: app.balance_shards,
    max: MOST_SHARDS,
    value: app.balance_shards,
  });
  const form = h(
    "form",
    {},
    field(text("settings.name"), name, { hint: text("settings.nameHint") }),
    field(text("settings.company"), company, { hint: text("settings.companyHint") }),
    h(
      "fieldset",
      { class: "choices" },
      h("legend", {}, text("newApp.options")),
      checkbox(personal, text("newApp.personal"), text("newApp.personal.hint")),
      checkbox(separate, text("newApp.separate"), text("newApp.separate.hint")),
    ),
    field(text("app.shards"), shards, { hint: text("app.shardsHint") }),
    formNote(),
    submit(text("save")),
  );
  onSubmit(form, async () => {
    const parts = Number(needed(shards));
    if (!Number.isInteger(parts) || parts < app.balance_shards || parts > MOST_SHARDS) {
      throw new Wrong(
        shards,
        text("form.whole", { from: app.balance_shards, to: MOST_SHARDS }),
      );
    }
    await save({
      name: needed(name),
      company: company.value.trim() || null,
      personal: personal.checked,
      separate_review: separate.checked,
      balance_shards: parts,
    });
    announce(text("saved"));
    await refresh();
  });
  return form;
}
