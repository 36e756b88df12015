// What can be done with a campaign as it stands.

import { call } from "./api.js";
import { askCancel, askRemove, askSchedule, askStart } from "./campaign-questions.js";
import { announce, button, explain, linkButton } from "./parts.js";
import { address } from "./routes.js";
import { text } from "./texts.js";

const OVER = ["finished", "cancelled"];

/** Whether it is paused before its run began, which begins when somebody resumes it. */
export function isHeld({ state, run }) {
  return state === "paused" && (run === null || run.finished_at !== null);
}

/** The buttons, the next step first. */
export function campaignActions(campaign, { refresh }) {
  const { state, plan, schedule } = campaign;
  const path = ["campaigns", campaign.id];
  const isNew = state === "draft";
  const isOpen = isNew || state === "scheduled";
  const held = isHeld(campaign);
  const isReady = plan.state === "ready" && plan.recipients > 0;
  const isPlanned = isReady || plan.state === "making";
  const style = (isNext) => (isNext ? "primary" : "quiet");
  const act = (name, isNext = true) =>
    named(name, () => at(path, name, refresh), style(isNext));
  const asked = (name, question, look) =>
    named(name, async () => (await question(campaign, path)) && refresh(), look);
  return [
    isNew && isReady && schedule && asked("schedule", askSchedule, "primary"),
    isOpen && isReady && asked("start", askStart("start"), style(isNew && !schedule)),
    state === "running" && act("pause"),
    held && isReady && asked("resume", askStart("resume"), "primary"),
    held && isReady && schedule && asked("schedule", askSchedule, "quiet"),
    state === "paused" && !held && act("resume"),
    (isNew || held) && act("plan", !isPlanned),
    isOpen && linkButton(text("edit"), address([...path, "edit"]), "quiet"),
    !isNew && linkButton(text("campaign.copy"), copyOf(campaign), "quiet"),
    !isNew && !OVER.includes(state) && asked("cancel", askCancel, "danger"),
    isNew && asked("remove", askRemove, "danger"),
  ].filter(Boolean);
}

function named(name, onclick, style) {
  return button(text(`campaign.${name}`), onclick, style, { data: { key: name } });
}

function copyOf({ id }) {
  return address(["campaigns", "new"], { from: id });
}

async function at(path, name, refresh) {
  try {
    await call("POST", [...path, name]);
  } catch (error) {
    announce(explain(error));
  }
  await refresh();
}
