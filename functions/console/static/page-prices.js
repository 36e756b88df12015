// What a message to each country costs; operators set their own prices here.

import { call, get } from "./api.js";
import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { Wrong, field, input, needed } from "./forms.js";
import { amount, microsOf, money } from "./format.js";
import { announce, badge, button, heading } from "./parts.js";
import { table } from "./tables.js";
import { spoken, text } from "./texts.js";

export async function show({ session, signal, refresh }) {
  const prices = await get(["prices"], { signal });
  const operates = session.role === "operator";
  const columns = [
    {
      title: text("prices.country"),
      cell: ({ name, dial }) => [spoken(name), h("small", {}, `+${dial}`)],
    },
    { title: text("prices.price"), cell: priceOf, number: true },
    ...(operates
      ? [{ title: text("prices.change"), cell: (row) => changer(row, prices.items, refresh) }]
      : []),
  ];
  const rows = table(text("menu.prices"), columns, prices.items, { narrow: true });
  return [
    heading(text("menu.prices"), {
      lead: text("prices.lead", {
        source: prices.source,
        date: prices.date,
        currency: prices.currency,
      }),
    }),
    search(rows),
    h("div", { class: "card flush" }, rows),
  ];
}

function priceOf({ price_micros: price, list_price_micros: listed }) {
  if (price === listed) return money(price);
  const own = [money(price), " ", badge(text("prices.own"), "info")];
  // A country that an operator added is in no list.
  return listed === null
    ? own
    : [own, h("small", {}, text("prices.list", { price: money(listed) }))];
}

function search(rows) {
  const wanted = input({ type: "search" });
  const said = h("p", { class: "soft", role: "status" });
  wanted.addEventListener("input", () => {
    const words = wanted.value.trim().toLowerCase();
    let count = 0;
    for (const row of rows.tBodies[0].rows) {
      row.hidden = !row.textContent.toLowerCase().includes(words);
      count += !row.hidden;
    }
    said.textContent = words ? text("prices.found", { count }) : "";
  });
  return h("div", { class: "narrow" }, field(text("prices.search"), wanted), said);
}

function changer({ dial, iso, price_micros: price, list_price_micros: listed }, items, refresh) {
  // Countries that share a dial code share its price.
  const sharing = items.filter((row) => row.dial === dial).map(({ name }) => spoken(name));
  const country = `${sharing.join(text("and"))} (+${dial})`;
  const change = () => {
    const control = input({ value: amount(price), inputmode: "decimal" });
    const toList =
      listed !== null &&
      button(text("prices.toList", { price: money(listed) }), () => {
        control.value = amount(listed);
        control.focus();
      });
    return ask({
      title: text("prices.changeAsk", { country }),
      content: [field(text("prices.field"), control, { hint: text("prices.hint") }), toList],
      confirm: text("save"),
      action: async () => {
        const typed = microsOf(needed(control));
        if (typed === null || typed < 0) throw new Wrong(control, text("form.amount"));
        // The list's own price is no price of ours: it follows the list when that changes.
        await call("PUT", ["prices"], {
          body: { prices: { [dial]: typed === listed ? null : typed } },
        });
        announce(text("saved"));
      },
    }).then((done) => done && refresh());
  };
  return button(text("prices.change"), change, "quiet small", {
    "aria-label": `${text("prices.change")}: ${country}`,
    data: { key: `price ${dial} ${iso}` },
  });
}
