// The form of a campaign: what is said to whom, when, and how fast.

import { call } from "./api.js";
import { CampaignLimits } from "./campaign-limits.js";
import { CampaignPreview } from "./campaign-preview.js";
import { CampaignVariables } from "./campaign-variables.js";
import { h } from "./dom.js";
import { field, formNote, input, needed, onSubmit, select, submit } from "./forms.js";
import { count } from "./format.js";
import { announce, explain } from "./parts.js";
import { address } from "./routes.js";
import { ScheduleChoice } from "./schedule-choice.js";
import { text } from "./texts.js";

const USES = { marketing: "marketing", notification: "verification_notification" };

export class CampaignForm {
  /**
   * `fields` as the API has a campaign; `id` of the one that is changed, or null; `kept` the tab's
   * own copy; `known` the templates, signatures and audiences there are to choose from.
   */
  constructor(fields, { id, kept, known, signal }) {
    this.id = id;
    this.kept = kept;
    this.known = known;
    this.name = input({ value: fields.name, maxlength: "64" });
    this.template = select(this.#templates(), { value: fields.template });
    this.sign = select([]);
    this.audience = select(this.#audiences(), { value: fields.audience_id });
    this.variables = new CampaignVariables(fields.variables);
    this.schedule = new ScheduleChoice(fields.schedule);
    this.limits = new CampaignLimits(fields);
    this.preview = new CampaignPreview(signal);
    this.element = this.#element();
    this.#offerSigns(fields.sign);
    this.#draw();
    this.#listen();
  }

  #element() {
    return h(
      "form",
      { class: "card" },
      field(text("campaign.name"), this.name, { hint: text("campaign.nameHint") }),
      field(text("campaign.template"), this.template),
      field(text("campaign.sign"), this.sign),
      field(text("campaign.audience"), this.audience),
      this.variables.element,
      this.schedule.element,
      this.limits.element,
      formNote(),
      submit(text("campaign.save")),
    );
  }

  #listen() {
    this.template.addEventListener("change", () => {
      this.#offerSigns(this.sign.value);
      this.#draw();
    });
    this.audience.addEventListener("change", () => this.#draw());
    this.element.addEventListener("input", () => {
      this.kept.write(this.#typed());
      this.#preview();
    });
    onSubmit(this.element, () => this.#save());
  }

  #templates() {
    return [
      ["", text("campaign.choose")],
      ...this.known.templates.map(({ name, kind }) => [name, `${name} · ${text(`kind.${kind}`)}`]),
    ];
  }

  #audiences() {
    return [
      ["", text("campaign.choose")],
      ...this.known.audiences.map(({ id, name, valid }) => [
        id,
        text("campaign.audienceOf", { name, count: count(valid) }),
      ]),
    ];
  }

  /** The signatures that may sign such a template. */
  #offerSigns(wanted) {
    const use = USES[this.#chosen?.kind ?? "marketing"];
    const usable = this.known.signatures.filter((one) => one.in_use && one.use === use);
    const options = usable.map(({ name, text: words }) =>
      h("option", { value: name }, `【${words}】 ${name}`),
    );
    if (options.length === 0) options.push(h("option", { value: "" }, text("campaign.noSign")));
    this.sign.replaceChildren(...options);
    if (usable.some(({ name }) => name === wanted)) this.sign.value = wanted;
  }

  get #chosen() {
    return this.known.templates.find(({ name }) => name === this.template.value);
  }

  get #people() {
    return this.known.audiences.find(({ id }) => id === this.audience.value);
  }

  #draw() {
    this.variables.draw(this.#chosen, this.#people);
    this.#preview();
  }

  #preview() {
    const { variables = {} } = this.#people?.sample?.[0] ?? {};
    this.preview.draw(this.#chosen, this.sign.value, { ...this.variables.typed(), ...variables });
  }

  /** What outlives an expired session. */
  #typed() {
    return {
      name: this.name.value,
      template: this.template.value,
      sign: this.sign.value,
      audience_id: this.audience.value,
      variables: this.variables.typed(),
    };
  }

  #values() {
    return {
      name: needed(this.name),
      template: needed(this.template),
      sign: needed(this.sign, text("campaign.signNeeded")),
      audience_id: needed(this.audience),
      variables: this.variables.value(),
      schedule: this.schedule.value(),
      ...this.limits.value(),
    };
  }

  async #save() {
    const campaign = await this.#stored();
    this.kept.clear();
    // A plan is of the content alone: who changed but the pace has one.
    if (campaign.plan.state === "none") await plan(campaign);
    location.hash = address(["campaigns", campaign.id]);
  }

  async #stored() {
    const path = ["campaigns", ...(this.id ? [this.id] : [])];
    const body = this.#values();
    try {
      return (await call(this.id ? "PUT" : "POST", path, { body })).campaign;
    } catch (error) {
      throw this.schedule.placed(error);
    }
  }
}

async function plan({ id }) {
  try {
    await call("POST", ["campaigns", id, "plan"]);
  } catch (error) {
    announce(explain(error)); // the campaign is kept, and its page asks for the dry run again
  }
}
