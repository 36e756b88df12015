// What each day cost, as bars; drawn anew for every width, so that its letters keep their size.

import { h } from "./dom.js";
import { money, shortDay } from "./format.js";
import { text } from "./texts.js";

const HEIGHT = 190;
const TOP = 12;
const FOOT = 26;
const NARROWEST = 160; // what is narrower is not laid out yet, or not shown
const NS = "http://www.w3.org/2000/svg";

/** `days` are {day, charged_micros, messages}, oldest first. */
export function chart(days) {
  const readout = h("p", { class: "readout" }, text("chart.hint"));
  const place = h("div", { class: "chart" });
  const label = text("chart.label", {
    total: money(days.reduce((sum, day) => sum + BigInt(day.charged_micros), 0n)),
  });
  const say = (day) => {
    const values = {
      day: shortDay(day.day),
      cost: money(day.charged_micros),
      messages: day.messages,
    };
    readout.textContent = text("chart.day", values);
  };
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width > NARROWEST)
      place.replaceChildren(drawn(days, contentRect.width, label, say));
  }).observe(place);
  return h("figure", {}, place, h("figcaption", {}, readout));
}

function drawn(days, width, label, say) {
  const top = roundAbove(days.reduce((most, { charged_micros: cost }) => Math.max(most, cost), 0));
  const floor = HEIGHT - FOOT;
  const y = (micros) => floor - (micros / top) * (floor - TOP);
  const axis = 8 + 7 * money(top).length;
  const step = (width - axis) / days.length;
  const picture = svg("svg", { width, height: HEIGHT, role: "img", "aria-label": label });
  for (const value of [0, top / 2, top]) {
    picture.append(svg("line", { class: "grid", x1: axis, x2: width, y1: y(value), y2: y(value) }));
    picture.append(
      svg("text", { x: axis - 8, y: y(value) + 4, "text-anchor": "end" }, money(value)),
    );
  }
  days.forEach((day, index) => {
    const x = axis + index * step;
    const bar = y(day.charged_micros);
    const height = Math.max(floor - bar, day.charged_micros > 0 ? 2 : 0);
    picture.append(
      svg("rect", {
        class: "bar",
        x: x + step * 0.15,
        width: step * 0.7,
        y: floor - height,
        height,
        rx: 2,
      }),
    );
    // The whole column answers the pointer: a short bar is hard to hit.
    const column = svg("rect", { class: "column", x, width: step, y: 0, height: HEIGHT });
    column.addEventListener("pointerenter", () => say(day));
    picture.append(column);
  });
  for (const index of new Set([0, Math.floor((days.length - 1) / 2), days.length - 1])) {
    const anchor = index === 0 ? "start" : index === days.length - 1 ? "end" : "middle";
    const x = axis + (index + (anchor === "start" ? 0 : anchor === "end" ? 1 : 0.5)) * step;
    picture.append(
      svg("text", { x, y: HEIGHT - 7, "text-anchor": anchor }, shortDay(days[index].day)),
    );
  }
  return picture;
}

/** The next 2, 4 or 10 times a power of ten: its half is a round number of micros, too. */
function roundAbove(most) {
  let power = 10_000; // one fen
  while (power * 10 < most) power *= 10;
  return [2, 4, 10].map((times) => times * power).find((round) => round >= most);
}

function svg(name, attributes, content = null) {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (content !== null) made.textContent = content;
  return made;
}
