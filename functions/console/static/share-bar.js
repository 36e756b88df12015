// Parts of a whole: one bar, and under it what each part is in numbers.

import { h } from "./dom.js";
import { count, percent } from "./format.js";

export class ShareBar {
  #bar = h("div", { class: "share-bar", role: "img" });
  #legend = h("ul", { class: "legend" });

  /** `label(parts)` says the whole in words; `parts` as `draw` takes them. */
  constructor(parts, label) {
    this.label = label;
    this.element = h("div", { class: "shares" }, this.#bar, this.#legend);
    this.draw(parts);
  }

  /** `parts` are {name, number, tone, always}: those of none are left out, but for `always`. */
  draw(parts) {
    const whole = parts.reduce((sum, { number }) => sum + number, 0);
    const shown = parts.filter(({ number, always }) => number > 0 || always);
    this.#bar.setAttribute("aria-label", this.label(shown));
    this.#bar.replaceChildren(...shown.filter(({ number }) => number > 0).map(stretch));
    this.#legend.replaceChildren(...shown.map((part) => entry(part, whole)));
  }
}

function stretch({ number, tone }) {
  const made = h("span", { class: tone });
  made.style.flexGrow = String(number);
  return made;
}

function entry({ name, number, tone }, whole) {
  return h(
    "li",
    { class: tone },
    h("span", {}, name),
    h("strong", { class: "digits" }, count(number)),
    h("span", { class: "soft digits" }, percent(number, whole)),
  );
}
