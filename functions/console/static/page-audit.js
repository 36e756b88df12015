// Who did what to which version, newest first.

import { get } from "./api.js";
import { h } from "./dom.js";
import { badge, empty, heading, when } from "./parts.js";
import { author } from "./people.js";
import { address } from "./routes.js";
import { moreRows, table } from "./tables.js";
import { text } from "./texts.js";
import { reasonBadges } from "./versions.js";

const TONES = { submit: "busy", approve: "good", file: "busy", reject: "bad" };
const ACTIONS = [
  ...["create", "edit", "submit", "delete", "default", "approve", "file", "reject"],
  ...["change", "credit", "map", "unmap", "lift", "share", "opt_out", "opt_in"],
  ...["consent", "consent_end", "export", "erase"],
  ...["rotate-secret", "ping", "replay", "create_audience", "delete_audience"],
  ...["plan", "schedule", "start", "pause", "resume", "cancel", "skip"],
];
const SUBJECTS = [
  ...["signature", "template", "app", "mapping", "number", "lock", "message"],
  ...["events", "event", "consents", "audience", "campaign"],
];

export async function show({ params, signal }) {
  const query = { app_id: params.app };
  const first = await get(["audit"], { query, signal });
  const head = heading(text("menu.audit"), {
    lead: text("audit.lead"),
    back: params.app && { href: address(["apps", params.app]), label: params.app },
  });
  if (first.items.length === 0) return [head, empty(text("audit.none"), text("audit.noneBody"))];
  const columns = [
    { title: text("records.time"), cell: ({ at }) => when(at) },
    { title: text("audit.actor"), cell: ({ actor }) => author(actor) },
    { title: text("audit.action"), cell: ({ action }) => actionBadge(action) },
    { title: text("audit.subject"), cell: subject },
    {
      title: text("audit.comment"),
      cell: ({ reasons, comment }) => [reasonBadges(reasons), reasons.length > 0 && " ", comment],
    },
  ];
  const rows = table(text("menu.audit"), columns, first.items);
  const load = (cursor) => get(["audit"], { query: { ...query, cursor } });
  return [
    head,
    h("div", { class: "card flush" }, rows),
    moreRows(rows, columns, first.cursor, load),
  ];
}

/** A word that is new to this page is shown as the service writes it. */
function actionBadge(action) {
  return badge(ACTIONS.includes(action) ? text(`action.${action}`) : action, TONES[action]);
}

/** `template:Order_Notice` with its version. */
function subject({ subject: written, version }) {
  const [type, ...name] = written.split(":");
  const label = SUBJECTS.includes(type) ? text(`type.${type}`) : type;
  const number = version ? text("version.number", { number: version }) : null;
  return [label, " ", h("strong", {}, name.join(":")), " ", number];
}
