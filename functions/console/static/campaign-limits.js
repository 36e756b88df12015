// How fast a campaign goes, and what pauses it by itself.

import { h } from "./dom.js";
import { Wrong, field, input, needed } from "./forms.js";
import { count } from "./format.js";
import { text } from "./texts.js";

const MOST_PACE = 1_000;
const WINDOW = [100, 10_000];

export class CampaignLimits {
  /** `pace` and `stops` as the API has them: people a second or null, and parts of a thousand. */
  constructor({ pace, stops }) {
    const percent = { min: "0.1", max: "100", step: "0.1" };
    this.pace = number(pace ?? "", { min: "1", max: String(MOST_PACE) });
    this.failures = number(stops.failures / 10, percent);
    this.optOuts = number(stops.opt_outs / 10, percent);
    this.window = number(stops.window, { min: String(WINDOW[0]), max: String(WINDOW[1]) });
    this.element = h(
      "details",
      {},
      h("summary", {}, text("campaign.limits")),
      field(text("pace.field"), this.pace, { hint: text("pace.hint") }),
      h("p", { class: "hint" }, text("stops.lead")),
      h(
        "div",
        { class: "two" },
        field(text("stops.failures"), this.failures),
        field(text("stops.optOuts"), this.optOuts),
        field(text("stops.window"), this.window),
      ),
    );
  }

  /** {pace, stops} for the API; throws Wrong. */
  value() {
    try {
      return {
        pace: this.pace.value.trim() ? whole(this.pace, 1, MOST_PACE) : null,
        stops: {
          failures: permille(this.failures),
          opt_outs: permille(this.optOuts),
          window: whole(this.window, ...WINDOW),
        },
      };
    } catch (error) {
      this.element.open = true; // what is wrong has to be seen
      throw error;
    }
  }
}

function number(value, properties) {
  return input({ type: "number", inputmode: "decimal", value: String(value), ...properties });
}

function whole(control, from, to) {
  const value = Number(needed(control));
  if (Number.isInteger(value) && value >= from && value <= to) return value;
  throw new Wrong(control, text("form.whole", { from, to: count(to) }));
}

/** Percent with at most one decimal, in a thousand. */
function permille(control) {
  const value = Math.round(Number(needed(control)) * 10);
  if (value >= 1 && value <= 1_000) return value;
  throw new Wrong(control, text("stops.wrong"));
}
