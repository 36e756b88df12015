// Dialogs. The browser's own element keeps the keyboard inside, closes on Esc and gives the
// keyboard's place back.

import { h, newId } from "./dom.js";
import { formNote, onSubmit, submit } from "./forms.js";
import { button } from "./parts.js";
import { text } from "./texts.js";

/**
 * Asks; resolves with true when `action` succeeded and false when it was called off. A failing
 * action leaves the dialog open and is explained there.
 */
export function ask({ title, content = [], confirm, style = "primary", action = async () => {} }) {
  return new Promise((resolve) => {
    let done = false;
    const heading = newId();
    const form = h(
      "form",
      {},
      h("h2", { id: heading }, title),
      content,
      formNote(),
      h(
        "div",
        { class: "actions end" },
        button(text("cancel"), () => dialog.close()),
        submit(confirm, style),
      ),
    );
    const dialog = h("dialog", { "aria-labelledby": heading }, form);
    onSubmit(form, async () => {
      await action();
      done = true;
      dialog.close();
    });
    open(dialog, () => resolve(done));
  });
}

/** Shows something at the side of the page; resolves when it is closed. */
export function drawer(title, content) {
  return new Promise((resolve) => {
    const heading = newId();
    const dialog = h(
      "dialog",
      { class: "drawer", "aria-labelledby": heading },
      h(
        "div",
        { class: "drawer-head" },
        h("h2", { id: heading }, title),
        button(text("close"), () => dialog.close()),
      ),
      content,
    );
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close(); // the shade beside it
    });
    open(dialog, resolve);
  });
}

function open(dialog, closed) {
  dialog.addEventListener("close", () => {
    dialog.remove();
    closed();
  });
  document.body.append(dialog);
  dialog.showModal();
}
