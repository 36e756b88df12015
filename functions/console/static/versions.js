// Signatures and templates as their owner sees them: every name with its versions and what was
// decided about each.

import { call } from "./api.js";
import { phone, tagged } from "./bubble.js";
import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { announce, badge, button, card, explain, linkButton, when } from "./parts.js";
import { address } from "./routes.js";
import { text } from "./texts.js";

const OPEN = ["draft", "pending", "filing"];
const TONES = {
  draft: "plain",
  pending: "busy",
  filing: "busy",
  approved: "good",
  rejected: "bad",
};

/** One card for each name. `type` is signatures or templates; `more(version)` adds buttons. */
export function subjects(type, items, { refresh, marks = () => [], more = () => [] }) {
  return byName(items).map(({ name, versions }) => {
    const [newest] = versions;
    // What is in use, what is still on its way, and what became of the newest.
    const matters = (version) =>
      version === newest || version.in_use || OPEN.includes(version.state);
    const first = versions.filter(matters);
    const rest = versions.filter((version) => !matters(version));
    return card(
      null,
      h("h2", { class: "line" }, name, marks(newest)),
      first.map((version) => one(type, version, { newest, refresh, more })),
      rest.length > 0 &&
        h(
          "details",
          {},
          h("summary", {}, text("version.older", { count: rest.length })),
          rest.map((version) => one(type, version, { newest, refresh, more })),
        ),
    );
  });
}

/** [{name, versions}], the versions newest first, the names in the order they came in. */
export function byName(items) {
  const names = Map.groupBy(items, ({ name }) => name);
  return [...names].map(([name, versions]) => ({
    name,
    versions: versions.toSorted((left, right) => right.version - left.version),
  }));
}

function stateBadge(version) {
  if (version.in_use) return badge(text("state.in_use"), "good");
  if (version.state === "approved") return badge(text("state.replaced"), "plain");
  return badge(text(`state.${version.state}`), TONES[version.state]);
}

export function reasonBadges(reasons) {
  return reasons.map((reason) => badge(text(`reason.${reason}`), "bad"));
}

function one(type, version, { newest, refresh, more }) {
  return h(
    "article",
    { class: "version", data: { version: version.version } },
    h(
      "p",
      { class: "line" },
      h("span", { class: "soft" }, text("version.number", { number: version.version })),
      stateBadge(version),
      happened(version),
    ),
    decision(version),
    phone(type === "signatures" ? `【${version.text}】` : tagged(version.text)),
    h("div", { class: "actions" }, actions(type, version, newest, refresh), more(version)),
  );
}

function happened(version) {
  if (version.decided_at)
    return h("span", { class: "soft" }, text("version.decided"), " ", when(version.decided_at));
  if (version.submitted_at)
    return h("span", { class: "soft" }, text("version.submitted"), " ", when(version.submitted_at));
  if (version.created_at)
    return h("span", { class: "soft" }, text("version.created"), " ", when(version.created_at));
  return null; // as old as its app
}

function decision(version) {
  if (version.state !== "rejected") {
    return version.comment ? h("p", { class: "soft" }, version.comment) : null;
  }
  return h(
    "div",
    { class: "notice bad" },
    h("p", { class: "line" }, reasonBadges(version.reasons)),
    h("p", {}, version.comment),
  );
}

function actions(type, version, newest, refresh) {
  const path = [type, version.name, String(version.version)];
  const key = (action) => ({ data: { key: `${action} ${path.join(" ")}` } });
  if (version.state !== "draft") {
    if (version !== newest) return [];
    const label = text(version.state === "rejected" ? "version.mend" : "version.next");
    return [linkButton(label, address([type, "new"], { from: version.name }), "quiet")];
  }
  const submit = async () => {
    try {
      await call("POST", [...path, "submit"]);
      announce(text("version.isSubmitted", { name: version.name }));
    } catch (error) {
      announce(explain(error));
    }
    await refresh();
  };
  return [
    button(text("version.submit"), submit, "primary", key("submit")),
    linkButton(text("edit"), address(path), "quiet"),
    button(text("remove"), () => removeDraft(path, version, refresh), "quiet", key("remove")),
  ];
}

async function removeDraft(path, version, refresh) {
  const done = await ask({
    title: text("version.removeAsk", { name: version.name }),
    content: h("p", {}, text("version.removeBody")),
    confirm: text("remove"),
    style: "danger",
    action: () => call("DELETE", path),
  });
  if (done) await refresh();
}
