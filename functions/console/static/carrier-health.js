// How carriers fare: the part of its messages that each keeps, and when that changed.

import { get } from "./api.js";
import { countryName } from "./countries.js";
import { h } from "./dom.js";
import { clock } from "./format.js";
import { badge, card } from "./parts.js";
import { more } from "./tables.js";
import { text } from "./texts.js";

const FULL = 100;
const REASONS = {
  failing: "health.failing",
  "slow answers": "health.slow",
  "late receipts": "health.late",
  recovering: "health.recovering",
};

/** Two boxes: how carriers stand, and what changed, newest first. */
export function healthCards({ items, changes, cursor }, here) {
  return card(
    text("health.title"),
    h("p", { class: "soft" }, text("health.lead")),
    standings(items, here),
    h("h3", {}, text("health.changes")),
    changed(changes, cursor, here),
  );
}

function standings(items, here) {
  const ailing = items.filter(({ share }) => share < FULL);
  if (ailing.length === 0) return h("p", {}, badge(text("health.well"), "good"));
  return h(
    "ul",
    { class: "standings" },
    ailing.map((one) =>
      h(
        "li",
        {},
        h(
          "div",
          { class: "line" },
          badge(text("health.keeps", { share: one.share }), one.reason === "recovering" ? "warn" : "bad"),
          h("strong", {}, text("health.to", of(one, here))),
        ),
        h(
          "p",
          { class: "soft" },
          reason(one.reason),
          one.changed_at && text("health.since", { since: clock(one.changed_at) }),
        ),
      ),
    ),
  );
}

function changed(changes, cursor, here) {
  if (changes.length === 0) return h("p", { class: "soft" }, text("health.none"));
  const list = h(
    "ol",
    { class: "changes" },
    changes.map((one) => sentence(one, here)),
  );
  const load = async (next) => {
    const page = await get(["carriers", "health"], { query: { cursor: next } });
    return { items: page.changes, cursor: page.cursor };
  };
  const add = (items) => {
    const rows = items.map((one) => sentence(one, here));
    list.append(...rows);
    return rows[0];
  };
  return [list, more(cursor, load, add)];
}

/** "14:03 阿里云短信 发往 +86 的份额由 100 % 降到 10 %：回执太慢" */
function sentence(change, here) {
  const fell = change.to < change.from;
  return h(
    "li",
    { class: fell ? "bad" : "good" },
    h("time", { class: "digits soft", datetime: change.at }, clock(change.at)),
    h(
      "span",
      {},
      text(fell ? "health.fell" : "health.rose", {
        ...of(change, here),
        from: change.from,
        share: change.to,
        reason: reason(change.reason),
      }),
    ),
  );
}

function of({ carrier, country }, { name, prices }) {
  const known = countryName(prices, country);
  return { carrier: name(carrier), country: known ? `${known} +${country}` : `+${country}` };
}

/** A word that is new to this page is shown as the service writes it. */
function reason(written) {
  return REASONS[written] ? text(REASONS[written]) : written;
}
