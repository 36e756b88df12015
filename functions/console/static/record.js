// One message: what it was, and what happened to it, in words.

import { get } from "./api.js";
import { drawer } from "./dialogs.js";
import { h } from "./dom.js";
import { money } from "./format.js";
import { badge, explain, facts, when } from "./parts.js";
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
  failed: "bad",
  expired: "bad",
  unconfirmed: "warn",
  verified: "good",
  receipt: "good",
};

/** Opens the drawer of a record. */
export function showRecord(record, params) {
  const place = h("div", { "aria-live": "polite" }, h("p", { class: "soft" }, text("loading")));
  fill(place, record, params);
  return drawer(text("record.title"), place);
}

async function fill(place, { message_id: id }, params) {
  try {
    const record = await get(["records", id], { query: { app_id: params.app } });
    place.replaceChildren(
      particulars(record),
      h("h3", {}, text("record.timeline")),
      timeline(record),
    );
  } catch (error) {
    place.replaceChildren(h("p", { class: "form-note" }, explain(error)));
  }
}

function particulars(record) {
  const version = record.template_version ? ` v${record.template_version}` : "";
  return facts([
    [text("records.state"), badge(text(`message.${record.state}`), MESSAGE_TONES[record.state])],
    [text("records.phone"), record.phone],
    [text("records.kind"), text(`kind.${record.kind}`)],
    record.purpose && [text("record.purpose"), text(`purpose.${record.purpose}`)],
    [text("record.channel"), text(`channel.${record.channel}`)],
    [
      text("record.template"),
      record.template ? record.template + version : text("records.builtIn"),
    ],
    [text("record.signature"), record.signature],
    [text("records.segments"), String(record.segments)],
    [
      text("records.price"),
      money(record.price_micros) + (record.refunded ? ` (${text("records.refunded")})` : ""),
    ],
    record.carrier && [text("record.carrier"), record.carrier],
    record.carrier_message_id && [
      text("record.carrierId"),
      h("code", {}, record.carrier_message_id),
    ],
    record.reason && [text("record.reason"), record.reason],
    [text("record.id"), h("code", {}, record.message_id)],
  ]);
}

function timeline(record) {
  return h(
    "ol",
    { class: "timeline" },
    record.timeline.map(({ event, at, detail }) =>
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
