// A new audience: a file, what it is called, how its people agreed.

import { call } from "./api.js";
import { formatHelp } from "./audience-format.js";
import { sending } from "./audience-upload.js";
import { peek } from "./csv-peek.js";
import { h } from "./dom.js";
import { FilePicker } from "./file-picker.js";
import {
  Wrong,
  choices,
  chosen,
  field,
  formNote,
  input,
  needed,
  onSubmit,
  select,
  submit,
} from "./forms.js";
import { dashedDay, today } from "./format.js";
import { card, heading } from "./parts.js";
import { sideways, table } from "./tables.js";
import { text } from "./texts.js";

const ENCODINGS = ["auto", "utf-8", "gbk"];
const LONGEST_NAME = 60;
const CONSENTS = ["statement", "column", "none"];

export async function show({ signal }) {
  const form = new AudienceForm(signal);
  return [
    heading(text("audiences.new"), {
      lead: text("audience.newLead"),
      back: { href: "#/audiences", label: text("menu.audiences") },
    }),
    form.element,
    card(null, formatHelp()),
  ];
}

class AudienceForm {
  #seen = h("div", { class: "stack", "aria-live": "polite" });

  constructor(leave) {
    this.leave = leave;
    this.columns = [];
    this.picker = new FilePicker((file) => this.#peek(file));
    this.name = input({ maxlength: String(LONGEST_NAME) });
    this.how = input({ maxlength: "200", placeholder: text("consent.howSample") });
    this.at = input({ type: "date", max: dashedDay(today()) });
    this.encoding = select(
      ENCODINGS.map((name) => [name, text(`encoding.${name}`)]),
      { onchange: () => this.picker.file && this.#peek(this.picker.file) },
    );
    this.phone = select([["", text("audience.columnAuto")]]);
    this.zone = select([["", text("audience.columnNone")]]);
    this.consent = select([["", text("audience.columnChoose")]]);
    this.element = this.#form();
    onSubmit(this.element, () => this.#send());
  }

  #form() {
    return h(
      "form",
      { class: "card" },
      this.picker.element,
      this.#seen,
      field(text("audiences.name"), this.name, { hint: text("audience.nameHint") }),
      this.#consentChoice(),
      h(
        "details",
        {},
        h("summary", {}, text("audience.columns")),
        field(text("audience.phoneColumn"), this.phone, { hint: text("audience.phoneHint") }),
        field(text("audience.zoneColumn"), this.zone, { hint: text("audience.zoneHint") }),
        field(text("audience.encoding"), this.encoding, { hint: text("audience.encodingHint") }),
      ),
      formNote(),
      submit(text("upload.send")),
    );
  }

  /** How these people agreed; what the choice asks for stands under it. */
  #consentChoice() {
    const asked = {
      statement: h(
        "div",
        { class: "two" },
        field(text("consent.how"), this.how, { hint: text("consent.howHint") }),
        field(text("consent.at"), this.at, { hint: text("consent.atHint") }),
      ),
      column: field(text("consent.column"), this.consent, { hint: text("consent.columnHint") }),
      none: h("p", { class: "hint" }, text("consent.noneMore")),
    };
    const show = (value) => {
      for (const name of CONSENTS) asked[name].hidden = name !== value;
    };
    const options = CONSENTS.map((name) => [
      name,
      text(`consent.by.${name}`),
      text(`consent.by.${name}.hint`),
    ]);
    show("statement");
    return h(
      "div",
      { class: "stack" },
      choices(text("consent.title"), "consent", options, "statement", show),
      Object.values(asked),
    );
  }

  async #peek(file) {
    const seen = await peek(file, this.encoding.value);
    this.columns = seen.columns;
    this.problem = seen.problem;
    if (!this.name.value.trim()) this.name.value = file.name.replace(/\.\w+$/, "").slice(0, LONGEST_NAME);
    for (const control of [this.phone, this.zone, this.consent]) this.#offer(control);
    this.#seen.replaceChildren(...this.#shown(seen));
  }

  /** Keeps the first option and what was chosen, where the new file has it, too. */
  #offer(control) {
    const { value } = control;
    const [first] = control.options;
    const columns = this.columns.filter(Boolean);
    control.replaceChildren(
      first,
      ...columns.map((name) => h("option", { value: name }, name)),
    );
    control.value = columns.includes(value) ? value : "";
  }

  #shown({ columns, rows, problem }) {
    if (problem) return [h("p", { class: "problem" }, text(`peek.${problem}`))];
    const titles = columns.map((title, index) => ({ title, cell: (row) => row[index] ?? "" }));
    return [
      h("p", { class: "soft" }, text("peek.seen", { count: columns.length })),
      sideways(text("peek.label"), table(text("peek.label"), titles, rows, { narrow: true })),
    ];
  }

  async #send() {
    const { file } = this.picker;
    if (!file) throw new Wrong(this.picker.control, text("upload.needed"));
    if (this.problem) throw new Wrong(this.picker.control, text(`peek.${this.problem}`));
    const made = await call("POST", ["audiences"], { body: this.#values() });
    if (this.leave.aborted) return;
    this.element.replaceWith(sending(made.audience, made.upload, file, this.leave));
  }

  #values() {
    const body = {
      name: needed(this.name),
      encoding: this.encoding.value,
      phone_column: this.phone.value,
      zone_column: this.zone.value,
      consent: this.#consent(),
    };
    return Object.fromEntries(Object.entries(body).filter(([, value]) => value));
  }

  #consent() {
    const by = chosen(this.element, "consent");
    if (by === "none") return null;
    if (by === "column") return { column: needed(this.consent, text("consent.columnNeeded")) };
    const how = needed(this.how, text("consent.howNeeded"));
    // The day as it began in Beijing, as all days of the service.
    return this.at.value ? { how, at: `${this.at.value}T00:00:00+08:00` } : { how };
  }
}
