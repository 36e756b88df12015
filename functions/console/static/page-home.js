// An app's first page: what it still needs, what today cost, and a call that works.

import { SERVER, get, getAll } from "./api.js";
import { h } from "./dom.js";
import { money } from "./format.js";
import {
  badge,
  card,
  copyable,
  facts,
  heading,
  linkButton,
  notice,
  snippet,
  tile,
} from "./parts.js";
import { text } from "./texts.js";

export async function show({ signal }) {
  const [app, signatures, balance, { locks }] = await Promise.all([
    get(["app"], { signal }),
    getAll(["signatures"], { signal }),
    get(["balance"], { signal }),
    // Without what the shield says, the rest is still worth showing.
    get(["guard", "locks"], { signal }).catch(() => ({ locks: [] })),
  ]);
  return [
    heading(app.name, { lead: text("home.lead") }),
    locks.length > 0 && lockedNotice(locks.length),
    h("div", { class: "tiles" }, tiles(app, balance)),
    card(text("home.ready"), steps(app, signatures, balance)),
    card(
      text("home.start"),
      h("p", { class: "soft" }, text("home.startLead")),
      access(app),
      curl(app),
    ),
  ];
}

function lockedNotice(count) {
  return notice(
    "warn",
    text("home.locked", { count }),
    h("p", {}, text("home.lockedBody")),
    linkButton(text("home.seeLocks"), "#/guard", "quiet"),
  );
}

function tiles(app, balance) {
  const day = balance.days.at(-1) ?? { charged_micros: 0, messages: 0 };
  const low = app.low_balance_micros !== null && balance.balance_micros < app.low_balance_micros;
  return [
    tile(
      text("home.balance"),
      money(balance.balance_micros),
      "#/balance",
      low && badge(text("home.low"), "warn"),
    ),
    tile(text("home.today"), money(day.charged_micros), "#/balance"),
    tile(text("home.messages"), String(day.messages), "#/records"),
  ];
}

/** What stands between this app and its first message, each with the way to mend it. */
function steps(app, signatures, balance) {
  const waiting = signatures.items.some(({ state }) => state === "pending" || state === "filing");
  const signature = app.default_signature
    ? [true, text("home.signature", { name: app.default_signature })]
    : [false, text(waiting ? "home.signatureWaits" : "home.noSignature")];
  const list = [
    [app.switches.sms, text(app.switches.sms ? "home.smsOn" : "home.smsOff"), "settings"],
    [...signature, "signatures"],
    [
      balance.balance_micros > 0,
      text(balance.balance_micros > 0 ? "home.paid" : "home.unpaid"),
      "balance",
    ],
    [app.company ? true : null, text(app.company ? "home.company" : "home.noCompany"), "settings"],
  ];
  return h(
    "ul",
    { class: "steps" },
    list.map(([done, sentence, page]) =>
      h(
        "li",
        {},
        stepBadge(done),
        h("span", {}, sentence),
        !done && linkButton(text(`menu.${page}`), `#/${page}`, "quiet"),
      ),
    ),
  );
}

/** `done` is true, false, or null for what only some need. */
function stepBadge(done) {
  if (done === null) return badge(text("home.optional"));
  return done ? badge(text("home.done"), "good") : badge(text("home.todo"), "warn");
}

function access(app) {
  return facts([
    ["serverURL", copyable(SERVER, "serverURL")],
    ["App ID", copyable(app.app_id, "App ID")],
    ["App Key", copyable(app.app_key, "App Key")],
    app.test_phone && [
      text("home.testPhone"),
      h("span", {}, h("code", {}, app.test_phone.phone), " → ", h("code", {}, app.test_phone.code)),
    ],
  ]);
}

function curl(app) {
  const quoted = (words) => `'${words.replaceAll("'", `'\\''`)}'`;
  const command = [
    `curl -X POST ${SERVER}/1.1/requestSmsCode`,
    `-H ${quoted(`X-LC-Id: ${app.app_id}`)}`,
    `-H ${quoted(`X-LC-Key: ${app.app_key}`)}`,
    `-H 'Content-Type: application/json'`,
    `-d '{"mobilePhoneNumber": "18612345678"}'`,
  ];
  return snippet(command.join(" \\\n  "), "curl");
}
