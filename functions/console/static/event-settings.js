// The form that says where an app's events go, and which it wants.

import { ApiError, call } from "./api.js";
import { h } from "./dom.js";
import { TYPES, typeWords } from "./event-words.js";
import { Wrong, checkbox, field, formNote, input, onSubmit, submit } from "./forms.js";
import { text } from "./texts.js";

/** `saved(settings)` is awaited after each change. */
export function settingsForm(settings, saved) {
  const url = input({
    type: "url",
    value: settings.url ?? "",
    maxlength: "1000",
    inputmode: "url",
    spellcheck: "false",
    placeholder: "https://example.com/signet",
  });
  const bus = h("input", { type: "checkbox", checked: settings.bus });
  const boxes = TYPES.map((type) =>
    h("input", {
      type: "checkbox",
      value: type,
      checked: settings.types === null || settings.types.includes(type),
    }),
  );
  const form = h(
    "form",
    {},
    field(text("events.url"), url, { hint: text("events.urlHint") }),
    checkbox(bus, text("events.bus"), text("events.busHint")),
    types(boxes),
    formNote(),
    submit(text("save")),
  );
  onSubmit(form, async () => {
    const body = { url: url.value.trim() || null, bus: bus.checked, types: wanted(boxes) };
    await saved(await put(body, url));
  });
  return form;
}

function types(boxes) {
  return h(
    "fieldset",
    { class: "choices compact" },
    h("legend", {}, text("events.types")),
    boxes.map((box) => checkbox(box, typeWords(box.value), h("code", {}, box.value))),
  );
}

/** The types that are ticked; null for all of them, so that later ones come, too. */
function wanted(boxes) {
  const ticked = boxes.filter((box) => box.checked).map((box) => box.value);
  if (ticked.length === 0) throw new Wrong(boxes[0], text("events.typesNone"));
  return ticked.length === boxes.length ? null : ticked;
}

/** What the server says of the address is said beside it. */
async function put(body, url) {
  try {
    return await call("PUT", ["events"], { body });
  } catch (error) {
    const isOfUrl = error instanceof ApiError && error.code === 1 && /^url /.test(error.message);
    if (!isOfUrl) throw error;
    throw new Wrong(url, text("events.urlWrong"));
  }
}
