// Signing in, as an app or as an operator.

import { signIn } from "./api.js";
import { h } from "./dom.js";
import { Wrong, field, formNote, input, needed, onSubmit, submit } from "./forms.js";
import { heading, notice } from "./parts.js";
import { text, wait } from "./texts.js";

// Who signed in last on this machine: the id, never the key.
const REMEMBERED = "signet.console.last";

/** `entered(session)` is called when it worked; `wasLost` says that a session ended by itself. */
export function show({ wasLost, entered }) {
  const last = JSON.parse(localStorage.getItem(REMEMBERED) ?? '{"role":"owner","id":""}');
  let { role } = last;
  const id = input({ name: "username", autocomplete: "username", spellcheck: "false" });
  const key = input({ type: "password", name: "password", autocomplete: "current-password" });
  id.value = last.id;
  (last.id ? key : id).dataset.first = "";
  const idField = field("", id);
  const keyField = field("", key);

  function drawRole() {
    idField.querySelector("label").textContent = text(`signIn.${role}.id`);
    keyField.querySelector("label").textContent = text(`signIn.${role}.key`);
  }

  const roles = h(
    "fieldset",
    { class: "segments" },
    h("legend", { class: "unseen" }, text("signIn.as")),
    ["owner", "operator"].map((each) =>
      h(
        "label",
        {},
        h("input", {
          type: "radio",
          name: "role",
          value: each,
          checked: each === role,
          onchange: () => {
            role = each;
            drawRole();
          },
        }),
        h("span", {}, text(`signIn.${each}`)),
      ),
    ),
  );
  const form = h(
    "form",
    { class: "card" },
    roles,
    idField,
    keyField,
    formNote(),
    submit(text("signIn.submit")),
  );
  drawRole();
  onSubmit(form, async (button) => {
    const name = needed(id);
    const secret = needed(key);
    const who =
      role === "owner" ? { app_id: name, master_key: secret } : { operator: name, key: secret };
    try {
      const session = await signIn(who);
      localStorage.setItem(REMEMBERED, JSON.stringify({ role, id: name }));
      entered(session);
    } catch (error) {
      key.select();
      if (error.status === 401) throw new Wrong(key, text(`signIn.${role}.wrong`));
      if (error.status === 429 && error.retryAfter)
        return countDown(form, button, error.retryAfter);
      throw error;
    }
  });
  return h(
    "div",
    { class: "sign-in" },
    heading(text("signIn.title"), { lead: text("signIn.lead") }),
    wasLost && notice("warn", text("signIn.lost"), h("p", {}, text("signIn.lostMore"))),
    form,
  );
}

/** Says how long to wait, and lets nobody try before. */
function countDown(form, button, seconds) {
  const until = Date.now() + seconds * 1000;
  const note = form.querySelector(".form-note");
  const draw = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    button.disabled = left > 0;
    note.textContent = left > 0 ? text("signIn.wait", { wait: wait(left) }) : "";
    if (left <= 0 || !form.isConnected) clearInterval(timer);
  };
  const timer = setInterval(draw, 1000);
  draw();
}
