// The variables of a campaign's template: one value for everybody for those that the audience's file
// lacks, and for the others what those get who have nothing in it.

import { h } from "./dom.js";
import { field, input, needed } from "./forms.js";
import { variables } from "./template-preview.js";
import { text } from "./texts.js";

export class CampaignVariables {
  #values;
  #fields = new Map();
  #lacking = [];
  element = h("div", { class: "stack" });

  constructor(values) {
    this.#values = new Map(Object.entries(values));
  }

  /** Draws the fields for a template and an audience, either of which may be missing. */
  draw(template, audience) {
    this.#keep();
    const columns = audience ? columnsOf(audience) : [];
    const names = template ? variables(template.text) : [];
    this.#fields = new Map(names.map((name) => [name, this.#control(name)]));
    this.#lacking = names.filter((name) => !columns.includes(name));
    this.element.hidden = names.length === 0;
    this.element.replaceChildren(
      h("h3", {}, text("campaign.variables")),
      ...names.map((name) => this.#field(name)),
    );
  }

  #control(name) {
    return input({ value: this.#values.get(name) ?? "", maxlength: "128" });
  }

  #field(name) {
    const hint = this.#lacking.includes(name) ? "campaign.forAll" : "campaign.fromAudience";
    return field(`{{${name}}}`, this.#fields.get(name), { hint: text(hint) });
  }

  /** What was typed so far, by name. */
  typed() {
    this.#keep();
    return Object.fromEntries([...this.#fields].map(([name, { value }]) => [name, value.trim()]));
  }

  /** The values for everybody; throws Wrong where one is missing that the audience lacks. */
  value() {
    for (const name of this.#lacking) needed(this.#fields.get(name));
    return Object.fromEntries(Object.entries(this.typed()).filter(([, value]) => value));
  }

  #keep() {
    for (const [name, { value }] of this.#fields) this.#values.set(name, value);
  }
}

/** Those of the file's columns that are variables. */
function columnsOf({ columns, phone_column: phone, zone_column: zone }) {
  return columns.filter((name) => name !== phone && name !== zone);
}
