// What is said below the fields, and what an error means to a person.

import { onLanguage, text, wait } from "./texts.js";

// Kept as functions, so that the language switch can say it again.
const notes = new Map();

/** Says something at a place; `kind` is "good", "bad" or "". */
export function note(id, kind, say) {
  notes.set(id, say);
  const place = document.getElementById(id);
  place.className = `note ${kind}`;
  place.textContent = say();
}

/** Says nothing there any more. */
export function hush(id) {
  note(id, "", () => "");
}

onLanguage(() => {
  for (const [id, say] of notes) document.getElementById(id).textContent = say();
});

const KNOWN = {
  119: "switchedOff",
  127: "phoneInvalid",
  154: "noMoney",
  160: "noMoney",
  212: "phoneMissing",
  401: "unauthorized",
  603: "codeInvalid",
  605: "noSignature",
  608: "captchaNeeded",
};

/** A function that says what became of a call. */
export function explain(error) {
  const waiting = () => wait(error.retryAfter);
  if (error.code === undefined || error.code === -1) return () => text("noAnswer");
  if (error.retryAfter && error.code === 1) return () => text("tooFast", { wait: waiting() });
  if (error.retryAfter) return () => text("tooOften", { wait: waiting() });
  if (error.code === 1 && /international/i.test(error.message)) return () => text("international");
  if (error.code in KNOWN) return () => text(KNOWN[error.code]);
  return () => text("other", { error: error.message, code: error.code });
}
