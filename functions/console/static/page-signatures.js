// An app's signatures.

import { call, getAll } from "./api.js";
import { announce, badge, button, empty, explain, heading, linkButton } from "./parts.js";
import { text } from "./texts.js";
import { subjects } from "./versions.js";

export async function show({ signal, refresh }) {
  const { items, default: standard } = await getAll(["signatures"], { signal });
  const create = linkButton(text("signatures.new"), "#/signatures/new");
  if (items.length === 0) {
    return [
      heading(text("menu.signatures")),
      empty(text("signatures.none"), text("signatures.noneBody"), create),
    ];
  }
  const marks = ({ name, use }) => [
    badge(text(`use.${use}`)),
    name === standard && badge(text("signatures.default"), "info"),
  ];
  const more = ({ name, in_use: inUse }) =>
    inUse && name !== standard
      ? [
          button(text("signatures.makeDefault"), () => makeDefault(name, refresh), "quiet", {
            data: { key: `default ${name}` },
          }),
        ]
      : [];
  return [
    heading(text("menu.signatures"), { lead: text("signatures.lead"), actions: [create] }),
    subjects("signatures", items, { refresh, marks, more }),
  ];
}

async function makeDefault(name, refresh) {
  try {
    await call("PUT", ["signatures", name, "default"]);
    announce(text("signatures.isDefault", { name }));
  } catch (error) {
    announce(explain(error));
  }
  await refresh();
}
