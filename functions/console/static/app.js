// The console's frame: who is signed in, which page is shown, what happens when either changes.

import { ApiError, currentSession, onSessionLost, signOut } from "./api.js";
import { h } from "./dom.js";
import { forgetDrafts, forgetKept } from "./kept.js";
import { announce, button, explain, heading, linkButton, notice } from "./parts.js";
import { MENU, current, match, menuEntry } from "./routes.js";
import { locale, switchLanguage, text } from "./texts.js";

// A page that is there at once should not flash a sign of waiting.
const WAIT_SHOWN_AFTER_MS = 150;

const main = document.getElementById("main");
const nav = document.getElementById("nav");
const menu = document.getElementById("menu");

let session = null;
let sessionWasLost = false;
let showing = new AbortController();

// --- One page at a time -----------------------------------------------------------------------

/**
 * Shows the page of the address. A page's module exports `show(page)`, which resolves with its
 * nodes; `page` is {session, params, query, signal, refresh}.
 */
async function show({ focus = "heading" } = {}) {
  showing.abort();
  showing = new AbortController();
  const { signal } = showing;
  const before = focusMark();
  drawFrame();
  const waiting = setTimeout(() => main.setAttribute("aria-busy", "true"), WAIT_SHOWN_AFTER_MS);
  try {
    const nodes = await pageNodes(signal);
    if (!signal.aborted) place(nodes, focus, before);
  } catch (error) {
    // Aborted: another page is on its way. 401: the sign-in page is.
    if (!signal.aborted && error.status !== 401)
      place(
        failed(error, () => show()),
        focus,
        before,
      );
  } finally {
    clearTimeout(waiting);
    if (!signal.aborted) main.removeAttribute("aria-busy");
  }
}

async function pageNodes(signal) {
  const { path, query } = current();
  if (!session) {
    const signIn = await import("./page-sign-in.js");
    return signIn.show({ wasLost: sessionWasLost, entered });
  }
  const found = match(session.role, path);
  if (!found) return nowhere();
  const page = await import(`./page-${found.module}.js`);
  const refresh = () => show({ focus: "same" });
  return page.show({ session, params: found.params, query, signal, refresh });
}

function place(nodes, focus, before) {
  main.replaceChildren(...[nodes].flat(Infinity).filter(Boolean));
  main.dataset.page = location.hash; // which address is shown, not only asked for
  const title = main.querySelector("h1")?.textContent;
  document.title = title ? `${title} · Signet` : "Signet";
  // The first page leaves the keyboard where a browser starts, unless a field asks for it.
  if (focus === "first") main.querySelector("[data-first]")?.focus();
  if (focus === "same" && document.activeElement === document.body) setFocus(before);
  if (focus !== "heading") return;
  window.scrollTo(0, 0);
  setFocus();
}

/** Where the keyboard is, so that it can be there again after a page was drawn anew. */
function focusMark() {
  return document.activeElement?.dataset?.key ?? null;
}

function setFocus(mark = null) {
  const same = mark && main.querySelector(`[data-key="${CSS.escape(mark)}"]`);
  const first = main.querySelector("[data-first]");
  (same || first || main.querySelector("h1") || main).focus({ preventScroll: !same });
}

function failed(error, retry) {
  // A page's own file that did not arrive is not a refusal; the way on is the same.
  const isRefusal = error instanceof ApiError;
  if (!isRefusal) console.error(error);
  const sentence = isRefusal ? explain(error) : text("error.page");
  const again = button(text("again"), retry, "primary");
  return [
    heading(text("error.title")),
    notice("bad", sentence, h("div", { class: "actions" }, again)),
  ];
}

function nowhere() {
  return [
    heading(text("nowhere.title")),
    notice("info", text("nowhere.body"), linkButton(text("menu.home"), "#/")),
  ];
}

/** Whatever is open belongs to the page under it, which is going. */
function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
}

// --- Who is signed in -------------------------------------------------------------------------

function entered(newSession) {
  session = newSession;
  sessionWasLost = false;
  show();
}

async function leave() {
  try {
    await signOut();
  } catch (error) {
    if (error.status !== 401) return announce(explain(error));
  }
  forgetDrafts();
  forgetKept();
  session = null;
  sessionWasLost = false;
  // An address may name what only the one who left may see.
  history.replaceState(null, "", "#/");
  return show();
}

onSessionLost(() => {
  if (!session) return;
  session = null;
  sessionWasLost = true;
  forgetKept();
  closeDialogs();
  show();
});

// --- The frame around it ----------------------------------------------------------------------

function drawFrame() {
  document.documentElement.lang = locale();
  const language = document.getElementById("language");
  language.textContent = text("language.other");
  language.lang = locale() === "zh-CN" ? "en" : "zh-CN";
  document.getElementById("skip").textContent = text("skip");
  document.getElementById("sign-out").textContent = text("signOut");
  menu.textContent = text("menu.title");
  nav.setAttribute("aria-label", text("menu.title"));
  drawSession();
  drawMenu();
}

function drawSession() {
  const who = document.getElementById("who");
  who.hidden = !session;
  who.textContent = session ? text(`who.${session.role}`, { id: session.id }) : "";
  for (const id of ["sign-out", "menu", "nav"]) document.getElementById(id).hidden = !session;
  document.body.classList.toggle("signed-in", Boolean(session));
}

function drawMenu() {
  openMenu(false);
  if (!session) return nav.replaceChildren();
  const here = menuEntry(current().path);
  const entries = MENU[session.role].map(([path, name]) =>
    h("a", { href: `#/${path}`, "aria-current": path === here ? "page" : null }, text(name)),
  );
  return nav.replaceChildren(...entries);
}

function openMenu(open) {
  menu.setAttribute("aria-expanded", String(open));
  nav.classList.toggle("open", open);
}

// --- Start ------------------------------------------------------------------------------------

document.getElementById("sign-out").addEventListener("click", leave);
document.getElementById("skip").addEventListener("click", () => main.focus());
document.getElementById("language").addEventListener("click", () => {
  switchLanguage();
  show({ focus: "none" });
});
menu.addEventListener("click", () => openMenu(menu.getAttribute("aria-expanded") !== "true"));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || menu.getAttribute("aria-expanded") !== "true") return;
  openMenu(false);
  menu.focus();
});
window.addEventListener("hashchange", () => {
  closeDialogs();
  show();
});

async function start() {
  try {
    session = await currentSession();
  } catch (error) {
    drawFrame();
    place(failed(error, start), "none", null);
    return;
  }
  show({ focus: "first" });
}

start();
