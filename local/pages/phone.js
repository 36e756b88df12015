// The virtual phone: every message and call, by number, and a box to write back.

import { onLanguage, start, text } from "/assets/texts.js";
import "/local/phone-texts.js";
import { bubbles, clockTime } from "/local/phone-bubbles.js";
import { startCarriers } from "/local/phone-carriers.js";
import { startClock } from "/local/phone-clock.js";
import { conversations, MOST_SHOWN, Read } from "/local/phone-conversations.js";
import { call, element, redraw, repeat } from "/local/phone-dom.js";

const EVERY_MS = 1000;
const at = (id) => document.getElementById(id);
const read = new Read();
let known = null; // what the stack said last, not yet at first
let gone = false;
let chosen = null; // the number that somebody chose; until then the newest is open
let shown = "";
let drawn = []; // the entries of the open conversation, as they are on the screen

start();

async function refresh() {
  try {
    const [messages, replies] = await Promise.all([call("/local/messages"), call("/local/replies")]);
    known = conversations(messages, replies);
    gone = false;
  } catch {
    gone = true;
  }
  const state = JSON.stringify([known, gone]);
  if (state === shown) return;
  shown = state;
  draw();
}

function open() {
  return known?.find(({ phone }) => phone === chosen) ?? known?.[0];
}

/** Whether the open conversation is on the screen: a narrow one shows it or the list. */
function isOnScreen() {
  return at("bubbles").offsetParent !== null;
}

function draw() {
  const conversation = open();
  drawState();
  if (conversation && isOnScreen()) read.mark(conversation.entries);
  drawPeople(conversation);
  drawThread(conversation);
  const unread = (known ?? []).reduce((sum, { entries }) => sum + read.unread(entries).length, 0);
  at("read-all").hidden = unread === 0;
  document.title = (unread ? `(${unread}) ` : "") + text("pagePhone");
}

function drawState() {
  const parts = [];
  if (gone) parts.push(notice("gone", "alert", "goneTitle", "gone"));
  else if (known?.length === 0) parts.push(notice("empty", "status", "emptyTitle", "emptyPhone"));
  at("state").replaceChildren(...parts);
  at("handset").classList.toggle("stale", gone);
  at("handset").hidden = !known?.length;
}

function notice(kind, role, title, body) {
  const made = element("div", kind, element("strong", "", text(title)), element("p", "", text(body)));
  made.setAttribute("role", role);
  return made;
}

function drawPeople(conversation) {
  const items = (known ?? []).slice(0, MOST_SHOWN).map(({ phone, entries }) => {
    const last = entries.at(-1);
    const unread = read.unread(entries).length;
    const button = element(
      "button",
      "person",
      element("span", "who", phone),
      element("time", "", clockTime(last.at)),
      element("span", "snippet-line", last.channel === "voice" ? text("call") : last.text),
    );
    if (unread) {
      const badge = element("span", "badge", String(unread));
      badge.setAttribute("aria-label", text("unreadCount", { count: unread }));
      button.append(badge);
    }
    button.type = "button";
    button.dataset.key = phone;
    if (phone === conversation?.phone) button.setAttribute("aria-current", "true");
    button.addEventListener("click", () => choose(phone));
    return element("li", "", button);
  });
  redraw(at("people"), items);
}

/** Adds what is new to what is there, so that nobody is read the whole conversation again. */
function drawThread(conversation) {
  at("thread-title").textContent = conversation?.phone ?? text("choose");
  const place = at("bubbles");
  const entries = conversation?.entries ?? [];
  const language = document.documentElement.lang;
  const keys = entries.map((entry) => JSON.stringify([language, entry]));
  const isLonger = drawn.length > 0 && drawn.every((key, index) => key === keys[index]);
  if (isLonger) place.append(...bubbles(entries.slice(drawn.length)));
  else redraw(place, bubbles(entries));
  if (!isLonger || keys.length > drawn.length) place.scrollTop = place.scrollHeight;
  drawn = keys;
}

function choose(phone) {
  if (phone !== open()?.phone) say("", "");
  chosen = phone;
  at("handset").classList.add("inside");
  draw();
}

function say(kind, what) {
  at("reply-note").className = `note ${kind}`;
  at("reply-note").textContent = what;
}

async function reply(words) {
  const phone = open()?.phone;
  if (!words.trim()) {
    say("bad", text("replyMissing"));
    at("reply-text").focus();
    return;
  }
  const focused = document.activeElement;
  const buttons = [...at("reply").querySelectorAll("button")];
  for (const button of buttons) button.disabled = true;
  say("", text("replying"));
  try {
    chosen = phone; // what comes meanwhile must not take it off the screen
    const taken = await call("/local/replies", { method: "POST", body: { from: phone, text: words } });
    at("reply-text").value = "";
    say("good", text("replied", { carrier: taken.carrier }));
    await refresh();
  } catch (error) {
    say("bad", text("replyRefused", { error: error.message }));
  }
  for (const button of buttons) button.disabled = false;
  focused.focus();
}

at("back").addEventListener("click", () => {
  at("handset").classList.remove("inside");
  draw();
  at("people").querySelector("[aria-current]")?.focus();
});
at("read-all").addEventListener("click", () => {
  for (const { entries } of known) read.mark(entries);
  draw();
});
at("reply").addEventListener("submit", (event) => {
  event.preventDefault();
  reply(at("reply-text").value);
});
at("quick").addEventListener("click", ({ target }) => {
  if (target.dataset.reply) reply(target.dataset.reply);
});

onLanguage(draw);
startCarriers();
startClock();
repeat(refresh, EVERY_MS);
