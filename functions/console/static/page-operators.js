// Who may operate this deployment. A new operator's key is shown once.

import { call, get } from "./api.js";
import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { field, formNote, input, needed, onSubmit, submit } from "./forms.js";
import { keep, putAway, recall } from "./kept.js";
import { announce, badge, button, card, copyable, facts, heading, notice, when } from "./parts.js";
import { author } from "./people.js";
import { moreRows, table } from "./tables.js";
import { text } from "./texts.js";

const KEPT = "new-operator";

export async function show({ session, signal, refresh }) {
  const first = await get(["operators"], { signal });
  const made = recall(KEPT);
  return [
    heading(text("menu.operators"), { lead: text("operators.lead") }),
    made && newKey(made, refresh),
    list(first, session, refresh),
    card(text("operators.add"), form(refresh)),
  ];
}

function newKey({ id, key }, refresh) {
  const done = button(text("once.done"), () => {
    putAway(KEPT);
    refresh();
  });
  return card(
    text("operators.made", { id }),
    notice("warn", text("once.title"), h("p", {}, text("once.body"))),
    facts([
      [text("signIn.operator.id"), copyable(id, text("signIn.operator.id"))],
      [text("signIn.operator.key"), copyable(key, text("signIn.operator.key"))],
    ]),
    done,
  );
}

function list({ items, cursor }, session, refresh) {
  const columns = [
    {
      title: text("signIn.operator.id"),
      cell: ({ id, revoked_at: revoked }) => [
        `${id} `,
        id === session.id && badge(text("operators.you"), "info"),
        revoked && badge(text("operators.revoked")),
      ],
    },
    { title: text("operators.since"), cell: (operator) => when(operator.created_at) },
    { title: text("operators.by"), cell: (operator) => author(operator.created_by) },
    {
      title: text("operators.remove"),
      cell: ({ id, revoked_at: revoked }) =>
        revoked ? when(revoked) : id !== session.id && remover(id, refresh),
    },
  ];
  const rows = table(text("menu.operators"), columns, items);
  const load = (next) => get(["operators"], { query: { cursor: next } });
  return [h("div", { class: "card flush" }, rows), moreRows(rows, columns, cursor, load)];
}

function remover(id, refresh) {
  const remove = async () => {
    const done = await ask({
      title: text("operators.removeAsk", { id }),
      content: h("p", {}, text("operators.removeBody")),
      confirm: text("operators.remove"),
      style: "danger",
      action: () => call("DELETE", ["operators", id]),
    });
    if (!done) return;
    announce(text("operators.isRemoved", { id }));
    await refresh();
  };
  return button(text("operators.remove"), remove, "quiet small", {
    "aria-label": `${text("operators.remove")}: ${id}`,
  });
}

function form(refresh) {
  const id = input({ maxlength: "64", spellcheck: "false" });
  const made = h(
    "form",
    {},
    field(text("signIn.operator.id"), id, { hint: text("operators.idHint") }),
    formNote(),
    submit(text("operators.add")),
  );
  onSubmit(made, async () => {
    keep(KEPT, await call("POST", ["operators"], { body: { id: needed(id) } }));
    await refresh();
  });
  return made;
}
