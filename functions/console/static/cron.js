// EventBridge's six fields of cron: simple ones as choices and in words, others as they are.

import { text } from "./texts.js";

export const WEEKDAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
export const LAST_DAY = "L";

const CLOCK = String.raw`(\d{1,2}) (\d{1,2})`;
const DAILY = new RegExp(`^${CLOCK} (?:\\* \\* \\?|\\? \\* \\*) \\*$`);
const WEEKLY = new RegExp(`^${CLOCK} \\? \\* ((?:${WEEKDAYS.join("|")}|,)+) \\*$`);
const MONTHLY = new RegExp(`^${CLOCK} (\\d{1,2}|L) \\* \\? \\*$`);

/**
 * What a form shows of a cron: {every, clock, days, day}; `every` is day, week, month or other,
 * which says the cron itself.
 */
export function choiceOf(cron) {
  const usual = { clock: "10:00", days: ["MON"], day: "1" };
  let found = cron.match(DAILY);
  if (found) return { ...usual, every: "day", clock: clockOf(found) };
  found = cron.match(WEEKLY);
  if (found)
    return { ...usual, every: "week", clock: clockOf(found), days: found[3].split(",") };
  found = cron.match(MONTHLY);
  if (found) return { ...usual, every: "month", clock: clockOf(found), day: found[3] };
  return { ...usual, every: "other" };
}

/** The cron of such a choice. */
export function cronOf({ every, clock, days, day }) {
  const [hour, minute] = clock.split(":").map(Number);
  const when = {
    day: "* * ?",
    week: `? * ${WEEKDAYS.filter((name) => days.includes(name)).join(",")}`,
    month: `${day} * ?`,
  };
  return `${minute} ${hour} ${when[every]} *`;
}

/** "每周一、周四 10:00", or the cron itself. */
export function cronWords(cron) {
  const { every, clock, days, day } = choiceOf(cron);
  if (every === "other") return cron;
  const names = days.map((name) => text(`weekday.${name}`)).join(text("list"));
  if (every === "month" && day === LAST_DAY) return text("cron.monthEnd", { clock });
  return text(`cron.${every}`, { clock, days: names, day });
}

function clockOf([, minute, hour]) {
  return `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`;
}
