// Signet's clock, and the buttons that move it.

import { locale, onLanguage, text } from "/assets/texts.js";
import { call, repeat } from "/local/phone-dom.js";

const SPANS = [
  ["spanDays", 86400],
  ["spanHours", 3600],
  ["spanMinutes", 60],
  ["spanSeconds", 1],
];

const shown = document.getElementById("clock");
const ahead = document.getElementById("clock-ahead");
const note = document.getElementById("clock-note");
const back = document.getElementById("clock-back");
const jumps = document.getElementById("jumps");
let offset = null; // seconds, not known yet

/** Starts the clock. */
export function startClock() {
  jumps.addEventListener("click", ({ target }) => {
    if (target.dataset.seconds) move(Number(target.dataset.seconds));
    else if (target === back) move(-offset);
  });
  onLanguage(show);
  setInterval(tick, 1000);
  repeat(look, 5000);
}

async function look() {
  try {
    offset = (await call("/local/clock")).offset_seconds;
  } catch {
    return; // the conversations say so
  }
  show();
}

async function move(seconds) {
  const focused = document.activeElement;
  const buttons = [...jumps.querySelectorAll("button")];
  for (const button of buttons) button.disabled = true;
  say("", text("clockMoving"));
  try {
    offset = (await call("/local/clock", { method: "POST", body: { advance_seconds: seconds } })).offset_seconds;
    say("", "");
  } catch (error) {
    say("bad", text("failedTo", { error: error.message }));
  }
  for (const button of buttons) button.disabled = false;
  show();
  (focused.hidden ? buttons[0] : focused).focus();
}

function say(kind, what) {
  note.className = `note ${kind}`;
  note.textContent = what;
}

function show() {
  tick();
  if (offset === null) return;
  back.hidden = offset === 0;
  const names = { "-1": "clockBehind", 0: "clockSame", 1: "clockAhead" };
  ahead.textContent = text(names[Math.sign(offset)], { time: span(Math.abs(offset)) });
}

function tick() {
  if (offset === null) return;
  const now = new Date(Date.now() + offset * 1000);
  shown.dateTime = now.toISOString();
  shown.textContent = now.toLocaleString(locale(), { hour12: false });
}

/** "1 d 2 h": the two largest parts that there are. */
function span(seconds) {
  const parts = [];
  for (const [name, length] of SPANS) {
    const count = Math.floor(seconds / length);
    seconds -= count * length;
    if (count) parts.push(text(name, { count }));
  }
  return parts.slice(0, 2).join(" ");
}
