// What the console says, in Chinese and English, and the switch between the two.

import { EN } from "./texts-en.js";
import { ZH } from "./texts-zh.js";

// The same place as the local pages use: one choice for both.
const REMEMBERED = "signet.language";

let language =
  localStorage.getItem(REMEMBERED) ?? (navigator.language.startsWith("zh") ? "zh" : "en");

/** The text of that name, with {placeholders} filled in. */
export function text(name, values = {}) {
  const said = (language === "zh" ? ZH : EN)[name];
  if (said === undefined) throw new Error(`No text is named ${name}`);
  return said.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
}

/** Whether there is such a text: a word that is new to the pages has none. */
export function isSaid(name) {
  return name in ZH;
}

/** The server's own sentence, where it sends both languages. */
export function spoken(sentence) {
  return sentence[language] ?? sentence.zh;
}

/** The locale for dates and for the document. */
export function locale() {
  return language === "zh" ? "zh-CN" : "en-GB";
}

/** "42 秒", "3 分钟", "5 小时": never less than there is. */
export function wait(seconds) {
  if (seconds < 120) return text("wait.seconds", { count: Math.ceil(seconds) });
  if (seconds < 7200) return text("wait.minutes", { count: Math.ceil(seconds / 60) });
  return text("wait.hours", { count: Math.ceil(seconds / 3600) });
}

export function switchLanguage() {
  language = language === "zh" ? "en" : "zh";
  localStorage.setItem(REMEMBERED, language);
}
