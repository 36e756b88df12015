// A message as a phone shows it.

import { h } from "./dom.js";
import { money } from "./format.js";
import { text } from "./texts.js";

// 70 characters fit one message on the mainland, 67 each part of a longer one (wire.md 16.1).
const ALONE = 70;
const PART = 67;

/** A phone with one message; `children` are the message's text. */
export function phone(children, foot = null) {
  return h(
    "div",
    { class: "phone" },
    h("div", { class: "phone-head", "aria-hidden": "true" }, "106…"),
    h("div", { class: "message" }, children),
    foot,
  );
}

/** What it will cost: segments, price, and how full the last segment is. */
export function size({ characters, segments, price_micros: priceMicros }) {
  if (segments === null)
    return h("p", { class: "problem" }, text("size.tooLong", { count: characters }));
  const room = segments > 1 ? PART * segments : ALONE;
  return h(
    "div",
    { class: "size" },
    h("strong", {}, text("size.segments", { count: segments })),
    h("strong", {}, money(priceMicros)),
    h("span", { class: "soft" }, text("size.characters", { count: characters, room })),
    h("progress", {
      value: Math.min(characters, room),
      max: room,
      "aria-label": text("size.characters", { count: characters, room }),
    }),
  );
}

/** A template's text with its tags set apart. */
export function tagged(source) {
  return source
    .split(/(\{\{\{?[^{}]*\}?\}\})/)
    .map((part, index) => (index % 2 ? h("span", { class: "tag" }, part) : part));
}
