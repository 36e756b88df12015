// The queue of what waits for a decision, oldest first.

import { get } from "./api.js";
import { phone } from "./bubble.js";
import { decisions } from "./decisions.js";
import { h } from "./dom.js";
import { findingList, marked, placed, summary } from "./findings.js";
import {
  badge,
  button,
  card,
  empty,
  facts,
  heading,
  linkButton,
  notice,
  webLink,
  when,
} from "./parts.js";
import { author } from "./people.js";
import { address } from "./routes.js";
import { more } from "./tables.js";
import { text } from "./texts.js";

const RISKS = { low: "good", medium: "warn", high: "bad" };

export async function show({ signal, refresh }) {
  const { items, cursor } = await get(["review"], { signal });
  if (items.length === 0) {
    const again = button(text("review.look"), refresh, "quiet", { data: { key: "look" } });
    return [
      heading(text("menu.review")),
      empty(text("review.none"), text("review.noneBody"), again),
    ];
  }
  const list = h(
    "div",
    { class: "stack" },
    items.map((item) => one(item, refresh)),
  );
  return [
    heading(text("menu.review"), {
      lead: text("review.lead", { count: cursor ? `${items.length}+` : items.length }),
      actions: [linkButton(text("menu.deployment"), "#/deployment", "quiet")],
    }),
    list,
    more(
      cursor,
      (next) => get(["review"], { query: { cursor: next } }),
      (added) => {
        const cards = added.map((item) => one(item, refresh));
        list.append(...cards);
        return cards[0];
      },
    ),
  ];
}

function one(item, refresh) {
  const findings = placed(item.text, item.findings ?? []);
  const content = marked(item.text, findings);
  const shown = item.type === "signature" ? ["【", content, "】"] : content;
  return card(
    null,
    h("h2", { class: "line" }, item.name, kinds(item)),
    about(item),
    item.missing_mappings.length > 0 && missingMapping(item),
    h(
      "div",
      { class: "beside even" },
      phone(shown),
      h("div", {}, h("p", { class: "soft" }, summary(findings)), findingList(item.text, findings)),
    ),
    h("div", { class: "actions" }, decisions(item, refresh)),
  );
}

function kinds(item) {
  const of = item.type === "signature" ? text(`use.${item.use}`) : text(`kind.${item.kind}`);
  return [
    badge(text(`type.${item.type}`)),
    badge(of, of === text("kind.marketing") ? "warn" : "plain"),
    item.state === "filing" && badge(text("state.filing"), "busy"),
    item.risk && badge(text("review.risk", { risk: riskName(item.risk) }), RISKS[item.risk]),
  ];
}

function riskName(risk) {
  return risk in RISKS ? text(`risk.${risk}`) : risk;
}

function about(item) {
  return facts([
    [text("review.app"), h("a", { href: address(["apps", item.app_id]) }, item.app_name)],
    [text("review.company"), item.company ?? text("review.noCompany")],
    [text("version.version"), String(item.version)],
    [text("version.submitted"), when(item.submitted_at)],
    [text("review.author"), author(item.author)],
    item.type === "signature" && [text("signature.ownerKind"), text(`owner.${item.owner_kind}`)],
    item.type === "signature" && [text("signature.proof"), item.proof ? webLink(item.proof) : "–"],
    item.type === "template" && [text("review.variables"), item.variables?.join(", ") || "–"],
  ]);
}

function missingMapping({ app_id: appId, missing_mappings: carriers }) {
  const link = h("a", { href: address(["apps", appId, "mappings"]) }, text("mappings.title"));
  const words = text("review.missingMapping", { carriers: carriers.join(", ") });
  return notice("warn", words, h("p", {}, link));
}
