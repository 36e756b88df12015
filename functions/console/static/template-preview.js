// A template as a phone will show it, with a signature and values that somebody may try.

import { phone, size } from "./bubble.js";
import { h } from "./dom.js";
import { field, input, select } from "./forms.js";
import { card, notice } from "./parts.js";
import { text } from "./texts.js";

/** The variables that the service fills in. */
export const RESERVED = ["name", "code", "ttl", "sign", "template"];

const TAG = /\{\{\{?&?\s*(?:#(?:if|unless)\s+)?([\p{L}_][\p{L}\p{N}_]*)/gu;

export class TemplatePreview {
  #values = new Map();
  #bubble = h("div", { class: "preview" });
  #samples = h("div", { class: "samples" });

  /** `signatures` is the API's list; `changed` is called when another preview is wanted. */
  constructor({ items, default: standard }, changed) {
    this.changed = changed;
    const usable = items.filter((signature) => signature.in_use);
    const options = usable.map(({ name, text: words }) => [name, `【${words}】 ${name}`]);
    this.sign = select([["", text("template.defaultSign")], ...options], { value: standard ?? "" });
    this.sign.addEventListener("change", changed);
    const chooser = usable.length > 0 ? field(text("template.sign"), this.sign) : noSignature();
    this.element = card(text("template.preview"), this.#bubble, chooser, this.#samples);
  }

  /** What the linter is to be asked for: {signature, values}. */
  get wanted() {
    const values = Object.fromEntries([...this.#values].filter(([, value]) => value));
    return { signature: this.sign.value || null, values };
  }

  /** `typed` is the text; `reply` the linter's of it, null while there is none. */
  draw(typed, reply) {
    if (!typed.trim()) this.#bubble.replaceChildren(phone(hint("template.nothing")));
    else if (reply) this.#bubble.replaceChildren(...shown(typed, reply));
    this.#drawSamples(variables(typed));
  }

  /** One field for each variable; those that stay keep their place and value. */
  #drawSamples(names) {
    const before = [...this.#samples.querySelectorAll("input")].map(({ name }) => name);
    if (names.join() === before.join()) return;
    const fields = names.map((name) => field(`{{${name}}}`, this.#sampleOf(name)));
    const title = h("h3", {}, text("template.samples"));
    this.#samples.replaceChildren(...(fields.length > 0 ? [title, ...fields] : []));
  }

  #sampleOf(name) {
    const value = this.#values.get(name) ?? "";
    const control = input({ name, value, placeholder: text("template.sampleValue") });
    control.addEventListener("input", () => {
      this.#values.set(name, control.value);
      this.changed();
    });
    return control;
  }
}

/** The names of a text's variables that the service does not fill in. */
export function variables(typed) {
  const names = new Set([...typed.matchAll(TAG)].map((found) => found[1]));
  return [...names].filter((name) => !RESERVED.includes(name) && name !== "else");
}

function shown(typed, reply) {
  if (reply.preview === null) return [phone(hint("template.unrendered"))];
  const written = typed.trimEnd();
  const addition = reply.text.startsWith(written) ? reply.text.slice(written.length) : "";
  return [
    phone(reply.preview, size(reply)),
    ...(addition ? [h("p", { class: "hint" }, text("template.added", { addition }))] : []),
  ];
}

function hint(name) {
  return h("span", { class: "soft" }, text(name));
}

function noSignature() {
  const link = h("a", { href: "#/signatures/new" }, text("signatures.new"));
  return notice("info", text("template.noSignature"), h("p", {}, link));
}
