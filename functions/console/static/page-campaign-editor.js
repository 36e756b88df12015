// A campaign's form, with what there is to choose from; the phone beside it.

import { get, getAll } from "./api.js";
import { CampaignForm } from "./campaign-form.js";
import { h } from "./dom.js";
import { draft } from "./kept.js";
import { button, empty, heading, linkButton, notice } from "./parts.js";
import { address } from "./routes.js";
import { text } from "./texts.js";

const KINDS = ["marketing", "notification"];
const NEW = {
  name: "",
  template: "",
  sign: "",
  audience_id: "",
  variables: {},
  schedule: null,
  pace: 50,
  stops: { failures: 50, opt_outs: 10, window: 1_000 },
};

export async function show({ params, query, session, signal, refresh }) {
  const id = params.id ?? null;
  const from = id ?? query.get("from");
  const [base, known] = await Promise.all([campaign(from, signal), choices(signal)]);
  const title = head(id, base);
  if (known.templates.length === 0 || known.audiences.length === 0)
    return [title, missing(known)];
  const kept = draft([session.id, "campaigns", id ?? "new", from ?? ""].join("/"));
  const typed = kept.read();
  const wanted = { audience_id: query.get("audience") ?? "" };
  const copied = id ? base : base && { ...base, schedule: null };
  const form = new CampaignForm(
    { ...NEW, ...wanted, ...copied, ...typed },
    { id, kept, known, signal },
  );
  return [
    title,
    typed && restored(kept, refresh),
    h("div", { class: "beside" }, form.element, form.preview.element),
  ];
}

function head(id, base) {
  return heading(text(id ? "campaign.change" : "campaigns.new", { name: base?.name }), {
    lead: text(id ? "campaign.changeLead" : "campaign.lead"),
    back: id
      ? { href: address(["campaigns", id]), label: base.name }
      : { href: "#/campaigns", label: text("menu.campaigns") },
  });
}

async function campaign(id, signal) {
  return id ? (await get(["campaigns", id], { signal })).campaign : null;
}

/** What works now: {templates, signatures, audiences}. */
async function choices(signal) {
  const [templates, signatures, audiences] = await Promise.all([
    getAll(["templates"], { signal }),
    getAll(["signatures"], { signal }),
    allAudiences(signal),
  ]);
  return {
    templates: templates.items.filter((one) => one.in_use && KINDS.includes(one.kind)),
    signatures: signatures.items,
    audiences: audiences.filter(({ state }) => state === "ready"),
  };
}

async function allAudiences(signal) {
  const found = [];
  let cursor = null;
  do {
    const page = await get(["audiences"], { query: { cursor }, signal });
    found.push(...page.audiences);
    ({ cursor } = page);
  } while (cursor);
  return found;
}

function restored(kept, refresh) {
  const drop = button(text("editor.drop"), () => {
    kept.clear();
    refresh();
  });
  return notice("info", text("editor.restored"), drop);
}

/** Without a template and an audience there is nothing to fill in yet. */
function missing({ templates, audiences }) {
  const lacks = [
    templates.length === 0 && linkButton(text("menu.templates"), "#/templates", "quiet"),
    audiences.length === 0 && linkButton(text("audiences.new"), "#/audiences/new", "quiet"),
  ].filter(Boolean);
  const sentence = templates.length === 0 ? "campaign.noTemplate" : "campaign.noAudience";
  return empty(text("campaign.missing"), text(sentence), ...lacks);
}
