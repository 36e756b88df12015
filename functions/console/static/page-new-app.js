// Making an app. Its master key is shown here once and nowhere else.

import { call } from "./api.js";
import { h } from "./dom.js";
import { checkbox, field, formNote, input, needed, onSubmit, submit } from "./forms.js";
import { keep, putAway, recall } from "./kept.js";
import { button, card, copyable, facts, heading, linkButton, notice } from "./parts.js";
import { address } from "./routes.js";
import { text } from "./texts.js";

const KEPT = "new-app";

export async function show({ refresh }) {
  const head = heading(text("apps.new"), {
    lead: text("newApp.lead"),
    back: { href: "#/apps", label: text("menu.apps") },
  });
  const made = recall(KEPT);
  return [head, made ? keys(made, refresh) : card(null, form(refresh))];
}

function keys(app, refresh) {
  const done = button(text("newApp.another"), () => {
    putAway(KEPT);
    refresh();
  });
  return card(
    text("newApp.made", { name: app.name }),
    notice("warn", text("once.title"), h("p", {}, text("once.body"))),
    facts([
      ["App ID", copyable(app.app_id, "App ID")],
      ["App Key", copyable(app.app_key, "App Key")],
      ["Master Key", copyable(app.master_key, "Master Key")],
    ]),
    h(
      "div",
      { class: "actions" },
      linkButton(text("newApp.open"), address(["apps", app.app_id])),
      done,
    ),
  );
}

function form(refresh) {
  const name = input({ maxlength: "64" });
  const company = input({ maxlength: "64" });
  const personal = h("input", { type: "checkbox" });
  const separate = h("input", { type: "checkbox" });
  const imported = h("input", { type: "checkbox" });
  const ids = ["app_id", "app_key", "master_key"].map((key) => [
    key,
    input({ maxlength: "64", spellcheck: "false" }),
  ]);
  const made = h(
    "form",
    {},
    field(text("settings.name"), name, { hint: text("settings.nameHint") }),
    field(text("settings.company"), company, { hint: text("settings.companyHint") }),
    h(
      "fieldset",
      { class: "choices" },
      h("legend", {}, text("newApp.options")),
      option(personal, "personal"),
      option(separate, "separate"),
      option(imported, "imported"),
    ),
    h(
      "details",
      {},
      h("summary", {}, text("newApp.ownKeys")),
      h("p", { class: "hint" }, text("newApp.ownKeysHint")),
      ids.map(([key, control]) => field(text(`newApp.${key}`), control)),
    ),
    formNote(),
    submit(text("newApp.submit")),
  );
  onSubmit(made, async () => {
    const given = ids
      .map(([key, control]) => [key, control.value.trim()])
      .filter(([, value]) => value);
    const body = {
      name: needed(name),
      company: company.value.trim() || null,
      personal: personal.checked,
      separate_review: separate.checked,
      imported: imported.checked,
      ...Object.fromEntries(given),
    };
    keep(KEPT, await call("POST", ["apps"], { body }));
    await refresh();
  });
  return made;
}

function option(box, name) {
  return checkbox(box, text(`newApp.${name}`), text(`newApp.${name}.hint`));
}
