// What holds for the whole deployment.

import { call, get } from "./api.js";
import { toggle } from "./forms.js";
import { announce, card, heading } from "./parts.js";
import { text } from "./texts.js";

export async function show({ signal }) {
  const settings = await get(["settings"], { signal });
  const save = async (on) => {
    await call("PUT", ["settings"], { body: { auto_approve: on } });
    const name = text("deployment.autoApprove");
    announce(text(on ? "switch.isOn" : "switch.isOff", { name }));
  };
  return [
    heading(text("menu.deployment"), { lead: text("deployment.lead") }),
    card(
      text("menu.review"),
      toggle(
        text("deployment.autoApprove"),
        text("deployment.autoApproveHint"),
        settings.auto_approve,
        save,
      ),
    ),
  ];
}
