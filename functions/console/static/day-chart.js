// What each day cost, as bars.

import { chart } from "./chart.js";
import { money, shortDay } from "./format.js";
import { text } from "./texts.js";

const FEN = 10_000; // micros

/** `days` are {day, charged_micros, messages}, oldest first. */
export function dayChart(days) {
  const total = money(days.reduce((sum, day) => sum + BigInt(day.charged_micros), 0n));
  return chart({
    bars: days.map((day, index) => ({
      from: index / days.length,
      to: (index + 1) / days.length,
      value: day.charged_micros,
      said: text("chart.day", {
        day: shortDay(day.day),
        cost: money(day.charged_micros),
        messages: day.messages,
      }),
    })),
    marks: marks(days),
    tick: money,
    least: FEN,
    label: text("chart.label", { total }),
    hint: text("chart.hint"),
  });
}

/** The first day, the one in the middle, the last. */
function marks(days) {
  const last = days.length - 1;
  const middle = Math.floor(last / 2);
  return [...new Set([0, middle, last])].map((index) => ({
    at: index === 0 ? 0 : index === last ? 1 : (index + 0.5) / days.length,
    label: shortDay(days[index].day),
  }));
}
