// Writing a signature.

import { call } from "./api.js";
import { phone } from "./bubble.js";
import { h } from "./dom.js";
import { restored, sendOnSubmit, start } from "./editor.js";
import { findingList, marked, verdict } from "./findings.js";
import { choices, chosen, field, formNote, input, needed, submit } from "./forms.js";
import { LiveLint } from "./live-lint.js";
import { card, heading } from "./parts.js";
import { text } from "./texts.js";

const USES = ["verification_notification", "marketing"];
const OWNERS = ["company", "app", "trademark"];
const NEW = { name: "", text: "", use: USES[0], owner_kind: OWNERS[0], proof: "" };

export async function show(page) {
  const { version, base, kept } = await start("signatures", page);
  const fields = { ...NEW, ...base, ...kept.read() };
  const name = input({ value: fields.name, maxlength: "64", spellcheck: "false" });
  name.readOnly = base !== null;
  const words = input({ value: fields.text, maxlength: "40" });
  const proof = h("textarea", { value: fields.proof ?? "", rows: "3" });
  const said = h("p", { class: "soft", role: "status" });
  const found = h("div", { class: "found" });
  const preview = h("div", { class: "preview" });
  const options = (names, prefix) =>
    names.map((each) => [each, text(`${prefix}.${each}`), text(`${prefix}.${each}.hint`)]);
  const form = h(
    "form",
    { class: "card" },
    field(text("signature.text"), words, { hint: text("signature.textHint") }),
    said,
    found,
    field(text("signature.name"), name, { hint: text("signature.nameHint") }),
    choices(text("signature.use"), "use", options(USES, "use"), fields.use),
    choices(text("signature.ownerKind"), "owner_kind", options(OWNERS, "owner"), fields.owner_kind),
    field(text("signature.proof"), proof, { hint: text("signature.proofHint") }),
    formNote(),
    h(
      "div",
      { class: "actions" },
      submit(text("editor.submit"), "primary", { value: "review" }),
      submit(text("editor.keep"), "quiet", { value: "draft" }),
    ),
  );
  const typed = () => ({
    name: name.value.trim(),
    text: words.value.trim(),
    use: chosen(form, "use"),
    owner_kind: chosen(form, "owner_kind"),
    proof: proof.value.trim(),
  });
  form.addEventListener("input", () => kept.write(typed()));

  const lint = new LiveLint(words, {
    ask: (content, signal) =>
      call("POST", ["signatures", "lint"], { body: { text: content }, signal }),
    draw: (known) => {
      const { text: content, findings, state } = known;
      said.textContent = verdict(known);
      if (state !== "busy") found.replaceChildren(findingList(content, findings));
      preview.replaceChildren(
        phone(["【", marked(content, findings), "】", text("signature.sample")]),
      );
    },
  });
  const values = () => {
    needed(words);
    needed(name);
    return typed();
  };
  sendOnSubmit(form, { type: "signatures", version, values, lint, kept });
  lint.again({ atOnce: true });

  return [
    heading(text(base ? "signature.change" : "signatures.new", { name: base?.name }), {
      lead: text("signature.lead"),
      back: { href: "#/signatures", label: text("menu.signatures") },
    }),
    restored(kept, page.refresh),
    h("div", { class: "beside" }, form, card(text("template.preview"), preview)),
  ];
}
