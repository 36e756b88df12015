// The virtual phones' messages, grouped by number, fetched every second while the page is seen.

import { copy, locale, onLanguage, text } from "./texts.js";

const EVERY_MS = 1000;
const READ_KEY = "signet.read";
const LONGEST_MEMORY = 500;

export class Inbox {
  /** `emptyText` names the text for an empty inbox. */
  constructor(container, { emptyText }) {
    this.container = container;
    this.emptyText = emptyText;
    this.messages = null; // not known yet
    this.gone = false;
    this.shown = "";
    this.read = new Set(JSON.parse(localStorage.getItem(READ_KEY) ?? "[]"));
    onLanguage(() => this.#render());
    document.addEventListener("visibilitychange", () => this.refresh());
    setInterval(() => this.refresh(), EVERY_MS);
    this.refresh();
  }

  /** Asks for the messages now. */
  async refresh() {
    if (document.hidden) return;
    try {
      const reply = await fetch("/local/messages");
      if (!reply.ok) throw new Error(reply.statusText);
      this.messages = await reply.json();
      this.gone = false;
    } catch {
      this.gone = true;
    }
    const state = JSON.stringify([this.messages, this.gone]);
    if (state !== this.shown) {
      this.shown = state;
      this.#render();
    }
  }

  /** Marks messages as read. */
  markRead(messages) {
    for (const message of messages) this.read.add(key(message));
    localStorage.setItem(READ_KEY, JSON.stringify([...this.read].slice(-LONGEST_MEMORY)));
    this.#render();
  }

  #unread(messages) {
    return messages.filter((message) => !this.read.has(key(message)));
  }

  #render() {
    const focused = document.activeElement?.dataset?.key;
    const parts = [];
    if (this.gone) parts.push(notice("gone", text("goneTitle"), text("gone")));
    if (this.messages?.length) parts.push(...groups(this.messages).map((group) => this.#group(group)));
    else if (this.messages && !this.gone) {
      parts.push(notice("empty", text("emptyTitle"), text(this.emptyText)));
    }
    this.container.classList.toggle("stale", this.gone);
    this.container.replaceChildren(...parts);
    // A new message must not take the keyboard's place away.
    if (focused) this.container.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  #group([phone, messages]) {
    const unread = this.#unread(messages).length;
    const head = element("h3", "number", phone);
    if (unread) head.append(element("span", "badge", text("unread", { count: unread })));
    const list = element("ol", "texts");
    list.setAttribute("role", "log");
    list.setAttribute("aria-label", phone);
    list.append(...messages.map((message) => this.#message(message)));
    const group = element("section", "group");
    group.append(head, list);
    return group;
  }

  #message(message) {
    const item = element("li", "text");
    const unread = !this.read.has(key(message));
    item.classList.toggle("unread", unread);
    const body = element("p", "body", message.text);
    const facts = element("p", "facts-line");
    if (unread) {
      const mark = element("span", "dot");
      mark.setAttribute("role", "img");
      mark.setAttribute("aria-label", text("unreadMark"));
      facts.append(mark);
    }
    const time = element("time", "", clockTime(message.sent_at));
    time.dateTime = message.sent_at;
    facts.append(time);
    if (message.kind) facts.append(element("span", "", text(message.kind)));
    if (message.segments) {
      facts.append(element("span", "", text("segments", { count: message.segments })));
    }
    item.append(body, facts);
    const code = message.text.match(/(?<!\d)\d{6}(?!\d)/)?.[0];
    if (code) item.append(this.#copyButton(message, code));
    item.addEventListener("click", () => {
      if (!this.read.has(key(message))) this.markRead([message]);
    });
    return item;
  }

  #copyButton(message, code) {
    const button = element("button", "copy", text("copyCode", { code }));
    button.type = "button";
    button.dataset.key = key(message);
    button.dataset.code = code;
    button.addEventListener("click", () => {
      // Reading it draws the list anew: the button that is seen then is another one.
      if (!this.read.has(key(message))) this.markRead([message]);
      const selector = `[data-key="${CSS.escape(key(message))}"]`;
      copy(this.container.querySelector(selector) ?? button, code);
    });
    return button;
  }
}

function key(message) {
  return message.message_id ?? `${message.to} ${message.text}`;
}

function groups(messages) {
  const byPhone = new Map();
  for (const message of messages) {
    if (!byPhone.has(message.to)) byPhone.set(message.to, []);
    byPhone.get(message.to).push(message);
  }
  return [...byPhone]; // newest first, because the messages are
}

function clockTime(iso) {
  return new Date(iso).toLocaleTimeString(locale(), { hour12: false });
}

function notice(kind, title, body) {
  const part = element("div", kind);
  part.setAttribute("role", kind === "gone" ? "alert" : "status");
  part.append(element("strong", "", title), element("p", "", body));
  return part;
}

function element(name, className, content = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = content;
  return made;
}
