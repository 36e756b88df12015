// Campaigns in words: where one stands, why it waits for somebody, whom a rule leaves out.

import { cronWords } from "./cron.js";
import { h } from "./dom.js";
import { clock, count } from "./format.js";
import { badge, linkButton, notice, when } from "./parts.js";
import { isSaid, text } from "./texts.js";
import { clockIn } from "./zones.js";

const TONES = {
  draft: "plain",
  scheduled: "info",
  running: "busy",
  paused: "warn",
  finished: "good",
  cancelled: "plain",
};
// Where what is asked for can be done.
const WAYS = {
  failures: "records",
  opt_outs: "optOuts",
  balance: "balance",
  daily_cap: "settings",
  no_company: "settings",
  not_approved: "templates",
  sms_off: "settings",
};
const ADDRESSES = { optOuts: "opt-outs" };

export function campaignBadge(state) {
  return badge(text(`campaignState.${state}`), TONES[state]);
}

/** Why it is paused, what to do, and the way there. */
export function pausedNotice(why) {
  const tone = why === "by_hand" ? "info" : "warn";
  if (!isSaid(`campaignWhy.${why}`)) return notice(tone, text("campaign.paused"), h("p", {}, why));
  const way = WAYS[why];
  return notice(
    tone,
    text(`campaignWhy.${why}`),
    h("p", {}, text(`campaignWhy.${why}.todo`)),
    way && linkButton(text(`menu.${way}`), `#/${ADDRESSES[way] ?? way}`, "quiet"),
  );
}

/** Why there is no plan; the service's own word for what is new here. */
export function planProblem(problem) {
  if (!isSaid(`planProblem.${problem}`))
    return notice("bad", text("plan.failed"), h("p", {}, problem));
  return notice(
    "bad",
    text(`planProblem.${problem}`),
    h("p", {}, text(`planProblem.${problem}.todo`)),
  );
}

/** Whom a rule leaves out, as a sentence. */
export function droppedWords(reason, number) {
  const values = { count: count(number) };
  if (!isSaid(`dropped.${reason}`)) return text("dropped.other", { ...values, reason });
  return text(`dropped.${reason}`, values);
}

/** When it goes out. */
export function scheduleWords(schedule) {
  if (!schedule) return text("schedule.byHand");
  if (schedule.at) return [when(schedule.at), " ", text("schedule.beijing")];
  return text("schedule.cron", { cron: cronWords(schedule.cron), zone: schedule.zone });
}

export function paceWords(pace) {
  return pace === null ? text("pace.free") : text("pace.of", { count: count(pace) });
}

/** "1,204 人等到 08:00（America/New_York）", one for each zone. */
export function waitList(waits) {
  return h(
    "ul",
    { class: "reasons" },
    waits.map(({ zone, recipients, opens_at: at }) =>
      h("li", {}, text("plan.wait", { count: count(recipients), until: clockIn(at, zone) })),
    ),
  );
}

/** 第 2 次：09:00 至 10:12. */
export function runWords({ number, started_at: from, finished_at: until }) {
  const values = { number, from: clock(from), until: until ? clock(until) : "" };
  return text(until ? "run.was" : "run.is", values);
}
