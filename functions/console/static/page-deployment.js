// What holds for the whole deployment.

import { call, get } from "./api.js";
import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { toggle } from "./forms.js";
import { announce, card, heading } from "./parts.js";
import { text } from "./texts.js";

export async function show({ signal }) {
  const settings = await get(["settings"], { signal });
  return [
    heading(text("menu.deployment"), { lead: text("deployment.lead") }),
    card(
      text("menu.review"),
      toggle(
        text("deployment.autoApprove"),
        text("deployment.autoApproveHint"),
        settings.auto_approve,
        approve,
      ),
    ),
    card(
      text("menu.guard"),
      toggle(
        text("deployment.enforce"),
        text("deployment.enforceHint"),
        settings.shield === "enforce",
        enforce,
      ),
      h("p", { class: "soft" }, text("deployment.report"), " ", toTheReports()),
    ),
  ];
}

async function approve(on) {
  await call("PUT", ["settings"], { body: { auto_approve: on } });
  const name = text("deployment.autoApprove");
  announce(text(on ? "switch.isOn" : "switch.isOff", { name }));
}

/** Either way it changes what all apps send, so either way somebody says so twice. */
async function enforce(on) {
  const done = await ask({
    title: text(on ? "deployment.enforceAsk" : "deployment.observeAsk"),
    content: [
      h("p", {}, text(on ? "deployment.enforceBody" : "deployment.observeBody")),
      on && h("p", { class: "soft" }, text("deployment.report"), " ", toTheReports()),
    ],
    confirm: text(on ? "deployment.enforceDo" : "deployment.observeDo"),
    style: on ? "primary" : "danger",
    action: () => call("PUT", ["settings"], { body: { shield: on ? "enforce" : "observe" } }),
  });
  if (done) announce(text(on ? "deployment.enforces" : "deployment.observes"));
  return done;
}

/** Each app has its own. */
function toTheReports() {
  return h("a", { href: "#/apps" }, text("deployment.reports"));
}
