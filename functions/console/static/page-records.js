// What was sent: by day or by phone, one message's history in words, and all of a day as CSV.

import { get } from "./api.js";
import { exportButton } from "./csv.js";
import { h } from "./dom.js";
import { field, formNote, input, onSubmit, select, submit } from "./forms.js";
import { dashedDay, money, plainDay, time, today } from "./format.js";
import { badge, button, empty, heading } from "./parts.js";
import { showRecord } from "./record.js";
import { address, visit } from "./routes.js";
import { moreRows, table } from "./tables.js";
import { text } from "./texts.js";
import { MESSAGE_TONES, stateBadge } from "./timeline.js";

const STATES = Object.keys(MESSAGE_TONES);

export async function show({ params, query, signal }) {
  const asked = question(params, query);
  const first = await get(["records"], { query: asked, signal });
  return [
    heading(text("menu.records"), {
      lead: text("records.lead"),
      back: params.app && { href: address(["apps", params.app]), label: params.app },
    }),
    filters(params, query),
    first.items.length === 0 ? nothing(query) : list(asked, first, params),
  ];
}

/** What the address asks for, as the API wants it. A phone is looked up over all days. */
function question(params, query) {
  const phone = query.get("phone");
  return {
    app_id: params.app,
    phone,
    day: phone ? null : (query.get("day") ?? today()),
    state: query.get("state"),
  };
}

function filters(params, query) {
  const day = input({
    type: "date",
    value: dashedDay(query.get("day") ?? today()),
    max: dashedDay(today()),
  });
  const phone = input({ type: "tel", value: query.get("phone") ?? "", placeholder: "18612345678" });
  const states = [
    ["", text("records.anyState")],
    ...STATES.map((state) => [state, text(`message.${state}`)]),
  ];
  const state = select(states, { value: query.get("state") ?? "" });
  const form = h(
    "form",
    { class: "card filters" },
    field(text("records.day"), day),
    field(text("records.phone"), phone),
    field(text("records.state"), state),
    h("div", { class: "actions" }, submit(text("records.show")), exportButton(params, query)),
    formNote(),
  );
  const here = params.app ? ["apps", params.app, "records"] : ["records"];
  onSubmit(form, async () => {
    const asked = {
      day: plainDay(day.value || dashedDay(today())),
      phone: phone.value.trim(),
      state: state.value,
    };
    if (asked.phone) delete asked.day;
    visit(address(here, asked)); // the same question again is a wish for newer answers
  });
  return form;
}

function nothing(query) {
  const filtered = query.get("phone") || query.get("state");
  return empty(text("records.none"), text(filtered ? "records.noneFiltered" : "records.noneBody"));
}

function list(asked, first, params) {
  const columns = [
    { title: text("records.time"), cell: (record) => opener(record, params) },
    { title: text("records.phone"), cell: ({ phone }) => h("span", { class: "digits" }, phone) },
    { title: text("records.kind"), cell: kind },
    { title: text("records.state"), cell: ({ state }) => stateBadge(state) },
    { title: text("records.segments"), cell: ({ segments }) => String(segments), number: true },
    { title: text("records.price"), cell: cost, number: true },
  ];
  const rows = table(text("menu.records"), columns, first.items);
  const count = h("p", { class: "soft", role: "status" });
  const said = (cursor) => {
    const shown = rows.tBodies[0].rows.length;
    count.textContent = text(cursor ? "records.countMore" : "records.count", { count: shown });
  };
  const load = (cursor) => get(["records"], { query: { ...asked, cursor } });
  said(first.cursor);
  return [
    h("div", { class: "card flush" }, rows),
    count,
    moreRows(rows, columns, first.cursor, load, said),
  ];
}

function opener(record, params) {
  const label = `${text("records.details")}: ${time(record.created_at)}, ${record.phone}`;
  const open = () => showRecord(record, params);
  return button(time(record.created_at), open, "link digits", { "aria-label": label });
}

function kind({ kind: name, purpose, template, signature }) {
  return [
    text(`kind.${name}`),
    purpose && [" · ", text(`purpose.${purpose}`)],
    h("small", {}, template ?? text("records.builtIn"), " · ", signature),
  ];
}

function cost({ price_micros: micros, refunded }) {
  if (!refunded) return money(micros);
  return [h("s", {}, money(micros)), " ", badge(text("records.refunded"))];
}
