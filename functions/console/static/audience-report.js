// What the reading of an audience's file found: who can be sent to, who cannot and why.

import { get } from "./api.js";
import { rowReason } from "./audience-words.js";
import { h } from "./dom.js";
import { count } from "./format.js";
import { announce, button, card, explain, notice } from "./parts.js";
import { ShareBar } from "./share-bar.js";
import { sideways, table } from "./tables.js";
import { text } from "./texts.js";

export function report(audience) {
  return h(
    "div",
    { class: "stack" },
    card(text("report.title"), summary(audience)),
    refusedCard(audience),
    audience.sample.length > 0 && card(text("report.sample"), sample(audience)),
  );
}

function summary(audience) {
  const { rows, valid, no_consent: silent } = audience;
  const label = () => text("report.bar", { rows: count(rows), valid: count(valid) });
  const bar = new ShareBar(parts(audience), label);
  return [
    h("p", { class: "figure" }, text("report.valid", { count: count(valid) })),
    h("p", { class: "soft" }, text("report.rows", { count: count(rows) })),
    bar.element,
    silent > 0 &&
      notice(
        "warn",
        text("report.silent", { count: count(silent) }),
        h("p", {}, text("report.silentBody")),
      ),
    audience.opted_out > 0 && h("p", { class: "soft" }, text("report.outBody")),
  ];
}

/** Who opted out and who agreed to nothing can be sent notifications: they are valid, too. */
function parts({ valid, opted_out: out, no_consent: silent, invalid, duplicate }) {
  const whole = Math.max(0, valid - out - silent);
  return [
    { name: text("report.all"), number: whole, tone: "good", always: true },
    { name: text("report.out"), number: out, tone: "info" },
    { name: text("report.noConsent"), number: silent, tone: "warn" },
    { name: text("report.duplicate"), number: duplicate, tone: "plain" },
    { name: text("report.invalid"), number: invalid, tone: "bad" },
  ];
}

/** The rows that were not taken, or null where all were. */
export function refusedCard(audience) {
  if (audience.refused_sample.length === 0) return null;
  return card(text("report.refused"), refused(audience));
}

function refused({ id, invalid, duplicate, refused: reasons, refused_sample: rows }) {
  const columns = [
    { title: text("report.line"), cell: ({ line }) => count(line) },
    { title: text("report.value"), cell: ({ value }) => h("code", {}, value) },
    { title: text("report.reason"), cell: ({ reason }) => rowReason(reason) },
  ];
  const whole = invalid + duplicate;
  return [
    h("ul", { class: "reasons" }, Object.entries(reasons).map(oneReason)),
    whole > rows.length &&
      h("p", { class: "soft" }, text("report.first", { count: rows.length, whole: count(whole) })),
    table(text("report.refused"), columns, rows),
    downloader(id),
  ];
}

function oneReason([reason, number]) {
  return h("li", {}, text("report.of", { reason: rowReason(reason), count: count(number) }));
}

function downloader(id) {
  const pressed = button(text("report.download"), async () => {
    pressed.disabled = true;
    try {
      const { url } = await get(["audiences", id, "report"]);
      h("a", { href: url, download: "" }).click();
    } catch (error) {
      announce(explain(error));
    }
    pressed.disabled = false;
  });
  return pressed;
}

function sample({ sample: rows }) {
  const names = [...new Set(rows.flatMap(({ variables }) => Object.keys(variables)))];
  const columns = [
    { title: text("report.line"), cell: ({ line }) => count(line) },
    { title: text("records.phone"), cell: ({ phone }) => h("span", { class: "digits" }, phone) },
    ...names.map((name) => ({ title: name, cell: ({ variables }) => variables[name] ?? "" })),
  ];
  return [
    h("p", { class: "soft" }, text("report.sampleBody")),
    sideways(text("report.sample"), table(text("report.sample"), columns, rows, { narrow: true })),
  ];
}
