// What the editors of signatures and templates share: where the text comes from, how it is kept
// while it is not sent, how it is sent.

import { call, getAll } from "./api.js";
import { errors } from "./findings.js";
import { Wrong, onSubmit } from "./forms.js";
import { draft } from "./kept.js";
import { announce, button, notice } from "./parts.js";
import { text } from "./texts.js";

/**
 * {version, base, kept}: the draft that is edited or null; what the fields start with or null; and
 * the tab's own copy of what was typed.
 */
export async function start(type, { session, params, query, signal }) {
  const name = params.name ?? query.get("from");
  const kept = draft([session.id, type, name ?? "", params.version ?? "new"].join("/"));
  if (!name) return { version: null, base: null, kept };
  const { items } = await getAll([type, name], { signal });
  const wanted = params.version
    ? items.find(({ version }) => String(version) === params.version)
    : items.toSorted((one, other) => other.version - one.version)[0];
  return { version: params.version ? wanted : null, base: wanted ?? null, kept };
}

/** Says that earlier typing was brought back, with a way to drop it. */
export function restored(kept, refresh) {
  if (!kept.read()?.text) return null;
  const drop = button(text("editor.drop"), () => {
    kept.clear();
    refresh();
  });
  return notice("info", text("editor.restored"), drop);
}

/**
 * Sends the form: as a draft, or for review. `values()` gives the body or throws Wrong; `lint` is
 * the LiveLint of its text.
 */
export function sendOnSubmit(form, { type, version, values, lint, kept }) {
  onSubmit(form, async (pressed) => {
    const submitting = pressed?.value !== "draft";
    const body = values();
    if (submitting && errors(lint.findings).length > 0) {
      throw new Wrong(lint.control, text("editor.mendFirst"));
    }
    try {
      await store(type, version, body, submitting);
    } catch (error) {
      if (error.findings) lint.take(error.findings);
      throw error;
    }
    kept.clear();
    announce(text(submitting ? "version.isSubmitted" : "editor.isKept", { name: body.name }));
    location.hash = `#/${type}`;
  });
}

async function store(type, version, body, submitting) {
  if (!version) return call("POST", [type], { body: { ...body, submit: submitting } });
  const path = [type, version.name, String(version.version)];
  await call("PUT", path, { body });
  return submitting ? call("POST", [...path, "submit"]) : null;
}
