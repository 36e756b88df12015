// The shield: what it locks now, what it decided on a day, and why a number gets no code.

import { call, get } from "./api.js";
import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { field, formNote, input, onSubmit, submit } from "./forms.js";
import { clock, dashedDay, money, plainDay, time, today } from "./format.js";
import { numberBox } from "./guard-number.js";
import { STEP_TONES, masked, nodeName, ruleWords, stepWords } from "./guard-words.js";
import { announce, badge, button, card, empty, heading, linkButton, notice } from "./parts.js";
import { author } from "./people.js";
import { address } from "./routes.js";
import { moreRows, table } from "./tables.js";
import { text } from "./texts.js";

export async function show({ session, params, query, signal, refresh }) {
  const of = { app_id: params.app };
  const day = query.get("day") ?? today();
  const [now, board, { items: prices }, report] = await Promise.all([
    get(["guard"], { query: of, signal }),
    get(["guard", "locks"], { query: of, signal }),
    get(["prices"], { signal }),
    reportOf(of, day, signal),
  ]);
  const here = { of, prices, params, refresh, isEnforced: now.shield === "enforce" };
  return [
    heading(text("menu.guard"), {
      lead: text("guard.lead"),
      back: params.app && { href: address(["apps", params.app]), label: params.app },
      actions: [linkButton(text("guard.settings"), settingsOf(params), "quiet")],
    }),
    mode(now, session),
    card(text("guard.locks"), locks(board.locks, here)),
    board.lifted.length > 0 && card(text("guard.lifted"), lifted(board.lifted, here)),
    card(text("number.title"), numberBox(here, board.locks)),
    card(text("guard.report"), reportOnDays(report, day, here)),
  ];
}

function settingsOf(params) {
  return params.app ? address(["apps", params.app]) : "#/settings";
}

// --- The mode -----------------------------------------------------------------------------------

/** Whether anything is stopped, and what that saves, or would save, today. */
function mode(now, session) {
  const [refused, challenged] = figuresOf(now);
  const values = {
    refused: refused.count,
    challenged: challenged.count,
    saved: money(refused.price_micros),
  };
  const isEnforced = now.shield === "enforce";
  const isQuiet = refused.count + challenged.count === 0;
  const sentence = isQuiet ? "Quiet" : "Today";
  return notice(
    isEnforced ? "good" : "info",
    text(isEnforced ? "guard.enforcing" : "guard.observing"),
    h("p", {}, text(`guard.${now.shield}${sentence}`, values)),
    session.role === "operator"
      ? linkButton(text("menu.deployment"), "#/deployment", "quiet")
      : !isEnforced && h("p", { class: "soft" }, text("guard.askOperator")),
  );
}

/** What the mode did, or would have done: [refused, challenged]. */
function figuresOf(report) {
  return report.shield === "enforce"
    ? [report.refused, report.challenged]
    : [report.would_refuse, report.would_challenge];
}

// --- What is locked -----------------------------------------------------------------------------

function locks(found, here) {
  if (found.length === 0) return empty(text("guard.noLocks"), text("guard.noLocksBody"));
  return h(
    "ul",
    { class: "locks" },
    found.map((lock) => lockItem(lock, here)),
  );
}

function lockItem(lock, here) {
  const name = nodeName(lock, here.prices);
  const lift = button(text("guard.lift"), () => askLift(lock, name, here), "quiet small", {
    "aria-label": `${text("guard.lift")}: ${name}`,
    data: { key: `lift ${lock.node}` },
  });
  return h(
    "li",
    {},
    h(
      "div",
      { class: "line" },
      badge(stepWords(lock.step, here.isEnforced), STEP_TONES[lock.step]),
      h("strong", { class: "digits" }, name),
    ),
    h("p", {}, ruleWords(lock)),
    h(
      "p",
      { class: "soft" },
      text("guard.since", { since: clock(lock.since), until: clock(lock.until) }),
    ),
    lift,
  );
}

