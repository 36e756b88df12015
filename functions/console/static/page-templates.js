// An app's templates.

import { getAll } from "./api.js";
import { badge, empty, heading, linkButton } from "./parts.js";
import { text } from "./texts.js";
import { subjects } from "./versions.js";

export async function show({ signal, refresh }) {
  const { items } = await getAll(["templates"], { signal });
  const create = linkButton(text("templates.new"), "#/templates/new");
  if (items.length === 0) {
    return [
      heading(text("menu.templates")),
      empty(text("templates.none"), text("templates.noneBody"), create),
    ];
  }
  const marks = ({ kind }) => [badge(text(`kind.${kind}`))];
  return [
    heading(text("menu.templates"), { lead: text("templates.lead"), actions: [create] }),
    subjects("templates", items, { refresh, marks }),
  ];
}
