// One campaign: how it stands, its dry run, its run, its results.

import { get } from "./api.js";
import { campaignActions, isHeld } from "./campaign-actions.js";
import { planCard } from "./campaign-plan.js";
import { progressCard, progressOf } from "./campaign-progress.js";
import { resultsCard, resultsOf } from "./campaign-results.js";
import { campaignBadge, paceWords, pausedNotice, scheduleWords } from "./campaign-words.js";
import { h } from "./dom.js";
import { count } from "./format.js";
import { card, facts, heading, when } from "./parts.js";
import { poll } from "./polling.js";
import { address } from "./routes.js";
import { text } from "./texts.js";

const MAKING_MS = 1_500;
const WAITING_MS = 10_000;
const OVER = ["finished", "cancelled"];

export async function show(page) {
  const { signal } = page;
  const { campaign } = await get(["campaigns", page.params.id], { signal });
  const [balance, progress, results] = await Promise.all([
    mayStart(campaign) ? get(["balance"], { signal }) : null,
    campaign.run ? progressOf(campaign.id, { signal }) : null,
    campaign.run && OVER.includes(campaign.state) ? resultsOf(campaign, page) : null,
  ]);
  watch(campaign, page);
  const plan = planCard(campaign, balance?.balance_micros ?? null);
  return [
    heading(campaign.name, {
      back: { href: "#/campaigns", label: text("menu.campaigns") },
      actions: campaignActions(campaign, page),
    }),
    h(
      "p",
      { class: "line" },
      campaignBadge(campaign.state),
      h("span", { class: "soft" }, scheduleWords(campaign.schedule)),
    ),
    campaign.state === "paused" && pausedNotice(campaign.why),
    progress && progressCard(campaign, progress, page),
    results && resultsCard(campaign, results, page),
    mayStart(campaign) || !campaign.run ? plan : folded(plan),
    about(campaign),
  ];
}

function mayStart(campaign) {
  return campaign.state === "draft" || campaign.state === "scheduled" || isHeld(campaign);
}

/** What was planned matters less once it runs. */
function folded(plan) {
  return h("details", { class: "folded" }, h("summary", {}, text("plan.show")), plan);
}

/** Draws the page anew when the plan is there, or its time has come. */
function watch(campaign, { signal, refresh }) {
  const isMaking = campaign.plan.state === "making";
  if (!isMaking && (campaign.state !== "scheduled" || campaign.run)) return;
  const pause = isMaking ? MAKING_MS : WAITING_MS;
  poll(signal, pause, async () => {
    const { campaign: now } = await get(["campaigns", campaign.id], { signal });
    if (now.state === campaign.state && now.plan.state === campaign.plan.state) return pause;
    await refresh();
    return null;
  });
}

function about(campaign) {
  const { stops } = campaign;
  return card(
    text("campaign.about"),
    facts([
      [text("campaign.template"), `${campaign.template} v${campaign.template_version}`],
      [text("records.kind"), text(`kind.${campaign.kind}`)],
      [text("campaign.sign"), campaign.sign],
      [text("campaign.audience"), audienceLink(campaign)],
      ...Object.entries(campaign.variables).map(([name, value]) => [`{{${name}}}`, value]),
      [text("campaign.pace"), paceWords(campaign.pace)],
      [
        text("campaign.stops"),
        text("stops.words", {
          failures: `${stops.failures / 10}%`,
          optOuts: `${stops.opt_outs / 10}%`,
          window: count(stops.window),
        }),
      ],
      [text("campaign.version"), String(campaign.version)],
      [text("campaign.created"), when(campaign.created_at)],
      [text("campaign.updated"), when(campaign.updated_at)],
    ]),
  );
}

function audienceLink({ audience_id: id }) {
  return h("a", { href: address(["audiences", id]) }, text("campaign.seeAudience"));
}
