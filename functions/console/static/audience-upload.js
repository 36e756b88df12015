// A file's way up to an audience: how much of it has gone, and another try when it breaks off.

import { call } from "./api.js";
import { uploadProblem } from "./audience-words.js";
import { h } from "./dom.js";
import { bytes } from "./format.js";
import { announce, button, card } from "./parts.js";
import { address, visit } from "./routes.js";
import { text } from "./texts.js";
import { upload } from "./uploads.js";

/**
 * A box that sends `file` to the audience by the signed form `first`, asks for it to be read and
 * goes to the audience's page. `leave` is the page's signal: who leaves calls it off.
 */
export function sending({ id }, first, file, leave) {
  const bar = h("progress", { max: "1", value: 0, "aria-label": text("upload.progress") });
  const said = h("p", { class: "soft digits" });
  const problem = h("p", { class: "form-note", role: "alert" });
  const stay = h("p", { class: "soft" }, text("upload.stay"));
  const again = button(text("again"), () => run(null), "primary", { hidden: true });
  let running = null;

  async function run(form) {
    running = new AbortController();
    again.hidden = true;
    stay.hidden = false;
    problem.textContent = "";
    try {
      const { upload: signed } = form ? { upload: form } : await fresh(id);
      await upload(signed, file, { signal: running.signal, progress });
      await call("POST", ["audiences", id, "read"]);
      if (!leave.aborted) visit(address(["audiences", id]));
    } catch (error) {
      if (leave.aborted) return;
      problem.textContent = uploadProblem(error);
      again.hidden = false;
      stay.hidden = true;
      again.focus();
    }
  }

  function progress(part) {
    bar.value = part;
    const values = { gone: bytes(Math.round(part * file.size)), size: bytes(file.size) };
    said.textContent = text(part < 1 ? "upload.gone" : "upload.arrived", values);
  }

  leave.addEventListener("abort", () => running?.abort());
  progress(0);
  run(first);
  return card(
    text("upload.title", { file: file.name }),
    h("div", { class: "stack" }, bar, said),
    stay,
    problem,
    h(
      "div",
      { class: "actions" },
      again,
      button(text("upload.stop"), () => visit(address(["audiences", id]))),
    ),
  );
}

/** A form that is signed anew: each counts for a while only. */
async function fresh(id) {
  announce(text("upload.again"));
  return call("POST", ["audiences", id, "upload"]);
}
