// The virtual carriers: what each does at present, and the knobs that make it misbehave.

import { onLanguage, text } from "/assets/texts.js";
import { call, element, repeat } from "/local/phone-dom.js";

// In the order in which they act; seconds have a longest, chances are percents.
const KNOBS = [
  ["groupAnswer", ["refuse", "retryable", "bad_number", "fail", "hang_up", "answer_seconds"]],
  ["groupMessage", ["drop", "undelivered", "delay_seconds"]],
  ["groupReceipt", ["lose_receipts", "duplicate", "reorder", "receipt_seconds"]],
];
const LONGEST = { answer_seconds: 60, delay_seconds: 120, receipt_seconds: 120 };
const SWITCHES = new Set(["retryable", "bad_number", "hang_up", "reorder"]);
const HINTS = new Set(["refuse", "fail", "drop", "undelivered"]);

const place = document.getElementById("carriers");
const note = document.getElementById("carriers-note");
const calmAll = document.getElementById("calm-all");
const cards = new Map();

/** Starts the panel. */
export function startCarriers() {
  calmAll.addEventListener("click", () => change("/local/chaos", { method: "DELETE" }));
  onLanguage(() => {
    cards.clear();
    place.replaceChildren();
    look();
  });
  repeat(look, 2000);
}

async function look() {
  let carriers;
  try {
    carriers = await call("/local/carriers");
  } catch {
    return; // the conversations say so
  }
  for (const carrier of carriers) {
    if (!cards.has(carrier.name)) {
      cards.set(carrier.name, new Card(carrier.name));
      place.append(cards.get(carrier.name).root);
    }
    cards.get(carrier.name).show(carrier);
  }
  calmAll.hidden = carriers.every((carrier) => carrier.calm);
}

async function change(path, how) {
  try {
    await call(path, how);
    note.className = "note";
    note.textContent = "";
  } catch (error) {
    note.className = "note bad";
    note.textContent = text("failedTo", { error: error.message });
  }
  await look();
}

/** One carrier; made once, so that a knob stays in the hand that turns it. */
class Card {
  constructor(name) {
    this.name = name;
    this.inputs = new Map();
    this.state = element("div", "chips");
    this.outcomes = element("p", "soft outcomes");
    this.reset = element("button", "quiet small", text("calmOne"));
    this.reset.type = "button";
    this.reset.addEventListener("click", () => {
      this.root.querySelector("summary").focus(); // the button is about to go
      this.#set({});
    });
    const head = element("div", "title-row", element("h3", "", name), this.reset);
    const knobs = element("details", "knobs", element("summary", "", text("knobs")));
    knobs.append(...KNOBS.map((group) => this.#group(group)));
    this.root = element("section", "carrier", head, this.state, this.outcomes, knobs);
    this.root.dataset.carrier = name;
    this.root.setAttribute("aria-label", name);
  }

  show({ chaos, calm, outcomes }) {
    this.chaos = chaos;
    this.root.classList.toggle("wild", !calm);
    this.reset.hidden = calm;
    this.state.replaceChildren(
      ...(calm ? [element("span", "chip good", text("calm"))] : chips(chaos)),
    );
    const did = Object.entries(outcomes).map(([outcome, count]) => text(`did_${outcome}`, { count }));
    this.outcomes.textContent = did.join(" · ") || text("idle");
    for (const [knob, input] of this.inputs) {
      if (input !== document.activeElement || calm) turn(input, chaos[knob]);
    }
  }

  #group([title, knobs]) {
    const made = element("fieldset", "", element("legend", "", text(title)));
    made.append(...knobs.map((knob) => (SWITCHES.has(knob) ? this.#switch(knob) : this.#slider(knob))));
    return made;
  }

  #switch(knob) {
    const input = element("input");
    input.type = "checkbox";
    input.addEventListener("change", () => this.#set({ ...this.chaos, [knob]: input.checked }));
    this.#keep(knob, input);
    return element("label", "switch", input, element("span", "", text(knob)));
  }

  #slider(knob) {
    const input = element("input");
    input.type = "range";
    input.min = 0;
    input.max = LONGEST[knob] ?? 100;
    input.step = knob in LONGEST ? 1 : 5;
    input.addEventListener("input", () => tell(input));
    input.addEventListener("change", () => this.#set({ ...this.chaos, [knob]: valueOf(input) }));
    this.#keep(knob, input);
    const name = element("span", "", text(knob));
    if (HINTS.has(knob)) name.append(element("small", "soft", text(`${knob}Hint`)));
    const value = element("span", "value");
    value.setAttribute("aria-hidden", "true"); // the slider says it itself
    return element("label", "slider", name, value, input);
  }

  #keep(knob, input) {
    input.name = knob;
    this.inputs.set(knob, input);
  }

  #set(chaos) {
    return change("/local/chaos", { method: "POST", body: { ...chaos, carrier: this.name } });
  }
}

function chips(chaos) {
  return KNOBS.flatMap(([, knobs]) => knobs)
    .filter((knob) => chaos[knob])
    .map((knob) => {
      const much = SWITCHES.has(knob) ? "" : ` ${amount(knob, chaos[knob])}`;
      return element("span", "chip", text(knob) + much);
    });
}

function amount(knob, value) {
  if (knob in LONGEST) return text("seconds", { count: value });
  return text("percent", { count: Math.round(value * 100) });
}

function turn(input, value) {
  if (input.type === "checkbox") {
    input.checked = value;
    return;
  }
  input.value = input.name in LONGEST ? value : value * 100;
  tell(input);
}

function valueOf(input) {
  return input.name in LONGEST ? Number(input.value) : Number(input.value) / 100;
}

function tell(input) {
  const said = amount(input.name, valueOf(input));
  input.parentElement.querySelector(".value").textContent = said;
  input.setAttribute("aria-valuetext", said);
  input.parentElement.classList.toggle("on", valueOf(input) > 0);
}
