// Bars over time; drawn anew for every width, so that its letters keep their size.

import { h } from "./dom.js";

const HEIGHT = 190;
const TOP = 12;
const FOOT = 26;
const NARROWEST = 160; // what is narrower is not laid out yet, or not shown
const NARROW_STEP = 6; // gaps between bars would be all there is to see
const WIDEST_BAR = 48;
const NS = "http://www.w3.org/2000/svg";

/**
 * `bars` are {from, to, value, said}: where each stands, from 0 to 1 of the width, and what is read
 * out when somebody points at it. `marks` are {at, label} under them. `tick(value)` words a value
 * of the axis, whose top is the next round number from `least` upwards. `label` is for those who
 * do not see it, `hint` stands where the readout will.
 */
export function chart({ bars, marks, tick, least, label, hint }) {
  const readout = h("p", { class: "readout" }, hint);
  const place = h("div", { class: "chart" });
  const say = ({ said }) => {
    readout.textContent = said;
  };
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width > NARROWEST)
      place.replaceChildren(drawn({ bars, marks, tick, least, label }, contentRect.width, say));
  }).observe(place);
  return h("figure", {}, place, h("figcaption", {}, readout));
}

function drawn({ bars, marks, tick, least, label }, width, say) {
  const most = bars.reduce((top, { value }) => Math.max(top, value), 0);
  const top = roundAbove(most, least);
  const floor = HEIGHT - FOOT;
  const axis = 8 + 7 * tick(top).length;
  const x = (part) => axis + part * (width - axis);
  const y = (value) => floor - (value / top) * (floor - TOP);
  const picture = svg("svg", { width, height: HEIGHT, role: "img", "aria-label": label });
  for (const value of [0, top / 2, top]) {
    const text = { x: axis - 8, y: y(value) + 4, "text-anchor": "end" };
    picture.append(svg("line", { class: "grid", x1: axis, x2: width, y1: y(value), y2: y(value) }));
    picture.append(svg("text", text, tick(value)));
  }
  for (const bar of bars) picture.append(...standing(bar, x, floor - y(bar.value), floor, say));
  for (const { at, label: words } of marks) {
    const anchor = at === 0 ? "start" : at === 1 ? "end" : "middle";
    picture.append(svg("text", { x: x(at), y: HEIGHT - 7, "text-anchor": anchor }, words));
  }
  return picture;
}

/** A bar, and the column around it. */
function standing(bar, x, wanted, floor, say) {
  const step = x(bar.to) - x(bar.from);
  const gap = step < NARROW_STEP ? 0 : Math.max(step * 0.15, (step - WIDEST_BAR) / 2);
  const height = Math.max(wanted, bar.value > 0 ? 2 : 0);
  const shape = { x: x(bar.from) + gap, width: step - 2 * gap, y: floor - height, height };
  // The whole column answers the pointer: a short bar is hard to hit.
  const around = { x: x(bar.from), width: step, y: 0, height: HEIGHT };
  const column = svg("rect", { class: "column", ...around });
  column.addEventListener("pointerenter", () => say(bar));
  const look = gap ? { class: "bar", rx: 2 } : { class: "bar", "shape-rendering": "crispEdges" };
  return [svg("rect", { ...look, ...shape }), column];
}

/** The next 2, 4 or 10 times a power of ten, whose half is a round number, too. */
function roundAbove(most, least) {
  let power = least;
  while (power * 10 < most) power *= 10;
  return [2, 4, 10].map((times) => times * power).find((round) => round >= most);
}

function svg(name, attributes, content = null) {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (content !== null) made.textContent = content;
  return made;
}
