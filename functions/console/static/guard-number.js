// Why a number gets no code: what is counted for it, in words, and the way to forget that.

import { call, get } from "./api.js";
import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { field, formNote, input, needed, onSubmit, submit } from "./forms.js";
import { concerns, dialOf, nodeName, ruleWords } from "./guard-words.js";
import { announce, badge, button, linkButton, notice } from "./parts.js";
import { address } from "./routes.js";
import { table } from "./tables.js";
import { text, wait } from "./texts.js";

/** A box to look up a number of the app in `here`; `locks` are what is locked now. */
export function numberBox(here, locks) {
  const phone = input({ type: "tel", placeholder: "18612345678" });
  const place = h("div", { class: "stack", role: "status" });
  const form = h(
    "form",
    { class: "row" },
    field(text("records.phone"), phone, { hint: text("number.hint") }),
    submit(text("number.look"), "quiet"),
    formNote(),
  );
  const look = async () => {
    const query = { ...here.of, phone: needed(phone) };
    const [found, app] = await Promise.all([get(["guard", "number"], { query }), appOf(here)]);
    place.replaceChildren(...answer(found, app, { ...here, locks, look }));
  };
  onSubmit(form, async () => {
    place.replaceChildren();
    await look();
  });
  return [form, place];
}

function appOf({ of }) {
  return get(of.app_id ? ["apps", of.app_id] : ["app"]);
}

function answer(found, app, here) {
  const reasons = [...closed(found.phone, app, here.prices), ...locked(found.phone, here)];
  const waits = found.limits.filter((limit) => limit.wait_seconds > 0);
  const isHeld = reasons.length + waits.length > 0 || found.login_wait_seconds > 0;
  const isCounted = found.limits.length > 0 || found.login_wait_seconds > 0;
  return [
    isHeld
      ? notice(
          "warn",
          text("number.held", { phone: found.phone }),
          list([...reasons, ...said(found, waits)]),
        )
      : notice(
          "good",
          text("number.free", { phone: found.phone }),
          h("p", {}, text("number.freeBody")),
        ),
    found.limits.length > 0 && limits(found.limits),
    h(
      "div",
      { class: "actions" },
      isCounted && lifter(found, here),
      linkButton(text("number.records"), recordsOf(found.phone, here), "quiet"),
    ),
  ].filter(Boolean);
}

/** What the app's settings say against any number of that country. */
function closed(phone, app, prices) {
  const dial =
    dialOf(phone, prices) ?? app.guard.countries.find((one) => phone.startsWith(`+${one}`));
  const isOpen = app.guard.countries.includes(dial);
  const isAbroad = dial !== "86";
  return [
    !app.switches.sms && text("home.smsOff"),
    isAbroad && !app.switches.international && text("number.noInternational"),
    !isOpen && text("number.closed", { dial: dial ? `+${dial}` : phone.slice(0, 4) }),
  ].filter(Boolean);
}

function locked(phone, { locks, prices, isEnforced }) {
  if (!isEnforced) return []; // what is observed keeps nobody from anything
  return locks
    .filter((lock) => concerns(lock, phone))
    .map((lock) => text("number.locked", { name: nodeName(lock, prices), why: ruleWords(lock) }));
}

function said(found, waits) {
  const left = found.login_wait_seconds;
  return [
    ...waits.map((limit) =>
      text("number.wait", { what: limitName(limit), wait: wait(limit.wait_seconds) }),
    ),
    ...(left > 0 ? [text("number.loginLocked", { wait: wait(left) })] : []),
  ];
}

function list(sentences) {
  return h(
    "ul",
    { class: "reasons" },
    sentences.map((sentence) => h("li", {}, sentence)),
  );
}

function limits(found) {
  const columns = [
    { title: text("number.limit"), cell: limitName },
    {
      title: text("number.used"),
      cell: ({ used, allowed, seconds }) =>
        text("number.usedOf", { used, allowed, window: wait(seconds) }),
    },
    {
      title: text("number.now"),
      cell: ({ wait_seconds: left }) =>
        left > 0
          ? badge(text("number.waits", { wait: wait(left) }), "warn")
          : badge(text("number.goesOn"), "good"),
    },
  ];
  return table(text("number.title"), columns, found);
}

function limitName({ limit, signature }) {
  return text(`limit.${limit}`, { signature: signature ?? "" });
}

function lifter({ phone }, here) {
  const lift = async () => {
    const done = await ask({
      title: text("number.liftAsk", { phone }),
      content: h("p", {}, text("number.liftBody")),
      confirm: text("number.lift"),
      action: () =>
        call("POST", ["guard", "number", "lift"], { query: here.of, body: { phone } }).catch(
          (error) => {
            // Whatever was counted has run out meanwhile: that is as good.
            if (error.status !== 404) throw error;
          },
        ),
    });
    if (!done) return;
    announce(text("number.isLifted", { phone }));
    await here.look();
  };
  return button(text("number.lift"), lift, "primary");
}

function recordsOf(phone, { params }) {
  return address(params.app ? ["apps", params.app, "records"] : ["records"], { phone });
}
