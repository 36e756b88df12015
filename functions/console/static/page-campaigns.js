// An app's campaigns, with how far each of those that run has come.

import { get } from "./api.js";
import { campaignBadge, scheduleWords } from "./campaign-words.js";
import { progressOf } from "./campaign-progress.js";
import { h } from "./dom.js";
import { count } from "./format.js";
import { empty, heading, linkButton, when } from "./parts.js";
import { poll } from "./polling.js";
import { address } from "./routes.js";
import { moreRows, table } from "./tables.js";
import { text } from "./texts.js";

const PAUSE_MS = 5_000;
const LIVE = ["running", "paused"];

export async function show({ signal }) {
  const first = await get(["campaigns"], { signal });
  const create = linkButton(text("campaigns.new"), "#/campaigns/new");
  if (first.campaigns.length === 0) {
    return [
      heading(text("menu.campaigns"), { lead: text("campaigns.lead") }),
      empty(
        text("campaigns.none"),
        text("campaigns.noneBody"),
        linkButton(text("audiences.new"), "#/audiences/new", "quiet"),
        create,
      ),
    ];
  }
  return [
    heading(text("menu.campaigns"), { lead: text("campaigns.lead"), actions: [create] }),
    list(first, signal),
  ];
}

function list(first, signal) {
  const columns = [
    { title: text("audiences.name"), cell: named },
    { title: text("records.state"), cell: (campaign) => standing(campaign, signal) },
    { title: text("plan.recipients"), cell: recipients, number: true },
    { title: text("campaigns.when"), cell: ({ schedule }) => scheduleWords(schedule) },
    { title: text("campaign.updated"), cell: ({ updated_at: at }) => when(at) },
  ];
  const rows = table(text("menu.campaigns"), columns, first.campaigns);
  const load = async (cursor) => {
    const page = await get(["campaigns"], { query: { cursor } });
    return { items: page.campaigns, cursor: page.cursor };
  };
  return [h("div", { class: "card flush" }, rows), moreRows(rows, columns, first.cursor, load)];
}

function named({ id, name, template }) {
  return [h("a", { href: address(["campaigns", id]) }, name), h("small", {}, template)];
}

function recipients({ plan }) {
  return plan.state === "ready" ? count(plan.recipients) : "–";
}

function standing(campaign, signal) {
  const place = h("div", { class: "standing" }, campaignBadge(campaign.state));
  if (LIVE.includes(campaign.state)) live(campaign, place, signal);
  return place;
}

/** A small bar under the state, which goes on while the list is shown. */
async function live({ id, name }, place, signal) {
  const bar = h("progress", { max: "1", "aria-label": text("campaigns.progress", { name }) });
  const look = async () => {
    const progress = await progressOf(id, { signal });
    bar.value = share(progress);
    place.replaceChildren(campaignBadge(progress.state), bar);
    return progress.state === "running" ? PAUSE_MS : null;
  };
  poll(signal, 0, look);
}

function share({ recipients: whole, released }) {
  return whole > 0 ? Math.min(1, released / whole) : 0;
}