async function askLift({ node }, name, { of, refresh }) {
  const done = await ask({
    title: text("guard.liftAsk", { name }),
    content: h("p", {}, text("guard.liftBody")),
    confirm: text("guard.lift"),
    action: () =>
      call("POST", ["guard", "locks", "lift"], { query: of, body: { node } }).catch((error) => {
        // It may have ended by itself meanwhile: that is as good.
        if (error.status !== 404) throw error;
      }),
  });
  if (!done) return;
  announce(text("guard.isLifted", { name }));
  await refresh();
}

function lifted(found, { prices }) {
  const columns = [
    { title: text("guard.what"), cell: (one) => nodeName(one, prices) },
    { title: text("guard.until"), cell: ({ until }) => clock(until) },
    { title: text("audit.actor"), cell: ({ by }) => author(by) },
  ];
  return table(text("guard.lifted"), columns, found);
}

// --- The report of a day ------------------------------------------------------------------------

async function reportOf(of, day, signal) {
  const query = { ...of, day };
  const [sums, decisions] = await Promise.all([
    get(["guard"], { query, signal }),
    get(["guard", "decisions"], { query, signal }),
  ]);
  return { sums, decisions };
}

function reportOnDays(report, first, here) {
  const place = h("div", { class: "stack" }, ofDay(report, first, here));
  const day = input({ type: "date", value: dashedDay(first), max: dashedDay(today()) });
  const form = h(
    "form",
    { class: "row" },
    field(text("records.day"), day),
    submit(text("records.show"), "quiet"),
    formNote(),
  );
  onSubmit(form, async () => {
    const wanted = plainDay(day.value || dashedDay(today()));
    place.replaceChildren(...ofDay(await reportOf(here.of, wanted), wanted, here));
    // What stands above is not of that day, and stays; the address is for coming back.
    const path = here.params.app ? ["apps", here.params.app, "guard"] : ["guard"];
    history.replaceState(null, "", address(path, { day: wanted === today() ? null : wanted }));
  });
  return [form, place];
}

function ofDay({ sums, decisions }, day, here) {
  return [figures(sums), ...decided(decisions, day, here)];
}

/** Both pairs of figures where the mode was changed on the day, else those that say something. */
function figures(sums) {
  const [usual, other] =
    sums.shield === "enforce"
      ? [
          ["refused", "challenged"],
          ["would_refuse", "would_challenge"],
        ]
      : [
          ["would_refuse", "would_challenge"],
          ["refused", "challenged"],
        ];
  const shown = [...usual, ...other.filter((name) => sums[name].count > 0)];
  return h(
    "dl",
    { class: "tally" },
    shown.map((name) =>
      h(
        "div",
        {},
        h("dt", {}, text(`guard.${name}`)),
        h("dd", {}, String(sums[name].count), h("small", {}, money(sums[name].price_micros))),
      ),
    ),
  );
}

function decided(first, day, here) {
  if (first.items.length === 0)
    return [empty(text("guard.noDecisions"), text("guard.noDecisionsBody"))];
  const columns = [
    { title: text("records.time"), cell: ({ at }) => h("span", { class: "digits" }, time(at)) },
    {
      title: text("guard.step"),
      cell: ({ step, enforced }) => badge(stepWords(step, enforced), STEP_TONES[step]),
    },
    {
      title: text("guard.why"),
      cell: (one) => [nodeName(one, here.prices), h("small", {}, ruleWords(one))],
    },
    {
      title: text("records.phone"),
      cell: ({ phone, address: from }) => [
        h("span", { class: "digits" }, masked(phone)),
        from && h("small", {}, text("guard.from", { address: from })),
      ],
    },
    {
      title: text("records.price"),
      cell: ({ price_micros: price }) => h("span", { class: "digits" }, money(price)),
      number: true,
    },
  ];
  const rows = table(text("guard.decisions"), columns, first.items);
  const count = h("p", { class: "soft", role: "status" });
  const said = (cursor) => {
    const shown = rows.tBodies[0].rows.length;
    count.textContent = text(cursor ? "guard.countMore" : "guard.count", { count: shown });
  };
  const load = (cursor) => get(["guard", "decisions"], { query: { ...here.of, day, cursor } });
  said(first.cursor);
  return [rows, count, moreRows(rows, columns, first.cursor, load, said)];
}
