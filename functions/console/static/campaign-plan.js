// The dry run: what a campaign would send, to whom not, what it costs, when it is through.

import { phone } from "./bubble.js";
import { droppedWords, planProblem, waitList } from "./campaign-words.js";
import { curveChart } from "./curve-chart.js";
import { h } from "./dom.js";
import { clock, count, money } from "./format.js";
import { card, linkButton, notice } from "./parts.js";
import { text } from "./texts.js";

/** `balance` is null where it no longer matters, nor when it would go out. */
export function planCard(campaign, balance) {
  const { plan } = campaign;
  const shown = {
    none: () => h("p", { class: "soft" }, text("plan.none")),
    making: () => making(),
    failed: () => planProblem(plan.problem),
    ready: () => ready(campaign, balance),
  };
  return card(text("plan.title"), shown[plan.state]());
}

function making() {
  return h(
    "div",
    { class: "stack", role: "status" },
    h("progress", { "aria-label": text("plan.making") }),
    h("p", { class: "soft" }, text("plan.makingBody")),
  );
}

function ready({ plan }, balance) {
  const open = balance !== null;
  return [
    figures(plan),
    open && payable(plan, balance),
    samples(plan),
    leftOut(plan),
    open && plan.curve.length > 0 && curveChart(plan.curve),
    open &&
      plan.assumed_pace &&
      h("p", { class: "soft" }, text("plan.assumed", { count: count(plan.assumed_pace) })),
    open && plan.waits.length > 0 && [h("h3", {}, text("plan.waits")), waitList(plan.waits)],
  ];
}

function figures(plan) {
  const shown = [
    [text("plan.recipients"), count(plan.recipients)],
    [text("plan.segments"), count(plan.segments)],
    [text("plan.cost"), money(plan.cost_micros)],
    [text("plan.reserve"), money(plan.reserve_micros)],
    plan.finishes_at && [text("plan.finishes"), clock(plan.finishes_at)],
  ].filter(Boolean);
  return h(
    "dl",
    { class: "tally dense" },
    shown.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );
}

/** Whether the balance is enough for what is reserved at the start. */
function payable({ reserve_micros: reserve }, balance) {
  if (reserve <= balance)
    return h("p", { class: "soft" }, text("plan.payable", { balance: money(balance) }));
  const missing = money(BigInt(reserve) - BigInt(balance));
  return notice(
    "warn",
    text("plan.unpayable", { missing }),
    h("p", {}, text("plan.unpayableBody", { balance: money(balance), reserve: money(reserve) })),
    linkButton(text("menu.balance"), "#/balance", "quiet"),
  );
}

function samples({ samples: texts }) {
  if (texts.length === 0) return null;
  return [
    h("h3", {}, text("plan.samples")),
    h(
      "div",
      { class: "bubbles" },
      texts.map((each) => phone(each)),
    ),
  ];
}

/** Two lists: who can never have it, and whom the rules would leave out if it were sent now. */
function leftOut({ dropped, expected_drops: expected }) {
  return [
    reasons(text("plan.dropped"), text("plan.droppedBody"), dropped),
    reasons(text("plan.expected"), text("plan.expectedBody"), expected),
  ];
}

function reasons(title, lead, numbers) {
  const some = Object.entries(numbers).filter(([, number]) => number > 0);
  if (some.length === 0) return null;
  return [
    h("h3", {}, title),
    h("p", { class: "soft" }, lead),
    h(
      "ul",
      { class: "reasons" },
      some.map(([reason, number]) => h("li", {}, droppedWords(reason, number))),
    ),
  ];
}
