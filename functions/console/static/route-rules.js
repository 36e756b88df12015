// Which carriers send what: the rules, and what becomes of a message that none of them fits.

import { call } from "./api.js";
import { countryName } from "./countries.js";
import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { announce, badge, button, card } from "./parts.js";
import { askRule } from "./route-editor.js";
import { text } from "./texts.js";

/** The box with all rules. `here` is {name, prices, refresh}; `name(carrier)` is for people. */
export function routeCard({ rules, usable, own }, here) {
  const store = async (changed) => {
    await call("PUT", ["routes"], { body: { rules: changed } });
    announce(text("saved"));
  };
  const edit = async (rule) => {
    const kept = rules.filter((one) => one !== rule);
    if (await askRule(rule, usable, here, (made) => store([...kept, made]))) await here.refresh();
  };
  const add = button(text("routes.add"), () => edit(null), "primary", { data: { key: "add" } });
  return card(
    text("routes.title"),
    h("p", { class: "soft" }, text("routes.lead")),
    h(
      "ul",
      { class: "routes" },
      ordered(rules).map((rule) => one(rule, { edit, remove: remover(rules, store, here) }, here)),
      last(rules, own, here),
    ),
    h("div", { class: "actions" }, add),
  );
}

/** The most precise first, as they count. */
function ordered(rules) {
  const precision = ({ app_id: app, country, kind }) => 4 * !!app + 2 * !!country + !!kind;
  return rules.toSorted((a, b) => precision(b) - precision(a));
}

function one(rule, { edit, remove }, here) {
  const about = fits(rule, here);
  const act = (label, action) =>
    button(label, () => action(rule), "quiet small", {
      "aria-label": `${label}: ${about}`,
      data: { key: `${label} ${about}` },
    });
  return h(
    "li",
    {},
    h("strong", {}, about),
    hops(rule, here),
    h("div", { class: "actions" }, act(text("edit"), edit), act(text("remove"), remove)),
  );
}

/** What a rule is about: "中国大陆 +86 · 验证码 · 短信". */
export function fits({ country, kind, app_id: app, channel }, { prices }) {
  const name = country && countryName(prices, country);
  const place = country ? (name ? `${name} +${country}` : `+${country}`) : text("routes.anywhere");
  return [
    app && text("routes.ofApp", { app }),
    place,
    kind ? text(`kind.${kind}`) : text("routes.anyKind"),
    text(`channel.${channel}`),
  ]
    .filter(Boolean)
    .join(" · ");
}

function hops({ hops: listed }, { name }) {
  const sum = listed.reduce((total, { weight }) => total + weight, 0);
  return h(
    "ol",
    { class: "hops" },
    listed.map(({ carrier, weight, sender }) =>
      h(
        "li",
        {},
        name(carrier),
        carrier.startsWith("webhook-") && h("code", {}, carrier),
        badge(weight ? text("routes.part", { part: part(weight, sum) }) : text("routes.standby")),
        sender && h("span", { class: "soft" }, text("routes.from", { sender })),
      ),
    ),
  );
}

function part(weight, sum) {
  return Math.round((100 * weight) / sum);
}

function last(rules, own, { name }) {
  const about = text(rules.length === 0 ? "routes.everything" : "routes.rest");
  return h("li", {}, h("strong", {}, about), h("p", {}, text("routes.own", { carrier: name(own) })));
}

function remover(rules, store, here) {
  return async (rule) => {
    const done = await ask({
      title: text("routes.removeAsk"),
      content: [h("p", {}, fits(rule, here)), h("p", { class: "soft" }, text("routes.removeBody"))],
      confirm: text("remove"),
      style: "danger",
      action: () => store(rules.filter((one) => one !== rule)),
    });
    if (done) await here.refresh();
  };
}
