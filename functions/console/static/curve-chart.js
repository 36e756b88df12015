// How many are sent to and when, as bars on a scale of time: a night without any shows.

import { chart } from "./chart.js";
import { h } from "./dom.js";
import { clock, count } from "./format.js";
import { table } from "./tables.js";
import { text } from "./texts.js";

const MINUTE_MS = 60_000;

/** A heading, the chart and its table; `points` are [ISO minute, people], oldest first. */
export function curveChart(points) {
  const steps = points.map(([minute]) => Date.parse(minute));
  const step = Math.max(MINUTE_MS, narrowest(steps));
  const minutes = Math.round(step / MINUTE_MS);
  const [from, until] = [steps[0], steps.at(-1) + step];
  const whole = until - from;
  return [
    h("h3", {}, text(minutes === 1 ? "plan.curve" : "plan.curveOf", { count: minutes })),
    chart({
      bars: points.map(([minute, people], index) => ({
        from: (steps[index] - from) / whole,
        to: (steps[index] + step - from) / whole,
        value: people,
        said: text("curve.point", { at: clock(minute), count: count(people) }),
      })),
      marks: [0, 0.5, 1].map((at) => ({ at, label: clock(new Date(from + at * whole)) })),
      tick: (value) => count(Math.round(value)),
      least: 1,
      label: text("curve.label", { from: clock(points[0][0]), until: clock(points.at(-1)[0]) }),
      hint: text("curve.hint"),
    }),
    asTable(points.filter(([, people]) => people > 0)),
  ];
}

/** What lies between two points at least; one alone is a minute. */
function narrowest(steps) {
  const gaps = steps.slice(1).map((at, index) => at - steps[index]);
  return gaps.length > 0 ? Math.min(...gaps) : MINUTE_MS;
}

function asTable(points) {
  const columns = [
    { title: text("curve.minute"), cell: ([minute]) => clock(minute) },
    { title: text("curve.people"), cell: ([, people]) => count(people), number: true },
  ];
  const rows = table(text("plan.curve"), columns, points, { narrow: true });
  return h(
    "details",
    {},
    h("summary", {}, text("balance.asTable")),
    h("div", { class: "scroll", tabindex: "0" }, rows),
  );
}
