// Forms: labelled fields, problems beside the field that has them, a button that says it works.

import { h, newId } from "./dom.js";
import { explain } from "./parts.js";
import { text } from "./texts.js";

/**
 * What a form's action throws when a field is not filled in as it must be; `control` is null when
 * it is no field's fault.
 */
export class Wrong extends Error {
  constructor(control, sentence) {
    super(sentence);
    this.control = control;
  }
}

/** A control with its label, a hint, and room for what is wrong with it. */
export function field(label, control, { hint = null } = {}) {
  control.id ||= newId();
  const hintId = newId();
  const problemId = newId();
  control.setAttribute("aria-describedby", hint ? `${hintId} ${problemId}` : problemId);
  return h(
    "div",
    { class: "field" },
    h("label", { for: control.id }, label),
    hint && h("p", { class: "hint", id: hintId }, hint),
    control,
    h("p", { class: "problem", id: problemId }),
  );
}

export function input(properties = {}) {
  return h("input", { type: "text", autocomplete: "off", ...properties });
}

/** A choice among [value, label]. */
export function select(options, properties = {}) {
  return h(
    "select",
    properties,
    options.map(([value, label]) => h("option", { value }, label)),
  );
}

/** One of several, each with a sentence: `options` are [value, label, hint]. */
export function choices(legend, name, options, initial, onchange = () => {}) {
  return h(
    "fieldset",
    { class: "choices" },
    h("legend", {}, legend),
    options.map(([value, label, hint]) =>
      h(
        "label",
        { class: "choice" },
        h("input", {
          type: "radio",
          name,
          value,
          checked: value === initial,
          onchange: () => onchange(value),
        }),
        h("span", {}, h("strong", {}, label), hint && h("small", {}, hint)),
      ),
    ),
  );
}

/** The value chosen among `choices`. */
export function chosen(form, name) {
  return form.querySelector(`input[name="${name}"]:checked`)?.value ?? null;
}

/** A box to tick, with its label and a sentence. */
export function checkbox(box, label, hint = null) {
  const words = h("span", {}, h("strong", {}, label), hint && h("small", {}, hint));
  return h("label", { class: "choice" }, box, words);
}

/** A switch: `change(on)` is awaited, and the switch goes back when it fails or says false. */
export function toggle(label, hint, on, change) {
  const hintId = newId();
  const problem = h("p", { class: "problem", role: "alert" });
  const control = h("input", {
    type: "checkbox",
    role: "switch",
    checked: on,
    "aria-describedby": hintId,
    onchange: async () => {
      const wanted = control.checked;
      problem.textContent = "";
      control.disabled = true;
      try {
        if ((await change(wanted)) === false) control.checked = !wanted;
      } catch (error) {
        control.checked = !wanted;
        problem.textContent = explain(error);
      } finally {
        control.disabled = false;
        control.focus(); // a disabled control loses the keyboard's place
      }
    },
  });
  return h(
    "div",
    { class: "toggle" },
    h("label", {}, h("span", {}, label), control),
    h("p", { class: "hint", id: hintId }, hint),
    problem,
  );
}

/**
 * Makes a form do `action(submitter)` when it is submitted: once at a time, with its problems
 * shown. The form's note is made by `formNote`.
 */
export function onSubmit(form, action) {
  form.noValidate = true; // our sentences stand beside the fields, in the reader's language
  form.addEventListener("input", ({ target }) => mended(target));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.getAttribute("aria-busy")) return;
    const submitter = event.submitter ?? form.querySelector("button[type=submit]");
    begin(form, submitter);
    try {
      await action(submitter);
    } catch (error) {
      show(form, error);
    } finally {
      end(form, submitter);
    }
  });
}

/** Where a form says what went wrong. */
export function formNote() {
  return h("p", { class: "form-note", role: "alert" });
}

export function submit(label, style = "primary", properties = {}) {
  return h("button", { type: "submit", class: style, ...properties }, label);
}

/** What was typed, trimmed. Throws Wrong when it is nothing. */
export function needed(control, sentence = text("form.needed")) {
  const value = control.value.trim();
  if (!value) throw new Wrong(control, sentence);
  return value;
}

/** What was wrong with a field is not said on while somebody mends it. */
function mended(control) {
  if (!control.hasAttribute("aria-invalid")) return;
  control.removeAttribute("aria-invalid");
  problemOf(control)?.replaceChildren();
}

function problemOf(control) {
  return document.getElementById(control.getAttribute("aria-describedby")?.split(" ").at(-1));
}

function begin(form, submitter) {
  form.setAttribute("aria-busy", "true");
  for (const wrong of form.querySelectorAll("[aria-invalid]"))
    wrong.removeAttribute("aria-invalid");
  for (const said of form.querySelectorAll(".problem, .form-note")) said.textContent = "";
  if (submitter) {
    submitter.dataset.label = submitter.textContent;
    submitter.textContent = text("form.working");
  }
}

function end(form, submitter) {
  form.removeAttribute("aria-busy");
  // Somebody may have given the button another label meanwhile.
  if (submitter?.textContent === text("form.working"))
    submitter.textContent = submitter.dataset.label;
}

function show(form, error) {
  if (!(error instanceof Wrong)) {
    form.querySelector(".form-note").textContent = explain(error);
    return;
  }
  const { control } = error;
  const place = (control && problemOf(control)) ?? form.querySelector(".form-note");
  place.textContent = error.message;
  control?.setAttribute("aria-invalid", "true");
  control?.focus();
}
