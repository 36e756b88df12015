// A link to one message, for people without a login.

import { SERVER, call } from "./api.js";
import { h } from "./dom.js";
import { field, formNote, onSubmit, select, submit } from "./forms.js";
import { announce, copyable, when } from "./parts.js";
import { text } from "./texts.js";

const HOURS = [1, 24, 72, 168, 720];
const USUAL = 72;

/** Asks for how long, makes the link, copies it, and shows it to be copied again. */
export function shareForm({ message_id: id }, params) {
  const hours = select(
    HOURS.map((count) => [String(count), span(count)]),
    { value: String(USUAL) },
  );
  const made = h("div", { class: "stack", role: "status" });
  const form = h(
    "form",
    { class: "row share" },
    field(text("share.hours"), hours),
    submit(text("share.make"), "quiet"),
    formNote(),
  );
  onSubmit(form, async () => {
    const link = await call("POST", ["records", id, "share"], {
      query: { app_id: params.app },
      body: { hours: Number(hours.value) },
    });
    // Where the deployment does not know its address, the link begins where this page is.
    const url = new URL(link.url, `${SERVER}/`).href;
    made.replaceChildren(
      copyable(url, text("share.link")),
      h("p", { class: "soft" }, text("share.until"), " ", when(link.expires_at)),
    );
    made.scrollIntoView({ block: "nearest" });
    announce(text((await copied(url)) ? "share.copied" : "share.made"));
  });
  return h("div", { class: "stack" }, h("p", { class: "soft" }, text("share.body")), form, made);
}

function span(hours) {
  if (hours < 24) return text("share.anHour");
  return text(hours === 24 ? "share.aDay" : "share.days", { count: hours / 24 });
}

async function copied(url) {
  try {
    await navigator.clipboard.writeText(url);
    return true;
  } catch {
    return false; // no permission: the link is there to be copied by its button
  }
}
