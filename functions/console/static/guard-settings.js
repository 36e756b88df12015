// What an app sets of its guard, for its owner and for operators: countries, what the shield
// leaves alone, and how hard the work of a client is.

import { ApiError } from "./api.js";
import { countries } from "./countries.js";
import { h } from "./dom.js";
import { Wrong, field, formNote, input, onSubmit, submit } from "./forms.js";
import { announce, card } from "./parts.js";
import { text } from "./texts.js";

const LEAST_BITS = 8;
const MOST_BITS = 20;
// How long work of 12 bits takes a phone; each bit doubles it.
const USUAL_BITS = 12;
const USUAL_SECONDS = 0.25;

/**
 * The cards of an app's guard. `save(body)` stores changes of the app and resolves with it.
 * `saving(saveSwitch)` saves switches and tells the countries of the one that they depend on.
 */
export function guardCards(app, prices, save) {
  const store = async (changes) => (await save({ guard: changes })).guard;
  const open = countries(app.guard, prices.items, {
    isInternational: app.switches.international,
    save: store,
  });
  return {
    saving: (saveSwitch) => async (name, on) => {
      await saveSwitch(name, on);
      if (name === "international") open.international(on);
    },
    nodes: [
      card(text("countries.title"), h("p", { class: "soft" }, text("countries.lead")), open.node),
      card(text("guardSettings.title"), exceptions(app.guard, store)),
    ],
  };
}

function exceptions(guard, store) {
  const allowed = lines(guard.allowed, "+8613800138000\n+861380013");
  const servers = lines(guard.servers, "203.0.113.7\n203.0.113.0/24");
  const bits = input({
    type: "range",
    min: LEAST_BITS,
    max: MOST_BITS,
    step: 1,
    value: guard.work_bits,
  });
  const fields = { allowed, servers };
  const form = h(
    "form",
    {},
    field(text("guardSettings.allowed"), allowed, { hint: text("guardSettings.allowedHint") }),
    field(text("guardSettings.servers"), servers, { hint: text("guardSettings.serversHint") }),
    h(
      "div",
      { class: "work" },
      field(text("guardSettings.work"), bits, { hint: text("guardSettings.workHint") }),
      workTime(bits),
    ),
    formNote(),
    submit(text("save")),
  );
  onSubmit(form, async () => {
    const changes = {
      allowed: entries(allowed),
      servers: entries(servers),
      work_bits: Number(bits.value),
    };
    try {
      const saved = await store(changes);
      allowed.value = saved.allowed.join("\n");
      servers.value = saved.servers.join("\n");
    } catch (error) {
      throw atItsField(error, fields);
    }
    announce(text("saved"));
  });
  return form;
}

function lines(values, placeholder) {
  return h("textarea", {
    rows: "3",
    spellcheck: "false",
    autocomplete: "off",
    placeholder,
    value: values.join("\n"),
  });
}

/** One a line; commas do as well, in either script. */
function entries(control) {
  return control.value
    .split(/[\n,，;；]/)
    .map((line) => line.trim())
    .filter(Boolean);
}

function workTime(bits) {
  const said = h("output", { class: "soft" });
  const say = () => {
    const seconds = USUAL_SECONDS * 2 ** (bits.value - USUAL_BITS);
    const words = text("guardSettings.workTime", {
      bits: bits.value,
      seconds: seconds < 1 ? Number(seconds.toPrecision(2)) : Math.round(seconds),
    });
    said.textContent = words;
    bits.setAttribute("aria-valuetext", words);
  };
  bits.addEventListener("input", say);
  say();
  return said;
}

/** The server's sentence names the field and the entry; they are said beside the field. */
function atItsField(error, fields) {
  const [, name, entry] = error.message.match(/^guard\.(\w+)(?:: (.+?) is no )?/) ?? [];
  if (!(error instanceof ApiError) || error.code !== 1 || !fields[name]) return error;
  const sentence = entry
    ? text(`guardSettings.${name}Wrong`, { entry: entry.replace(/^['"]|['"]$/g, "") })
    : text("error.other", { error: error.message, code: error.code });
  return new Wrong(fields[name], sentence);
}
