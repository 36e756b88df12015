// What the shield locked or decided, in words.

import { countryName } from "./countries.js";
import { text, wait } from "./texts.js";

// How many digits of a number a range leaves open.
const OPEN_DIGITS = { million: 6, ten_thousand: 4, hundred: 2 };
const LEVELS = [
  ...["app", "country", "million", "ten_thousand", "hundred", "number"],
  ...["bucket", "address"],
];
const RULES = ["share", "day", "burst", "concentration"];

export const STEP_TONES = { refuse: "bad", challenge: "warn" };

/** "号段 +998 99 394 ××××（乌兹别克斯坦）" for a lock or decision; `prices` name countries. */
export function nodeName({ level, label }, prices) {
  // A word that is new to this page is shown as the service writes it.
  if (!LEVELS.includes(level)) return `${level} ${label}`;
  const dial = label.startsWith("+") ? dialOf(label, prices) : null;
  const open = "×".repeat(OPEN_DIGITS[level] ?? 0);
  // A number is not torn apart where a line ends.
  const shown = level === "number" ? masked(label) : label;
  const number = [grouped(shown, dial), open].join(" ").trim().replaceAll(" ", "\u00a0");
  const name = text(`level.${level}`, { label: number });
  const country = dial && countryName(prices, dial);
  return country ? text("level.within", { name, country }) : name;
}

/** "10 分钟内 31 条中 29 条未验证，超过 20 条的预算". */
export function ruleWords({ rule, ...seen }) {
  return text(`rule.${RULES.includes(rule) ? rule : "share"}`, {
    window: seen.window_seconds === 86_400 ? text("guard.aDay") : wait(seen.window_seconds),
    sent: seen.sent,
    verified: seen.verified,
    unverified: seen.unverified,
    threshold: seen.threshold,
  });
}

/** "已拒绝", or "本会拒绝" where nothing is enforced. */
export function stepWords(step, isEnforced) {
  const way = isEnforced ? "done" : "would";
  return text(`step.${step}.${way}`);
}

/** A number as the records show it, four digits hidden. */
export function masked(phone) {
  return phone.replace(/\d{4}(?=\d{4}$)/, "****");
}

/** Whether a number in E.164 lies in what is locked. */
export function concerns({ node, level }, phone) {
  if (level === "app") return true;
  if (level === "bucket" || level === "address") return false;
  return phone.startsWith(`+${node.slice(1)}`);
}

/** The code that a number begins with; no code is the beginning of another. */
export function dialOf(phone, prices) {
  const known = new Set(prices.map(({ dial }) => dial));
  return [1, 2, 3].map((size) => phone.slice(1, 1 + size)).find((dial) => known.has(dial)) ?? null;
}

/** +998 99 394 of +99899394; what has hidden digits, or no known code, stays as it is. */
function grouped(label, dial) {
  const rest = dial === null ? "" : label.slice(1 + dial.length);
  if (!/^\d+$/.test(rest)) return label;
  // In China people read three digits, then four and four.
  const groups = dial === "86" ? rest.match(/^\d{1,3}|\d{1,4}/g) : thirds(rest);
  return [`+${dial}`, ...groups].join(" ");
}

function thirds(digits) {
  const first = digits.length % 3;
  return [digits.slice(0, first), ...(digits.slice(first).match(/\d{3}/g) ?? [])].filter(Boolean);
}
