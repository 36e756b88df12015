// Deciding about a version: approve it, file it with the carriers, or reject it with the why.

import { call } from "./api.js";
import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { Wrong, field, needed } from "./forms.js";
import { announce, button } from "./parts.js";
import { text } from "./texts.js";

const REASONS = [
  "content",
  "marketing_in_other_kind",
  "banned_trade",
  "link",
  "contact",
  "variables",
  "signature_proof",
  "company_missing",
  "format",
  "other",
];

/** The buttons for an item of the queue; `refresh` is called after each decision. */
export function decisions(item, refresh) {
  const path = ["review", item.app_id, item.type, item.name, String(item.version)];
  const key = (action) => ({ data: { key: `${action} ${path.join(" ")}` } });
  const isToBeFiled =
    item.type === "signature" && item.use === "marketing" && item.state === "pending";
  const decide = async (asked, done) => {
    if (!(await asked)) return;
    announce(text(done, { name: item.name }));
    await refresh();
  };
  return [
    isToBeFiled &&
      button(
        text("review.file"),
        () => decide(askFile(item, path), "review.isFiled"),
        "primary",
        key("file"),
      ),
    button(
      text("review.approve"),
      () => decide(askApprove(item, path), "review.isApproved"),
      isToBeFiled ? "quiet" : "primary",
      key("approve"),
    ),
    button(
      text("review.reject"),
      () => decide(askReject(item, path), "review.isRejected"),
      "danger",
      key("reject"),
    ),
  ];
}

function askApprove({ name, version }, path) {
  const comment = h("textarea", { rows: "2" });
  return ask({
    title: text("review.approveAsk", { name, version }),
    content: field(text("review.comment"), comment, { hint: text("review.commentHint") }),
    confirm: text("review.approve"),
    action: () => decideAt(path, "approve", { comment: comment.value.trim() || null }),
  });
}

function askFile({ name, version }, path) {
  return ask({
    title: text("review.fileAsk", { name, version }),
    content: h("p", {}, text("review.fileBody")),
    confirm: text("review.file"),
    action: () => decideAt(path, "file", {}),
  });
}

function askReject({ name, version }, path) {
  const boxes = REASONS.map((reason) => ({
    reason,
    box: h("input", { type: "checkbox", value: reason }),
  }));
  const comment = h("textarea", { rows: "3" });
  return ask({
    title: text("review.rejectAsk", { name, version }),
    content: [
      h(
        "fieldset",
        { class: "choices compact" },
        h("legend", {}, text("review.reasons")),
        boxes.map(({ reason, box }) =>
          h("label", { class: "choice" }, box, h("span", {}, text(`reason.${reason}`))),
        ),
      ),
      field(text("review.sentence"), comment, { hint: text("review.sentenceHint") }),
    ],
    confirm: text("review.reject"),
    style: "danger",
    action: () => {
      const reasons = boxes.filter(({ box }) => box.checked).map(({ reason }) => reason);
      if (reasons.length === 0) throw new Wrong(boxes[0].box, text("review.reasonNeeded"));
      return decideAt(path, "reject", { reasons, comment: needed(comment) });
    },
  });
}

function decideAt(path, decision, body) {
  const sent = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
  return call("POST", [...path, decision], { body: sent });
}
