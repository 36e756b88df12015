// One message: what it was, what happened to it, in words, and what to do now.

import { get } from "./api.js";
import { drawer } from "./dialogs.js";
import { h } from "./dom.js";
import { money } from "./format.js";
import { explain, facts, when } from "./parts.js";
import { shareForm } from "./share.js";
import { advice, stateBadge, timeline } from "./timeline.js";
import { text } from "./texts.js";

/** Opens the drawer of a record. */
export function showRecord(record, params) {
  const place = h("div", { "aria-live": "polite" }, h("p", { class: "soft" }, text("loading")));
  fill(place, record, params);
  return drawer(text("record.title"), place);
}

async function fill(place, { message_id: id }, params) {
  try {
    const record = await get(["records", id], { query: { app_id: params.app } });
    const todo = advice(record.advice);
    place.replaceChildren(
      particulars(record),
      ...(todo ? [h("h3", {}, text("advice.title")), todo] : []),
      h("h3", {}, text("record.timeline")),
      timeline(record.timeline),
      h("h3", {}, text("share.title")),
      shareForm(record, params),
    );
  } catch (error) {
    place.replaceChildren(h("p", { class: "form-note" }, explain(error)));
  }
}

function particulars(record) {
  const version = record.template_version ? ` v${record.template_version}` : "";
  return facts([
    [text("records.state"), stateBadge(record.state)],
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
    record.held_until && [text("record.heldUntil"), when(record.held_until)],
    [text("record.id"), h("code", {}, record.message_id)],
  ]);
}
