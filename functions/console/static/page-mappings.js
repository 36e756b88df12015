// What a carrier calls our templates, signatures and variables: of one app, or of all apps.

import { call, get } from "./api.js";
import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { Wrong, field, input, needed, select } from "./forms.js";
import { announce, button, card, empty, facts, heading } from "./parts.js";
import { address } from "./routes.js";
import { spoken, text } from "./texts.js";

// Those that send nothing without knowing their own ids for our texts.
const MAPPED = ["alibaba", "tencent"];
const ALL_APPS = "-";

export async function show({ params, signal, refresh }) {
  const path = ["apps", params.app ?? ALL_APPS, "mappings"];
  const [{ items }, carriers] = await Promise.all([
    get(path, { signal }),
    get(["carriers"], { signal }),
  ]);
  const names = new Map(carriers.items.map(({ name, label }) => [name, spoken(label)]));
  const edit = (mapping) => askMapping(path, mapping, names).then((done) => done && refresh());
  const add = button(text("mappings.add"), () => edit(null), "primary", { data: { key: "add" } });
  const back = params.app
    ? { href: address(["apps", params.app]), label: params.app }
    : { href: "#/carriers", label: text("menu.carriers") };
  return [
    heading(text(params.app ? "mappings.title" : "mappings.all"), {
      lead: text("mappings.lead"),
      back,
      actions: [add],
    }),
    items.length === 0
      ? empty(text("mappings.none"), text("mappings.noneBody"))
      : h(
          "div",
          { class: "stack" },
          items.map((mapping) => one(path, mapping, names, edit, refresh)),
        ),
  ];
}

function one(path, mapping, names, edit, refresh) {
  const id = [mapping.carrier, mapping.template ?? "", mapping.version ?? ""].join(" ");
  return card(
    text("mappings.of", { carrier: names.get(mapping.carrier), template: templateName(mapping) }),
    facts([
      [text("mappings.vendorTemplate"), h("code", {}, mapping.vendor_template)],
      [text("mappings.signatures"), pairs(mapping.signatures)],
      [text("mappings.variables"), pairs(mapping.variables)],
    ]),
    mapping.text && h("blockquote", {}, mapping.text),
    h(
      "div",
      { class: "actions" },
      button(text("edit"), () => edit(mapping), "quiet", { data: { key: `edit ${id}` } }),
      button(text("remove"), () => remove(path, mapping, refresh), "quiet", {
        data: { key: `remove ${id}` },
      }),
    ),
  );
}

function templateName({ template, version }) {
  return template === null ? text("records.builtIn") : `${template} v${version}`;
}

function pairs(mapping) {
  const known = Object.entries(mapping);
  return known.length === 0
    ? "–"
    : known.map(([name, value]) => h("div", {}, h("code", {}, `${name} → ${value}`)));
}

function askMapping(path, mapping, names) {
  const carrier = select(
    MAPPED.map((name) => [name, names.get(name)]),
    { value: mapping?.carrier ?? MAPPED[0] },
  );
  const template = input({ value: mapping?.template ?? "", maxlength: "64" });
  const version = input({ type: "number", min: "1", value: mapping?.version ?? "1" });
  const vendor = input({ value: mapping?.vendor_template ?? "", spellcheck: "false" });
  const signatures = pairArea(mapping?.signatures);
  const variables = pairArea(mapping?.variables);
  const words = h("textarea", { rows: "3", value: mapping?.text ?? "" });
  // What names the mapping stays: another name is another mapping.
  for (const control of mapping ? [carrier, template, version] : []) control.disabled = true;
  // Names of templates are an app's own: for all apps there is only the built-in text.
  const ours = path[1] !== ALL_APPS && [
    field(text("mappings.template"), template, { hint: text("mappings.templateHint") }),
    field(text("mappings.version"), version),
  ];
  return ask({
    title: text(mapping ? "mappings.edit" : "mappings.add"),
    content: [
      field(text("mappings.carrier"), carrier),
      ours,
      field(text("mappings.vendorTemplate"), vendor, { hint: text("mappings.vendorTemplateHint") }),
      field(text("mappings.signatures"), signatures, { hint: text("mappings.signaturesHint") }),
      field(text("mappings.variables"), variables, { hint: text("mappings.variablesHint") }),
      field(text("mappings.text"), words, { hint: text("mappings.textHint") }),
    ],
    confirm: text("save"),
    action: async () => {
      const name = template.value.trim() || null;
      const body = {
        carrier: carrier.value,
        template: name,
        version: name ? Number(needed(version)) : null,
        vendor_template: needed(vendor),
        signatures: readPairs(signatures),
        variables: readPairs(variables),
        text: words.value.trim() || null,
      };
      await call("PUT", path, { body });
      announce(text("saved"));
    },
  });
}

function pairArea(mapping = {}) {
  const lines = Object.entries(mapping).map(([name, value]) => `${name} = ${value}`);
  return h("textarea", { rows: "2", spellcheck: "false", value: lines.join("\n") });
}

/** `name = value`, one a line. Throws Wrong. */
function readPairs(control) {
  const lines = control.value
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = line.match(/^(.+?)\s*=\s*(.+)$/) ?? [];
      if (!name) throw new Wrong(control, text("mappings.pairWrong", { line }));
      return [name, value];
    }),
  );
}

async function remove(path, mapping, refresh) {
  const { carrier, template, version } = mapping;
  const done = await ask({
    title: text("mappings.removeAsk", { template: templateName(mapping) }),
    content: h("p", {}, text("mappings.removeBody")),
    confirm: text("remove"),
    style: "danger",
    action: () => call("DELETE", path, { query: { carrier, template, version } }),
  });
  if (done) await refresh();
}
