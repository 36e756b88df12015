// What the first person of an audience would get, while somebody writes the campaign.

import { call } from "./api.js";
import { phone, size } from "./bubble.js";
import { h } from "./dom.js";
import { card, explain } from "./parts.js";
import { text } from "./texts.js";

const PAUSE_MS = 300;

export class CampaignPreview {
  #bubble = h("div", { class: "preview", "aria-live": "polite" });
  #timer = null;
  #asking = new AbortController();

  /** `leave` is the page's signal. */
  constructor(leave) {
    this.leave = leave;
    this.element = card(text("template.preview"), this.#bubble);
  }

  /** Shows it soon: the template, a signature's name, and the values of one person. */
  draw(template, sign, values) {
    clearTimeout(this.#timer);
    this.#asking.abort();
    if (!template) this.#bubble.replaceChildren(hint("campaign.nothing"));
    else this.#timer = setTimeout(() => this.#ask(template, sign, values), PAUSE_MS);
  }

  async #ask({ kind, text: written }, sign, values) {
    this.#asking = new AbortController();
    const signal = AbortSignal.any([this.#asking.signal, this.leave]);
    const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value));
    const body = { kind, text: written, signature: sign || null, values: given };
    try {
      const reply = await call("POST", ["templates", "lint"], { body, signal });
      this.#bubble.replaceChildren(...shown(reply));
    } catch (error) {
      if (!signal.aborted) this.#bubble.replaceChildren(h("p", { class: "soft" }, explain(error)));
    }
  }
}

function shown(reply) {
  if (reply.preview === null) return [hint("campaign.unrendered")];
  return [phone(reply.preview, size(reply)), h("p", { class: "hint" }, text("campaign.firstOne"))];
}

function hint(name) {
  return phone(h("span", { class: "soft" }, text(name)));
}
