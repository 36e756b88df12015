// Which countries an app sends to: a switch for each, and what opening one means.

import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { Wrong, field, formNote, input, needed, onSubmit, submit, toggle } from "./forms.js";
import { money } from "./format.js";
import { announce } from "./parts.js";
import { locale, spoken, text } from "./texts.js";

const MAINLAND = "86";

/**
 * The countries of `guard`; `save(changes)` stores changes of it and resolves with the new one.
 * `international(on)` is to be called when that switch changes. `prices` are the API's items.
 */
export function countries(guard, prices, { isInternational, save }) {
  const opened = new Set(guard.countries);
  const rows = h("div", { class: "countries" });
  const notes = h("div", { role: "status" });
  let abroad = isInternational;

  async function change(country, on) {
    const wanted = new Set(opened);
    if (on) wanted.add(country.dial);
    else wanted.delete(country.dial);
    const store = async () => {
      const saved = await save({ countries: [...wanted] });
      opened.clear();
      for (const dial of saved.countries) opened.add(dial);
    };
    if (!(await askFor(country, on, store))) return false;
    remind();
    const name = nameOf(country);
    announce(text(on ? "countries.isOpen" : "countries.isClosed", { country: name }));
    return true;
  }

  function row(country) {
    const shown = toggle(nameOf(country), priceOf(country), opened.has(country.dial), (on) =>
      change(country, on),
    );
    shown.dataset.dial = country.dial;
    return shown;
  }

  function remind() {
    notes.replaceChildren(...reminders(opened, abroad));
  }

  /** Opens a code, whether or not a row has it. */
  async function open(dial) {
    const found = rows.querySelector(`[data-dial="${dial}"]`);
    const country = found ? named(prices, dial) : unlisted(dial);
    if (!(await change(country, true))) return;
    const shown = found ?? row(country);
    if (!found) rows.append(shown);
    const control = shown.querySelector("input");
    control.checked = true;
    control.focus();
  }

  const listed = byDial(prices);
  const others = [...opened].filter((dial) => !listed.some((country) => country.dial === dial));
  rows.append(...ordered([...listed, ...others.map(unlisted)], opened).map(row));
  remind();
  return {
    node: [notes, search(rows), rows, otherCode(opened, open)],
    international: (on) => {
      abroad = on;
      remind();
    },
  };
}

/** "乌兹别克斯坦" or "加拿大，美国" of a dial code; null when no price names it. */
export function countryName(prices, dial) {
  const sharing = prices.filter((row) => row.dial === dial && row.iso);
  return sharing.length > 0 ? sharing.map(({ name }) => spoken(name)).join(text("and")) : null;
}

/** Countries that share a dial code are open or closed together. */
function byDial(prices) {
  return [...new Set(prices.map(({ dial }) => dial))].map((dial) => named(prices, dial));
}

function named(prices, dial) {
  const { price_micros: price } = prices.find((row) => row.dial === dial);
  return { dial, name: countryName(prices, dial), price };
}

function unlisted(dial) {
  return { dial, name: null, price: null };
}

/** The mainland first, then what is open, then by name. */
function ordered(all, opened) {
  const place = ({ dial }) => (dial === MAINLAND ? 0 : opened.has(dial) ? 1 : 2);
  const byName = new Intl.Collator(locale());
  return all.toSorted(
    (one, other) => place(one) - place(other) || byName.compare(nameOf(one), nameOf(other)),
  );
}

function nameOf({ name, dial }) {
  return name ? `${name} +${dial}` : `+${dial}`;
}

function priceOf({ price }) {
  return price === null
    ? text("countries.noPrice")
    : text("countries.price", { price: money(price) });
}

function askFor(country, on, action) {
  const values = { country: nameOf(country), price: priceOf(country) };
  const abroad = country.dial !== MAINLAND;
  const opening = [
    h("p", {}, text("countries.openBody", values)),
    abroad && h("p", { class: "soft" }, text("countries.pumping")),
  ];
  return ask({
    title: text(on ? "countries.askOpen" : "countries.askClose", values),
    content: on ? opening : h("p", {}, text("countries.closeBody", values)),
    confirm: text(on ? "countries.open" : "countries.close"),
    style: on && !abroad ? "primary" : "danger",
    action,
  });
}

function reminders(opened, isInternational) {
  const isAbroad = [...opened].some((dial) => dial !== MAINLAND);
  const note = (tone, sentence) => h("div", { class: `notice ${tone}` }, sentence);
  return [
    opened.size === 0 && note("warn", text("countries.none")),
    isAbroad && !isInternational && note("warn", text("countries.needsInternational")),
    isInternational && !isAbroad && note("info", text("countries.onlyMainland")),
  ].filter(Boolean);
}

function search(rows) {
  const wanted = input({ type: "search" });
  const said = h("p", { class: "soft", role: "status" });
  wanted.addEventListener("input", () => {
    const words = wanted.value.trim().toLowerCase();
    let count = 0;
    for (const row of rows.children) {
      row.hidden = !row.querySelector("label").textContent.toLowerCase().includes(words);
      count += !row.hidden;
    }
    said.textContent = words ? text("prices.found", { count }) : "";
  });
  return h("div", { class: "narrow" }, field(text("prices.search"), wanted), said);
}

function otherCode(opened, open) {
  const dial = input({ inputmode: "tel", placeholder: "380", maxlength: "4" });
  const form = h(
    "form",
    { class: "row" },
    field(text("countries.other"), dial, { hint: text("countries.otherHint") }),
    submit(text("countries.open"), "quiet"),
    formNote(),
  );
  onSubmit(form, async () => {
    const typed = needed(dial).replace(/^(\+|00)/, "");
    if (!/^[1-9]\d{0,2}$/.test(typed)) throw new Wrong(dial, text("countries.dialWrong"));
    if (opened.has(typed)) throw new Wrong(dial, text("countries.alreadyOpen"));
    await open(typed);
    if (opened.has(typed)) dial.value = "";
  });
  return form;
}
