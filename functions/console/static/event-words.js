// Events and their deliveries in words.

import { h } from "./dom.js";
import { text } from "./texts.js";

/** What an app may ask for, in the order in which it happens. */
export const TYPES = [
  "message.sent",
  "message.delivered",
  "message.undelivered",
  "message.unconfirmed",
  "message.call_failed",
  "message.expired",
  "code.verified",
  "reply.received",
  "opt_out.added",
  "opt_out.removed",
];
const KNOWN = [...TYPES, "ping"];
// What the service says went wrong before there was an HTTP status.
const WORDS = [
  ...["url", "no_url", "name_unknown", "not_public", "connection"],
  ...["certificate", "tls", "timeout", "answer"],
];

/** An event's type in words, with the name that the app sees. */
export function eventType(type) {
  return [typeWords(type), h("small", {}, h("code", {}, type))];
}

/** A type that is new to this page is shown as the service writes it. */
export function typeWords(type) {
  return KNOWN.includes(type) ? text(`eventType.${type.replace(".", "-")}`) : type;
}

/** What came of the last try, as a sentence. */
export function outcome({ answer, attempts, state }) {
  if (attempts === 0) return text("outcome.waiting");
  if (answer === "bus") return text("outcome.bus");
  if (answer.startsWith("bus_")) return text("outcome.busFailed", { reason: answer.slice(4) });
  if (WORDS.includes(answer)) return text(`outcome.${answer}`);
  return text(state === "delivered" ? "outcome.taken" : "outcome.refused", { status: answer });
}
