// Where an app is told what becomes of its messages: settings, the secret, and how each event fared.

import { call, get } from "./api.js";
import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { settingsForm } from "./event-settings.js";
import { eventType, outcome } from "./event-words.js";
import { keep, putAway, recall } from "./kept.js";
import {
  announce,
  badge,
  button,
  card,
  copyable,
  empty,
  explain,
  facts,
  heading,
  notice,
  when,
} from "./parts.js";
import { moreRows, table } from "./tables.js";
import { text } from "./texts.js";

const DELIVERIES = ["events", "deliveries"];
const KEPT = "event-secret";
const TONES = { pending: "busy", delivered: "good", given_up: "bad" };
// An endpoint has five seconds to answer.
const LOOKS = 12;
const PAUSE_MS = 700;

export async function show({ session, signal, refresh }) {
  const [settings, first] = await Promise.all([
    get(["events"], { signal }),
    get(DELIVERIES, { signal }),
  ]);
  const secret = recall(KEPT);
  const isAsked = Boolean(settings.url) || settings.bus;
  return [
    heading(text("menu.events"), {
      lead: text("events.lead"),
      actions: isAsked ? [tryButton(refresh)] : [],
    }),
    secret?.app === session.id && newSecret(secret.secret, refresh),
    card(text("events.where"), settingsForm(settings, (saved) => arrived(saved, session, refresh))),
    settings.has_secret && card(text("events.secret"), secretCard(settings, session, refresh)),
    card(text("events.deliveries"), deliveries(first, isAsked, refresh)),
  ];
}

/** Settings that were saved; with a secret if that made one, which is shown until it is put away. */
async function arrived({ secret }, session, refresh) {
  if (secret) keep(KEPT, { app: session.id, secret });
  announce(text("saved"));
  await refresh();
}

// --- The secret -------------------------------------------------------------------------------

function newSecret(secret, refresh) {
  const done = button(text("once.done"), () => {
    putAway(KEPT);
    refresh();
  });
  return card(
    text("events.newSecret"),
    notice("warn", text("once.title"), h("p", {}, text("events.onceBody"))),
    facts([[text("events.secret"), copyable(secret, text("events.secret"))]]),
    done,
  );
}

function secretCard({ former_secret_until: until }, session, refresh) {
  const rotate = async () => {
    let made = null;
    const done = await ask({
      title: text("events.rotateAsk"),
      content: h("p", {}, text("events.rotateBody")),
      confirm: text("events.rotate"),
      action: async () => {
        made = await call("POST", ["events", "secret"]);
      },
    });
    if (done) await arrived(made, session, refresh);
  };
  return [
    h("p", { class: "soft" }, text("events.secretLead")),
    until && notice("info", text("events.overlap"), h("p", {}, text("events.until"), when(until))),
    button(text("events.rotate"), rotate, "quiet", { data: { key: "rotate" } }),
  ];
}

// --- Trying it --------------------------------------------------------------------------------

function tryButton(refresh) {
  const pressed = button(text("events.try"), () => attempt(pressed, refresh), "primary", {
    data: { key: "try" },
  });
  return pressed;
}

async function attempt(pressed, refresh) {
  pressed.disabled = true;
  pressed.textContent = text("events.trying");
  try {
    const { id } = await call("POST", ["events", "test"]);
    announce(outcome(await answered(id)));
  } catch (error) {
    announce(explain(error));
  }
  await refresh();
}

/** The delivery once it was tried, or as it stands when that takes too long. */
async function answered(id) {
  for (let look = 1; ; look += 1) {
    const { items } = await get(DELIVERIES);
    const found = items.find((one) => one.id === id);
    if (look === LOOKS || found?.attempts > 0) return found;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

// --- How each event fared ---------------------------------------------------------------------

function deliveries(first, isAsked, refresh) {
  if (first.items.length === 0)
    return empty(text("events.none"), text(isAsked ? "events.noneYet" : "events.noneAsked"));
  const columns = [
    { title: text("records.time"), cell: ({ created_at: at }) => when(at) },
    {
      title: text("events.type"),
      cell: ({ type, id }) => [eventType(type), h("small", {}, h("code", {}, id))],
    },
    {
      title: text("records.state"),
      cell: ({ state }) => badge(text(`delivery.${state}`), TONES[state]),
    },
    { title: text("events.answer"), cell: answer },
    { title: text("events.again"), cell: (one) => replayer(one, refresh) },
  ];
  const rows = table(text("events.deliveries"), columns, first.items);
  const load = (cursor) => get(DELIVERIES, { query: { cursor } });
  return [
    h("p", { class: "soft" }, text("events.deliveriesLead")),
    rows,
    moreRows(rows, columns, first.cursor, load),
  ];
}

function answer(delivery) {
  const { attempts, next_try_at: next } = delivery;
  return [
    outcome(delivery),
    attempts > 0 && h("small", {}, text("events.tries", { count: attempts })),
    next && attempts > 0 && h("small", {}, text("events.next"), " ", when(next)),
  ];
}

function replayer({ id, type }, refresh) {
  const pressed = button(
    text("events.replay"),
    async () => {
      pressed.disabled = true;
      try {
        await call("POST", [...DELIVERIES, id, "replay"]);
        announce(outcome(await answered(id)));
      } catch (error) {
        announce(explain(error));
      }
      await refresh();
    },
    "quiet small",
    { "aria-label": `${text("events.replay")}: ${type} ${id}`, data: { key: `replay ${id}` } },
  );
  return pressed;
}
