// The balance: what is left, what each day cost, what was paid in; an operator tops up here.

import { call, get } from "./api.js";
import { dayChart } from "./day-chart.js";
import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { Wrong, field, input, needed } from "./forms.js";
import { microsOf, money, shortDay } from "./format.js";
import { announce, button, card, empty, facts, heading, when } from "./parts.js";
import { author } from "./people.js";
import { address } from "./routes.js";
import { table } from "./tables.js";
import { text } from "./texts.js";

export async function show({ params, signal, refresh }) {
  const path = params.app ? ["apps", params.app, "balance"] : ["balance"];
  const balance = await get(path, { signal });
  const topUp = () =>
    askTopUp(params.app, balance.balance_micros).then((done) => done && refresh());
  return [
    heading(text("menu.balance"), {
      back: params.app && { href: address(["apps", params.app]), label: params.app },
      actions: params.app
        ? [button(text("balance.topUp"), topUp, "primary", { data: { key: "top-up" } })]
        : [],
    }),
    h(
      "section",
      { class: "card amount" },
      h("p", { class: "soft" }, text("balance.left")),
      h("p", { class: "figure" }, money(balance.balance_micros)),
      !params.app && h("p", { class: "soft" }, text("balance.how")),
    ),
    card(text("balance.daily"), sums(balance.days), dayChart(balance.days), dayTable(balance.days)),
    card(text("balance.credits"), credits(balance.credits)),
  ];
}

function sums(days) {
  const sum = (name) => days.reduce((total, day) => total + BigInt(day[name]), 0n);
  return facts([
    [text("balance.spent"), money(sum("charged_micros"))],
    [text("balance.messages"), String(sum("messages"))],
    [text("balance.refunded"), money(sum("refunded_micros"))],
  ]);
}

/** The chart's figures for those who cannot or would rather not read a chart. */
function dayTable(days) {
  const columns = [
    { title: text("balance.day"), cell: ({ day }) => shortDay(day) },
    { title: text("balance.charged"), cell: (day) => money(day.charged_micros), number: true },
    { title: text("balance.messages"), cell: ({ messages }) => String(messages), number: true },
    { title: text("balance.refunded"), cell: (day) => money(day.refunded_micros), number: true },
    { title: text("balance.credited"), cell: (day) => money(day.credited_micros), number: true },
  ];
  return h(
    "details",
    {},
    h("summary", {}, text("balance.asTable")),
    table(text("balance.daily"), columns, days.toReversed()),
  );
}

function credits(items) {
  if (items.length === 0) return empty(text("balance.noCredits"), text("balance.noCreditsBody"));
  const columns = [
    { title: text("balance.at"), cell: ({ at }) => when(at) },
    { title: text("balance.amount"), cell: (credit) => money(credit.amount_micros), number: true },
    { title: text("balance.by"), cell: ({ by }) => author(by) },
    { title: text("balance.note"), cell: creditNote },
  ];
  return table(text("balance.credits"), columns, items);
}

/** What an app starts with is noted by the service itself. */
function creditNote({ by, note }) {
  return by === "signet" && note === "opening" ? text("balance.opening") : (note ?? "–");
}

function askTopUp(appId, balance) {
  const amount = input({ inputmode: "decimal", placeholder: "100.00" });
  const note = input({ maxlength: "200" });
  const after = h("p", { class: "soft", role: "status" });
  // One key for all tries of this dialog: a reply that was lost does not pay twice.
  const headers = { "Idempotency-Key": randomKey() };
  amount.addEventListener("input", () => {
    const typed = microsOf(amount.value);
    after.textContent =
      typed === null
        ? ""
        : text("balance.after", {
            before: money(balance),
            after: money(BigInt(balance) + BigInt(typed)),
          });
  });
  return ask({
    title: text("balance.topUpAsk", { app: appId }),
    content: [
      field(text("balance.amountField"), amount, { hint: text("balance.amountHint") }),
      field(text("balance.noteField"), note, { hint: text("balance.noteHint") }),
      after,
    ],
    confirm: text("balance.topUp"),
    action: async () => {
      const typed = microsOf(needed(amount));
      if (!typed) throw new Wrong(amount, text("form.amountNotZero"));
      const body = { amount_micros: typed, note: needed(note) };
      const reply = await call("POST", ["apps", appId, "credits"], { body, headers });
      announce(text("balance.isToppedUp", { balance: money(reply.balance_micros) }));
    },
  });
}

function randomKey() {
  // crypto.randomUUID is missing on plain http.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
