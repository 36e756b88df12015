// A conversation as bubbles: texts, calls, and what was written back.

import { copy, locale, text } from "/assets/texts.js";
import { codeIn } from "/local/phone-conversations.js";
import { element } from "/local/phone-dom.js";

const canSpeak = "speechSynthesis" in window;

/** The list items of a conversation. */
export function bubbles(entries) {
  return entries.map((entry) => (entry.mine ? mine(entry) : received(entry)));
}

/** "10:03:21", or with the day when it is not today's. */
export function clockTime(iso) {
  const time = new Date(iso);
  const day = { month: "numeric", day: "numeric" };
  const today = time.toDateString() === new Date().toDateString();
  return time.toLocaleString(locale(), {
    ...(today ? {} : day),
    ...{ hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false },
  });
}

function received(entry) {
  const call = entry.channel === "voice";
  const item = element("li", call ? "text call" : "text");
  if (call) item.append(element("p", "call-head", text("call")));
  item.append(element("p", "body", entry.text), facts(entry));
  const code = codeIn(entry);
  if (code) item.append(copyButton(entry, code));
  if (call && canSpeak) item.append(speakButton(entry));
  return item;
}

function mine(entry) {
  const item = element("li", "text mine");
  item.append(element("p", "body", entry.text));
  const line = element("p", "facts-line", time(entry.at));
  line.append(element("span", "", text("by", { carrier: entry.carrier })));
  item.append(line);
  return item;
}

function facts(entry) {
  const said = [time(entry.at)];
  if (entry.kind) said.push(text(entry.kind));
  if (entry.segments && entry.channel !== "voice") said.push(text("segments", { count: entry.segments }));
  if (entry.carrier) said.push(text("by", { carrier: entry.carrier }));
  if (entry.sender) said.push(text("from", { sender: entry.sender }));
  if (entry.app_id) said.push(text("toApp", { app: entry.app_id }));
  const line = element("p", "facts-line");
  line.append(...said.map((one) => (typeof one === "string" ? element("span", "", one) : one)));
  return line;
}

function time(iso) {
  const shown = element("time", "", clockTime(iso));
  shown.dateTime = iso;
  return shown;
}

function copyButton(entry, code) {
  const button = element("button", "copy", text("copyCode", { code }));
  button.type = "button";
  button.dataset.key = entry.key;
  button.dataset.code = code;
  button.addEventListener("click", () => copy(button, code));
  return button;
}

function speakButton(entry) {
  const button = element("button", "copy", text("speak"));
  button.type = "button";
  button.dataset.key = entry.key;
  button.addEventListener("click", () => {
    const speaking = speechSynthesis.speaking;
    speechSynthesis.cancel();
    if (speaking) return;
    const words = new SpeechSynthesisUtterance(entry.text);
    words.lang = /\p{Script=Han}/u.test(entry.text) ? "zh-CN" : "en-US";
    words.onstart = () => (button.textContent = text("hush"));
    words.onend = words.onerror = () => (button.textContent = text("speak"));
    speechSynthesis.speak(words);
  });
  return button;
}
