// Audiences in words: where one stands, what was wrong with a file or a row, what to do.

import { ApiError } from "./api.js";
import { h } from "./dom.js";
import { badge, explain, notice } from "./parts.js";
import { isSaid, spoken, text } from "./texts.js";

const TONES = { waiting: "warn", reading: "busy", ready: "good", failed: "bad" };

export function audienceBadge({ state }) {
  return badge(text(`audienceState.${state}`), TONES[state]);
}

/** Why the file could not be read, and the way on; the service's own words for what is new here. */
export function fileProblem({ problem, problem_text: said }) {
  if (!isSaid(`audienceProblem.${problem}`))
    return notice("bad", text("audience.failed"), h("p", {}, said?.zh ? spoken(said) : said));
  return notice(
    "bad",
    text(`audienceProblem.${problem}`),
    h("p", {}, text(`audienceProblem.${problem}.todo`)),
  );
}

/** Why a row was refused. */
export function rowReason(reason) {
  return isSaid(`refused.${reason}`) ? text(`refused.${reason}`) : reason;
}

/** What is wrong with a file before it went up, or while it did. */
export function uploadProblem(error) {
  const isOfBucket = error instanceof ApiError && error.status >= 400;
  if (!isOfBucket) return explain(error);
  if (error.message === "EntityTooLarge") return text("upload.tooLarge");
  return text(error.status === 403 ? "upload.expired" : "upload.refused", { error: error.message });
}
