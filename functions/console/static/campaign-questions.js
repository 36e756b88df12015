// The questions before what cannot be undone with a campaign.

import { call } from "./api.js";
import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { Wrong } from "./forms.js";
import { count, money } from "./format.js";
import { isOfTime } from "./schedule-choice.js";
import { text } from "./texts.js";

/** Who gets it and what it costs, before it cannot be called back. */
function terms({ plan }) {
  const values = { count: count(plan.recipients), cost: money(plan.cost_micros) };
  return [
    h("p", {}, text("campaign.terms", values)),
    h("p", { class: "soft" }, text("campaign.termsMore", { reserve: money(plan.reserve_micros) })),
  ];
}

/** `name` is how the API calls it: a campaign that was held is resumed. */
export function askStart(name) {
  return (campaign, path) =>
    ask({
      title: text("campaign.startAsk", { count: count(campaign.plan.recipients) }),
      content: terms(campaign),
      confirm: text("campaign.start"),
      action: () => call("POST", [...path, name]),
    });
}

export function askSchedule(campaign, path) {
  return ask({
    title: text("campaign.scheduleAsk"),
    content: [...terms(campaign), h("p", {}, text("campaign.scheduleBody"))],
    confirm: text("campaign.schedule"),
    action: () => scheduled(path),
  });
}

async function scheduled(path) {
  try {
    await call("POST", [...path, "schedule"]);
  } catch (error) {
    if (!isOfTime(error)) throw error;
    throw new Wrong(null, text("schedule.tooSoon"));
  }
}

export function askCancel({ run }, path) {
  return ask({
    title: text("campaign.cancelAsk"),
    content: h("p", {}, text(run ? "campaign.cancelRun" : "campaign.cancelBody")),
    confirm: text("campaign.cancel"),
    style: "danger",
    action: () => call("POST", [...path, "cancel"]),
  });
}

export async function askRemove({ name }, path) {
  const done = await ask({
    title: text("campaign.removeAsk", { name }),
    content: h("p", {}, text("campaign.removeBody")),
    confirm: text("remove"),
    style: "danger",
    action: () => call("DELETE", path),
  });
  if (done) location.hash = "#/campaigns";
  return false; // this page has nothing to show any more
}
