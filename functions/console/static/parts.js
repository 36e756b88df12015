// What every page is made of: headings, badges, notices, tables, copying.

import { ApiError } from "./api.js";
import { h } from "./dom.js";
import { time } from "./format.js";
import { text, wait } from "./texts.js";

/** The page's heading, with a sentence under it and buttons beside it. */
export function heading(title, { lead = null, actions = [], back = null } = {}) {
  return h(
    "div",
    { class: "heading" },
    back && h("a", { class: "back", href: back.href }, `← ${back.label}`),
    h(
      "div",
      { class: "heading-row" },
      h("h1", { tabindex: "-1" }, title),
      h("div", { class: "actions" }, actions),
    ),
    lead && h("p", { class: "soft lead" }, lead),
  );
}

/** A box with a heading of its own. */
export function card(title, ...content) {
  const id = title === null ? null : `card-${(card.made = (card.made ?? 0) + 1)}`;
  return h(
    "section",
    { class: "card", "aria-labelledby": id },
    title !== null && h("h2", { id }, title),
    content,
  );
}

/** A figure that leads to where it comes from. */
export function tile(name, value, href, mark = null) {
  const shown = h("strong", {}, value);
  return h("a", { class: "tile", href }, h("span", { class: "soft" }, name), shown, mark);
}

/** A state as a label; `tone` is good, bad, warn, busy or plain. */
export function badge(label, tone = "plain") {
  return h("span", { class: `badge ${tone}` }, label);
}

/** A link that looks like a button. */
export function linkButton(label, href, style = "primary") {
  return h("a", { class: `button ${style}`, href }, label);
}

export function button(label, onclick, style = "quiet", properties = {}) {
  return h("button", { type: "button", class: style, onclick, ...properties }, label);
}

/** Something to read before going on; `tone` is info, warn, bad or good. */
export function notice(tone, title, ...content) {
  return h(
    "div",
    { class: `notice ${tone}`, role: tone === "bad" ? "alert" : "note" },
    h("strong", {}, title),
    content,
  );
}

/** What stands where a list would be, and the way on. */
export function empty(title, sentence, ...ways) {
  return h(
    "div",
    { class: "empty" },
    h("strong", {}, title),
    h("p", {}, sentence),
    ways.length > 0 && h("div", { class: "actions" }, ways),
  );
}

/** Names and values. */
export function facts(pairs) {
  return h(
    "dl",
    { class: "facts" },
    pairs
      .filter(Boolean)
      .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );
}

export function when(iso) {
  if (!iso) return "–";
  return h("time", { datetime: iso, title: text("beijing") }, time(iso));
}

/** Something to take along, with a button that copies it. */
export function copyable(content, label) {
  const copy = button(text("copy"), () => copied(copy, content), "quiet small", {
    "aria-label": `${text("copy")}: ${label}`,
  });
  return h("span", { class: "copyable" }, h("code", {}, content), copy);
}

/** Code to take along. */
export function snippet(content, label) {
  const copy = button(text("copy"), () => copied(copy, content), "quiet small");
  const code = h("pre", { tabindex: "0", "aria-label": label }, h("code", {}, content));
  return h("div", { class: "snippet" }, code, copy);
}

/** A link when it surely is one to a web page, else the text: a `javascript:` is only text. */
export function webLink(content) {
  if (!/^https?:\/\/\S+$/i.test(content)) return content;
  return h("a", { href: content, target: "_blank", rel: "noopener noreferrer" }, content);
}

/** What an error means, and what to do about it. */
export function explain(error) {
  if (!(error instanceof ApiError)) throw error; // not a refusal but a mistake of ours
  if (error.code === -1) return text("error.noAnswer");
  if (error.status === 429 && error.retryAfter) {
    return text("error.tooMany", { wait: wait(error.retryAfter) });
  }
  if ([429, 502, 503, 504].includes(error.status)) return text("error.busy");
  if (error.status === 403) return text("error.notPermitted");
  if (error.status === 404) return text("error.missing");
  if (error.code === 137) return text("error.nameTaken");
  if (error.code === 160) return text("error.balance");
  if (error.code === 154) return text("error.dailyCap");
  if (error.code === 305) return text("error.changed");
  return text("error.other", { error: error.message, code: error.code });
}

/** Says something short at the foot of the page, also to screen readers. */
export function announce(sentence) {
  const toast = document.getElementById("toast");
  clearTimeout(announce.timer);
  toast.textContent = sentence;
  toast.classList.add("shown");
  announce.timer = setTimeout(() => {
    toast.classList.remove("shown");
    toast.textContent = "";
  }, 6000);
}

async function copied(pressed, content) {
  try {
    await navigator.clipboard.writeText(content);
  } catch {
    return; // no permission: the text is still there to be selected
  }
  pressed.textContent = text("copied");
  announce(text("copied"));
  setTimeout(() => {
    pressed.textContent = text("copy");
  }, 1200);
}
