// Which address shows which page, for whom. Pages are loaded when they are first shown.

const OWNER = [
  ["", "home"],
  ["signatures", "signatures"],
  ["signatures/new", "signature-editor"],
  ["signatures/{name}/{version}", "signature-editor"],
  ["templates", "templates"],
  ["templates/new", "template-editor"],
  ["templates/{name}/{version}", "template-editor"],
  ["campaigns", "campaigns"],
  ["campaigns/new", "campaign-editor"],
  ["campaigns/{id}", "campaign"],
  ["campaigns/{id}/edit", "campaign-editor"],
  ["audiences", "audiences"],
  ["audiences/new", "new-audience"],
  ["audiences/{id}", "audience"],
  ["records", "records"],
  ["events", "events"],
  ["guard", "guard"],
  ["opt-outs", "opt-outs"],
  ["balance", "balance"],
  ["prices", "prices"],
  ["settings", "settings"],
  ["audit", "audit"],
];
const OPERATOR = [
  ["", "desk"],
  ["review", "review"],
  ["apps", "apps"],
  ["apps/new", "new-app"],
  ["apps/{app}", "app-details"],
  ["apps/{app}/records", "records"],
  ["apps/{app}/guard", "guard"],
  ["apps/{app}/balance", "balance"],
  ["apps/{app}/mappings", "mappings"],
  ["apps/{app}/audit", "audit"],
  ["operators", "operators"],
  ["people", "people"],
  ["carriers", "carriers"],
  ["mappings", "mappings"],
  ["prices", "prices"],
  ["deployment", "deployment"],
];
const ROUTES = { owner: OWNER, operator: OPERATOR };

/** What the menu offers: [address, name of its text]. */
export const MENU = {
  owner: [
    ["", "menu.home"],
    ["signatures", "menu.signatures"],
    ["templates", "menu.templates"],
    ["campaigns", "menu.campaigns"],
    ["audiences", "menu.audiences"],
    ["records", "menu.records"],
    ["events", "menu.events"],
    ["guard", "menu.guard"],
    ["opt-outs", "menu.optOuts"],
    ["balance", "menu.balance"],
    ["prices", "menu.prices"],
    ["settings", "menu.settings"],
    ["audit", "menu.audit"],
  ],
  operator: [
    ["", "menu.home"],
    ["review", "menu.review"],
    ["apps", "menu.apps"],
    ["carriers", "menu.carriers"],
    ["prices", "menu.prices"],
    ["operators", "menu.operators"],
    ["people", "menu.people"],
    ["deployment", "menu.deployment"],
  ],
};

/** The menu's entry that an address belongs to. */
export function menuEntry(path) {
  const first = path.split("/")[0];
  return first === "mappings" ? "carriers" : first;
}

/** {module, params} for an address, or null when nothing is there for this role. */
export function match(role, path) {
  const segments = path.split("/");
  for (const [pattern, module] of ROUTES[role]) {
    const params = fit(pattern.split("/"), segments);
    if (params) return { module, params };
  }
  return null;
}

/** The address of a page: its segments, encoded, and a query. */
export function address(segments, query = {}) {
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
  const path = segments.map(encodeURIComponent).join("/");
  return `#/${path}${asked.size ? `?${asked}` : ""}`;
}

/** Goes there; where the page is that already, it is drawn anew. */
export function visit(wanted) {
  if (wanted === location.hash) window.dispatchEvent(new HashChangeEvent("hashchange"));
  else location.hash = wanted;
}

/** What the address bar says: {path, query}. */
export function current() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { path, query: new URLSearchParams(query) };
}

function fit(pattern, segments) {
  if (pattern.length !== segments.length) return null;
  const params = {};
  for (const [place, part] of pattern.entries()) {
    if (part.startsWith("{")) params[part.slice(1, -1)] = decoded(segments[place]);
    else if (part !== segments[place]) return null;
  }
  return params;
}

function decoded(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // somebody typed a lone %
  }
}
