// Writing a template: the linter's marks in the text while it is typed, and the phone beside it.

import { call, getAll } from "./api.js";
import { h } from "./dom.js";
import { restored, sendOnSubmit, start } from "./editor.js";
import { findingList, marked, verdict } from "./findings.js";
import { choices, chosen, field, formNote, input, needed, submit } from "./forms.js";
import { LiveLint } from "./live-lint.js";
import { button, heading } from "./parts.js";
import { RESERVED, TemplatePreview } from "./template-preview.js";
import { text } from "./texts.js";
import { byName } from "./versions.js";

const KINDS = ["verification", "notification", "marketing"];
const NEW = { name: "", kind: "notification", text: "" };

export async function show(page) {
  const { signal, refresh } = page;
  const [started, templates, signatures] = await Promise.all([
    start("templates", page),
    getAll(["templates"], { signal }),
    getAll(["signatures"], { signal }),
  ]);
  const { base, kept } = started;
  const editor = new Editor({ ...NEW, ...base, ...kept.read() }, started, templates, signatures);
  return [
    heading(text(base ? "template.change" : "templates.new", { name: base?.name }), {
      lead: text("template.lead"),
      back: { href: "#/templates", label: text("menu.templates") },
    }),
    restored(kept, refresh),
    h("div", { class: "beside" }, editor.form, editor.preview.element),
  ];
}

class Editor {
  constructor(fields, { version, base, kept }, templates, signatures) {
    this.name = input({ value: fields.name, maxlength: "64", spellcheck: "false" });
    this.name.readOnly = base !== null;
    this.area = h("textarea", { value: fields.text, rows: "5", spellcheck: "false" });
    this.marks = h("div", { class: "marks", "aria-hidden": "true" });
    this.found = h("div", { class: "found" });
    this.said = h("p", { class: "soft", role: "status" });
    this.form = this.#form(fields, this.#nameField(base, version, templates));
    this.preview = new TemplatePreview(signatures, () => this.lint.again());
    this.lint = new LiveLint(this.area, {
      ask: (typed, signal) => this.#ask(typed, signal),
      draw: (known) => this.#draw(known),
    });
    const keep = () => kept.write(this.#typed());
    this.form.addEventListener("input", keep);
    this.form.addEventListener("change", keep);
    const values = () => this.#values();
    sendOnSubmit(this.form, { type: "templates", version, values, lint: this.lint, kept });
    this.lint.again({ atOnce: true });
  }

  #form(fields, nameField) {
    const kinds = KINDS.map((kind) => [kind, text(`kind.${kind}`), text(`kind.${kind}.hint`)]);
    return h(
      "form",
      { class: "card" },
      nameField,
      choices(text("template.kind"), "kind", kinds, fields.kind, () => this.lint.again()),
      this.#textField(),
      this.said,
      this.found,
      formNote(),
      h(
        "div",
        { class: "actions" },
        submit(text("editor.submit"), "primary", { value: "review" }),
        submit(text("editor.keep"), "quiet", { value: "draft" }),
      ),
    );
  }

  /** The name, and whether this will be one more version of what has it. */
  #nameField(base, version, { items }) {
    const taken = new Set(byName(items).map(({ name }) => name));
    const note = h("p", { class: "hint", role: "status" });
    if (base && !version) note.textContent = text("template.newVersion");
    this.name.addEventListener("input", () => {
      note.textContent = taken.has(this.name.value.trim()) ? text("template.taken") : "";
    });
    const made = field(text("template.name"), this.name, { hint: text("template.nameHint") });
    made.append(note);
    return made;
  }

  /** The text, over the marks and under the buttons that put variables into it. */
  #textField() {
    const made = field(text("template.text"), this.area, { hint: text("template.textHint") });
    const linted = h("div", { class: "linted" }, this.marks);
    this.area.replaceWith(linted);
    linted.append(this.area);
    linted.before(this.#tags());
    return made;
  }

  #tags() {
    const put = (name) => {
      this.area.setRangeText(
        `{{${name}}}`,
        this.area.selectionStart,
        this.area.selectionEnd,
        "end",
      );
      this.area.focus();
      this.area.dispatchEvent(new Event("input", { bubbles: true }));
    };
    return h(
      "div",
      { class: "line", role: "group", "aria-label": text("template.insert") },
      h("span", { class: "soft", "aria-hidden": "true" }, text("template.insert")),
      RESERVED.map((name) =>
        button(name, () => put(name), "quiet small", { title: text(`variable.${name}`) }),
      ),
    );
  }

  #typed() {
    return { name: this.name.value.trim(), kind: chosen(this.form, "kind"), text: this.area.value };
  }

  #values() {
    needed(this.name);
    needed(this.area);
    return this.#typed();
  }

  #ask(typed, signal) {
    const body = { kind: chosen(this.form, "kind"), text: typed, ...this.preview.wanted };
    return call("POST", ["templates", "lint"], { body, signal });
  }

  #draw(known) {
    const { text: typed, findings, reply, state } = known;
    // The last line break of a div shows only when something stands after it.
    this.marks.replaceChildren(...marked(typed, findings), "\u200b");
    this.said.textContent = verdict(known);
    // While the linter is asked the list stays: what jumps cannot be read.
    if (state !== "busy")
      this.found.replaceChildren(findingList(typed, findings, (one) => this.#pick(one)));
    this.preview.draw(typed, state === "done" ? reply : null);
  }

  #pick({ from, to }) {
    this.area.focus();
    this.area.setSelectionRange(from, to);
  }
}
