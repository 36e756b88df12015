// What the linter found: where it is in the text, and in words.

import { h } from "./dom.js";
import { badge, explain } from "./parts.js";
import { spoken, text as say } from "./texts.js";

const WORST_FIRST = ["error", "warning", "note"];
const TONES = { error: "bad", warning: "warn", note: "info" };

/**
 * Findings with `from` and `to` in JavaScript's units. The server counts characters, a string
 * here counts UTF-16 units: they differ after the first emoji.
 */
export function placed(text, findings) {
  const at = [0];
  for (const character of text) at.push(at.at(-1) + character.length);
  const unit = (index) => at[Math.min(index, at.length - 1)];
  return findings
    .map((finding) => ({ ...finding, from: unit(finding.start), to: unit(finding.end) }))
    .sort((one, other) => rank(one) - rank(other) || one.from - other.from);
}

/** The findings after an edit: those beside it move along, those in it are gone until asked anew. */
export function moved(findings, before, after) {
  let head = 0;
  const shorter = Math.min(before.length, after.length);
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const by = after.length - before.length;
  return findings.flatMap((finding) => {
    if (finding.to <= head) return [finding];
    if (finding.from < before.length - tail) return [];
    return [{ ...finding, from: finding.from + by, to: finding.to + by }];
  });
}

/** The text as nodes, with what was found marked. */
export function marked(text, findings) {
  const edges = new Set([0, text.length]);
  for (const { from, to } of findings) edges.add(from).add(to);
  const cuts = [...edges].sort((one, other) => one - other);
  return cuts.slice(0, -1).map((from, index) => {
    const part = text.slice(from, cuts[index + 1]);
    const worst = findings.find((each) => each.from <= from && each.to > from); // they are sorted
    return worst ? h("mark", { class: worst.severity, title: spoken(worst.message) }, part) : part;
  });
}

/** The findings in words; `pick(finding)` is called for one that was chosen. */
export function findingList(text, findings, pick = null) {
  if (findings.length === 0) return "";
  return h(
    "ul",
    { class: "findings" },
    findings.map((finding) => h("li", { class: finding.severity }, words(text, finding, pick))),
  );
}

/** What is known of a text, in one line; `known` is what LiveLint draws. */
export function verdict({ state, findings, error }) {
  if (state === "done") return summary(findings);
  // What the server refuses to read at all, such as a text of a book's length.
  if (state === "failed" && error.status === 400) return explain(error);
  return say(`lint.${state}`);
}

/** "2 errors, 1 warning", or that all is well. */
export function summary(findings) {
  const counts = WORST_FIRST.map((severity) => [
    severity,
    findings.filter((finding) => finding.severity === severity).length,
  ]).filter(([, count]) => count > 0);
  if (counts.length === 0) return say("lint.clean");
  return counts.map(([severity, count]) => say(`lint.${severity}s`, { count })).join(say("and"));
}

export function errors(findings) {
  return findings.filter(({ severity }) => severity === "error");
}

function words(text, finding, pick) {
  const quoted = text.slice(finding.from, finding.to);
  // What is about all of the text quotes nothing.
  const quote = quoted && quoted.length < text.length ? shortened(quoted) : null;
  return [
    h(
      "p",
      { class: "line" },
      badge(say(`severity.${finding.severity}`), TONES[finding.severity]),
      quote &&
        pick &&
        h("button", { type: "button", class: "quote", onclick: () => pick(finding) }, quote),
      quote && !pick && h("q", {}, quote),
      h("span", {}, spoken(finding.message)),
    ),
    spoken(finding.suggestion) && h("p", { class: "soft" }, spoken(finding.suggestion)),
  ];
}

function shortened(quoted) {
  return quoted.length > 24 ? `${quoted.slice(0, 23)}…` : quoted;
}

function rank({ severity }) {
  return WORST_FIRST.indexOf(severity);
}
