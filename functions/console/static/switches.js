// An app's switches, for its owner and for operators.

import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { toggle } from "./forms.js";
import { announce } from "./parts.js";
import { text } from "./texts.js";

const SWITCHES = [
  "sms",
  "generic_sms",
  "international",
  "force_captcha",
  "bulk_needs_master_key",
  "resend_same_code",
];
// Turning these that way stops sends that worked before: ask first.
const ASKED_BEFORE = new Map([
  ["sms", false],
  ["generic_sms", false],
  ["force_captcha", true],
  ["bulk_needs_master_key", false],
]);

/** The switches of an app; `save(name, on)` stores one. */
export function switches(values, save) {
  return h(
    "div",
    { class: "toggles" },
    SWITCHES.map((name) =>
      toggle(text(`switch.${name}`), text(`switch.${name}.hint`), values[name], async (on) => {
        if (!(await store(name, on, save))) return false;
        announce(text(on ? "switch.isOn" : "switch.isOff", { name: text(`switch.${name}`) }));
        return true;
      }),
    ),
  );
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
