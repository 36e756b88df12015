// A run while it goes: who has it, who not, what it costs, when it is through; asked for again
// and again while the page is shown.

import { get } from "./api.js";
import { runWords, waitList } from "./campaign-words.js";
import { h } from "./dom.js";
import { clock, count, money } from "./format.js";
import { card, explain } from "./parts.js";
import { poll } from "./polling.js";
import { ShareBar } from "./share-bar.js";
import { text } from "./texts.js";

// Receipts and replies come for days; nobody watches them by the second.
const PAUSES_MS = {
  running: 2_000,
  paused: 6_000,
  scheduled: 15_000,
  finished: 30_000,
  cancelled: 30_000,
};
const TENTHS = 10;
const OVER = ["finished", "cancelled"];

export function progressOf(id, options) {
  return get(["campaigns", id, "progress"], options).then(({ progress }) => progress);
}

/** The box of a run; the page is drawn anew when the campaign's state is another. */
export function progressCard(campaign, first, { signal, refresh }) {
  const view = new ProgressView(first);
  poll(
    signal,
    PAUSES_MS[first.state],
    async () => {
      const now = await progressOf(campaign.id, { signal });
      if (now.state !== campaign.state || now.why !== campaign.why) {
        await refresh();
        return null;
      }
      view.draw(now);
      return PAUSES_MS[now.state];
    },
    (error) => view.missed(error),
  );
  const run = h("p", { class: "soft" }, runWords(campaign.run));
  return card(text("progress.title"), run, view.element);
}

class ProgressView {
  #said = h("p", { class: "unseen", role: "status" });
  #missed = h("p", { class: "form-note", role: "alert" });
  #done = h("p", { class: "figure" });
  #figures = h("dl", { class: "tally dense" });
  #rest = h("div", { class: "stack" });
  #tenth = null;
  #words = "";

  constructor(progress) {
    this.bar = new ShareBar(parts(progress), () => this.#words);
    this.element = h(
      "div",
      { class: "stack" },
      this.#done,
      this.bar.element,
      this.#figures,
      this.#rest,
      this.#said,
      this.#missed,
    );
    this.draw(progress);
  }

  draw(progress) {
    this.#missed.textContent = "";
    this.#words = words(progress);
    this.#done.textContent = this.#words;
    this.bar.draw(parts(progress));
    this.#figures.replaceChildren(...figures(progress));
    this.#rest.replaceChildren(...rest(progress));
    this.#tell(progress);
  }

  missed(error) {
    this.#missed.textContent = `${explain(error)} ${text("progress.old")}`;
  }

  /** To those who do not see the bar: at every tenth, not at every look. */
  #tell(progress) {
    const tenth = Math.floor((TENTHS * handled(progress)) / Math.max(1, progress.recipients));
    if (tenth === this.#tenth) return;
    this.#tenth = tenth;
    this.#said.textContent = this.#words;
  }
}

/** What is known of everybody so far, in the order in which it is drawn. */
function parts(progress) {
  const { delivered, undelivered, sent, failed, unconfirmed, dropped } = progress;
  // What was sent may have been heard of since, or may not even be known to be sent.
  const silent = Math.max(0, sent - unconfirmed - delivered - undelivered);
  const rest = Math.max(0, progress.recipients - handled(progress));
  const over = OVER.includes(progress.state);
  const part = (name, number, tone, always = false) => ({ name: text(name), number, tone, always });
  return [
    part("progress.delivered", delivered, "good", true),
    part("progress.sent", silent, "info", true),
    part("progress.failed", failed + undelivered, "bad", true),
    part("progress.unconfirmed", unconfirmed, "warn"),
    part("progress.optedOut", dropped.opted_out ?? 0, "plain"),
    part("progress.capped", dropped.capped ?? 0, "light"),
    part("progress.noCarrier", dropped.no_carrier ?? 0, "light"),
    part(over ? "progress.never" : "progress.waiting", rest, "none", !over),
  ];
}

/** Everybody who has it, or a reason for none. `sent` has those of whom that is not sure. */
function handled({ sent, failed, dropped }) {
  return Object.values(dropped).reduce((sum, number) => sum + number, sent + failed);
}

function words(progress) {
  const values = { done: count(handled(progress)), whole: count(progress.recipients) };
  return text("progress.done", values);
}

function figures(progress) {
  const shown = [
    [text("progress.cost"), money(progress.cost_micros)],
    [text("progress.repliedOut"), count(progress.replied_out)],
    ...lately(progress.window),
    progress.state === "running" &&
      progress.finishes_at && [text("progress.finishes"), clock(progress.finishes_at)],
  ].filter(Boolean);
  return shown.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)));
}

/** What of the last ones failed or was answered by opting out, in a thousand. */
function lately(window) {
  if (!window?.sent) return [];
  const values = { count: count(window.sent) };
  return [
    [text("progress.failing", values), `${window.failures / 10}%`],
    [text("progress.leaving", values), `${window.opt_outs / 10}%`],
  ];
}

function rest({ waiting, state }) {
  if (waiting.length === 0 || OVER.includes(state)) return [];
  return [h("h3", {}, text("plan.waits")), waitList(waiting)];
}
