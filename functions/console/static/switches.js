// An app's switches, for its owner and for operators.

import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { toggle } from "./forms.js";
import { announce, card } from "./parts.js";
import { text } from "./texts.js";

const SMS = [
  "sms",
  "generic_sms",
  "international",
  "plain_text_abroad",
  "captcha",
  "force_captcha",
  "bulk_needs_master_key",
  "resend_same_code",
  "rescue",
];
// The first four as LeanCloud's console has them; what only some apps should touch is last.
const ACCOUNTS = [
  "verify_on_sign_up",
  "unverified_may_not_log_in",
  "unverified_may_reset",
  "login_by_code",
  "new_session_after_password",
  "first_proof_resets_access",
  "auth_data_needs_master_key",
  "safe_mode",
  "code_only",
];
// Turning these that way stops what worked before, or opens what was closed: ask first.
const ASKED_BEFORE = new Map([
  ["sms", false],
  ["generic_sms", false],
  ["captcha", false],
  ["force_captcha", true],
  ["bulk_needs_master_key", false],
  ["unverified_may_not_log_in", true],
  ["unverified_may_reset", true],
  ["login_by_code", false],
  ["first_proof_resets_access", false],
  ["auth_data_needs_master_key", false],
  ["safe_mode", true],
  ["code_only", true],
]);

/** The switches of an app, in two cards; `save(name, on)` stores one. */
export function switches(values, save) {
  const shown = (names) =>
    h(
      "div",
      { class: "toggles" },
      names.map((name) => one(name, values[name], save)),
    );
  return [
    card(text("switches.sms"), shown(SMS)),
    card(
      text("switches.accounts"),
      h("p", { class: "soft" }, text("switches.accountsLead")),
      shown(ACCOUNTS),
    ),
  ];
}

function one(name, isOn, save) {
  const label = text(`switch.${name}`);
  return toggle(label, text(`switch.${name}.hint`), isOn, async (on) => {
    if (!(await store(name, on, save))) return false;
    announce(text(on ? "switch.isOn" : "switch.isOff", { name: label }));
    return true;
  });
}

async function store(name, on, save) {
  if (ASKED_BEFORE.get(name) === on) {
    return ask({
      title: text(on ? "switch.askOn" : "switch.askOff", { name: text(`switch.${name}`) }),
      content: h("p", {}, text(`switch.${name}.ask`)),
      confirm: text(on ? "switch.turnOn" : "switch.turnOff"),
      style: "danger",
      action: () => save(name, on),
    });
  }
  await save(name, on);
  return true;
}
