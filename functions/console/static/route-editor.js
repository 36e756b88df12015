// One rule of the routes, in a dialog: what it is about, and its carriers in their order.

import { countryName } from "./countries.js";
import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { Wrong, field, input, select } from "./forms.js";
import { button } from "./parts.js";
import { text } from "./texts.js";

const KINDS = ["verification", "notification", "marketing"];
const MOST_HOPS = 6;
const MOST_WEIGHT = 100;
const GATEWAY = "webhook";

/** Asks for a rule; `store(rule)` is awaited. Resolves with whether it was stored. */
export function askRule(rule, usable, { name, prices }, store) {
  const country = select(countries(prices, rule?.country), { value: rule?.country ?? "" });
  const kinds = KINDS.map((kind) => [kind, text(`kind.${kind}`)]);
  const kind = select([["", text("routes.anyKind")], ...kinds], { value: rule?.kind ?? "" });
  const channels = ["sms", "voice"].map((one) => [one, text(`channel.${one}`)]);
  const channel = select(channels, { value: rule?.channel ?? "sms" });
  const app = input({ value: rule?.app_id ?? "", maxlength: "64", spellcheck: "false" });
  const hops = hopList(rule?.hops ?? [{ carrier: usable[0], weight: MOST_WEIGHT }], usable, name);
  return ask({
    title: text(rule ? "routes.edit" : "routes.add"),
    content: [
      h(
        "div",
        { class: "two" },
        field(text("routes.country"), country),
        field(text("records.kind"), kind),
        field(text("record.channel"), channel),
        field(text("routes.app"), app, { hint: text("routes.appHint") }),
      ),
      hops.node,
    ],
    confirm: text("save"),
    action: () =>
      store({
        country: country.value || null,
        kind: kind.value || null,
        app_id: app.value.trim() || null,
        channel: channel.value,
        hops: hops.read(),
      }),
  });
}

/** The countries that have a price, and the rule's own. */
function countries(prices, own) {
  const dials = [...new Set([...prices.map(({ dial }) => dial), ...(own ? [own] : [])])];
  const label = (dial) => [countryName(prices, dial), `+${dial}`].filter(Boolean).join(" ");
  return [["", text("routes.anywhere")], ...dials.map((dial) => [dial, label(dial)])];
}

function hopList(listed, usable, name) {
  const list = h("ol", { class: "hop-rows" });
  const said = h("p", { class: "unseen", role: "status" });
  const more = button(text("routes.addHop"), () => {
    const taken = [...list.children].map((each) => each.querySelector("select").value);
    const free = usable.find((carrier) => !taken.includes(carrier)) ?? usable[0];
    list.append(row({ carrier: free, weight: 0 }));
    renumber();
    list.lastElementChild.querySelector("select").focus();
  });

  const row = (hop) => hopRow(hop, usable, name, { move, drop });

  /** Moves a row up (-1) or down (1); the keyboard stays with it. */
  function move(moved, by, pressed) {
    const other = by < 0 ? moved.previousElementSibling : moved.nextElementSibling;
    if (!other) return;
    if (by < 0) other.before(moved);
    else other.after(moved);
    renumber();
    const still = pressed.disabled ? moved.querySelector("button:not(:disabled)") : pressed;
    still?.focus();
    said.textContent = text("routes.moved", { place: [...list.children].indexOf(moved) + 1 });
  }

  function drop(dropped) {
    const next = dropped.nextElementSibling ?? dropped.previousElementSibling;
    dropped.remove();
    renumber();
    next?.querySelector("select").focus();
  }

  function renumber() {
    const rows = [...list.children];
    for (const [place, each] of rows.entries()) each.placed(place, rows.length);
    more.disabled = rows.length >= MOST_HOPS;
  }

  list.append(...listed.map(row));
  renumber();
  return {
    node: h(
      "fieldset",
      { class: "hop-list" },
      h("legend", {}, text("routes.hops")),
      h("p", { class: "hint" }, text("routes.hopsHint")),
      list,
      said,
      h("div", {}, more),
    ),
    read: () => [...list.children].map((each) => each.hop()),
  };
}

/** A row; `hop()` reads it and throws Wrong, `placed(place, count)` tells it where it stands. */
function hopRow(hop, usable, name, { move, drop }) {
  const [family, suffix] = split(hop.carrier);
  const families = [...new Set([...usable, family])];
  const carrier = select(
    families.map((one) => [one, name(one)]),
    { value: family, onchange: () => showSuffix() },
  );
  const which = input({ value: suffix, maxlength: "16", spellcheck: "false" });
  const weight = input({ type: "number", min: "0", max: String(MOST_WEIGHT), value: hop.weight });
  const sender = input({ value: hop.sender ?? "", maxlength: "64", spellcheck: "false" });
  const gateway = field(text("routes.gateway"), which);
  const up = button("↑", () => move(made, -1, up), "quiet small");
  const down = button("↓", () => move(made, 1, down), "quiet small");
  const remove = button(text("remove"), () => drop(made), "quiet small");
  const made = h(
    "li",
    {},
    h(
      "div",
      { class: "hop-fields" },
      field(text("mappings.carrier"), carrier),
      gateway,
      field(text("routes.weight"), weight),
      field(text("routes.sender"), sender),
    ),
    h("div", { class: "actions" }, up, down, remove),
  );

  function showSuffix() {
    gateway.hidden = carrier.value !== GATEWAY;
  }

  showSuffix();
  made.placed = (place, count) => {
    const labels = { up: "routes.up", down: "routes.down", remove: "routes.removeHop" };
    for (const [key, each] of Object.entries({ up, down, remove }))
      each.setAttribute("aria-label", text(labels[key], { place: place + 1 }));
    up.disabled = place === 0;
    down.disabled = place === count - 1;
    remove.disabled = count === 1;
  };
  made.hop = () => ({
    carrier: carrier.value === GATEWAY && which.value.trim() ? named(which) : carrier.value,
    weight: weightOf(weight),
    sender: sender.value.trim() || null,
  });
  return made;
}

/** ["webhook", "b"] of webhook-b; other carriers have no second part. */
function split(carrier) {
  return carrier.startsWith(`${GATEWAY}-`)
    ? [GATEWAY, carrier.slice(GATEWAY.length + 1)]
    : [carrier, ""];
}

function named(which) {
  const typed = which.value.trim();
  if (!/^[a-z0-9]{1,16}$/.test(typed)) throw new Wrong(which, text("routes.gatewayWrong"));
  return `${GATEWAY}-${typed}`;
}

function weightOf(control) {
  const typed = control.value.trim();
  if (!/^\d{1,3}$/.test(typed) || Number(typed) > MOST_WEIGHT)
    throw new Wrong(control, text("routes.weightWrong"));
  return Number(typed);
}
