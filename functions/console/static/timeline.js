// What happened to a message and what to do now, as the console and links to one message show it.

import { h } from "./dom.js";
import { badge, when } from "./parts.js";
import { spoken, text } from "./texts.js";

export const MESSAGE_TONES = {
  queued: "busy",
  sending: "busy",
  awaiting_receipt: "info",
  delivered: "good",
  verified: "good",
  undelivered: "bad",
  call_failed: "bad",
  expired: "plain",
  unconfirmed: "warn",
};
const EVENT_TONES = {
  refused: "warn",
  failed: "bad",
  expired: "bad",
  unconfirmed: "warn",
  verified: "good",
  receipt: "good",
};

/** A message's state as a label. */
export function stateBadge(state) {
  return badge(text(`message.${state}`), MESSAGE_TONES[state]);
}

/** The steps of a message, oldest first. */
export function timeline(events) {
  return h(
    "ol",
    { class: "timeline" },
    events.map(({ event, at, detail }) =>
      h(
        "li",
        { class: EVENT_TONES[event] ?? "plain" },
        h("strong", {}, text(`event.${event}`)),
        h("span", { class: "soft" }, when(at)),
        detail && h("p", {}, spoken(detail)),
      ),
    ),
  );
}

/** What to do now, the most useful first; null where there is nothing. */
export function advice(sentences) {
  if (sentences.length === 0) return null;
  return h(
    "ul",
    { class: "advice" },
    sentences.map((sentence) => h("li", {}, spoken(sentence))),
  );
}
