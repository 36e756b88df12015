// Lists: tables that fold on a phone, and the way to what does not fit on one page.

import { h } from "./dom.js";
import { button, explain } from "./parts.js";
import { text } from "./texts.js";

/**
 * A table that becomes cards on a phone, unless it is `narrow`. `columns` are {title, cell: (row) =>
 * content, number}; each cell carries its column's title for that form.
 */
export function table(caption, columns, rows, { narrow = false } = {}) {
  // The roles are said again because the phone's layout takes them away in some browsers.
  return h(
    "table",
    { role: "table", class: narrow ? null : "folding" },
    h("caption", { class: "unseen" }, caption),
    h(
      "thead",
      { role: "rowgroup" },
      h(
        "tr",
        { role: "row" },
        columns.map(({ title, number }) =>
          h("th", { scope: "col", role: "columnheader", class: number ? "number" : null }, title),
        ),
      ),
    ),
    h(
      "tbody",
      { role: "rowgroup" },
      rows.map((row) => tableRow(columns, row)),
    ),
  );
}

/** Room for a table of any width, along which one scrolls, by the keyboard as well. */
export function sideways(label, wide) {
  return h("div", { class: "sideways", tabindex: "0", role: "group", "aria-label": label }, wide);
}

/** One row of such a table, for those that grow. */
function tableRow(columns, row) {
  const cells = columns.map(({ title, cell, number }) =>
    h(
      "td",
      { role: "cell", data: { title }, class: number ? "number" : null },
      h("div", {}, cell(row)),
    ),
  );
  return h("tr", { role: "row" }, cells);
}

/**
 * The way to the rest of a list: `load(cursor)` resolves with {items, cursor}, and
 * `add(items, cursor)` shows them and gives back their first element.
 */
export function more(cursor, load, add) {
  let next = cursor;
  const note = h("p", { class: "form-note", role: "alert" });
  const ask = button(text("more"), async () => {
    ask.disabled = true;
    note.textContent = "";
    try {
      const page = await load(next);
      next = page.cursor;
      const first = add(page.items, next);
      // The button may go now; what came is where reading goes on.
      first?.querySelector("button, a")?.focus();
    } catch (error) {
      note.textContent = explain(error);
    }
    ask.disabled = false;
    ask.hidden = !next;
  });
  ask.hidden = !next;
  return h("div", { class: "more" }, ask, note);
}

/** The same for a table; `grown(cursor)` is called when it has more rows. */
export function moreRows(rows, columns, cursor, load, grown = () => {}) {
  return more(cursor, load, (items, next) => {
    const added = items.map((item) => tableRow(columns, item));
    rows.tBodies[0].append(...added);
    grown(next);
    return added[0];
  });
}
