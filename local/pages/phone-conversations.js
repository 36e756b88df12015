// The messages by number, beside what was written back: what there is to show, without showing it.

const READ_KEY = "signet.read";
const LONGEST_MEMORY = 2000;
// More than this nobody looks through, and a page has to draw it.
export const MOST_SHOWN = 100;

/** [{phone, entries}], the number that heard last first; entries oldest first. */
export function conversations(messages, replies) {
  const byPhone = new Map();
  const add = (phone, entry) => {
    if (!byPhone.has(phone)) byPhone.set(phone, []);
    byPhone.get(phone).push(entry);
  };
  for (const message of messages) {
    const at = message.arrived_at ?? message.sent_at;
    add(message.to, { ...message, at, key: message.message_id ?? `${message.to} ${message.text}` });
  }
  for (const reply of replies) add(reply.from, { ...reply, at: reply.sent_at, key: reply.id, mine: true });
  return [...byPhone]
    .map(([phone, entries]) => ({ phone, entries: entries.sort((a, b) => (a.at < b.at ? -1 : 1)) }))
    .sort((a, b) => (a.entries.at(-1).at < b.entries.at(-1).at ? 1 : -1));
}

/** The six digits in a text message, if there are any. */
export function codeIn(entry) {
  return entry.channel === "voice" ? undefined : entry.text.match(/(?<!\d)\d{6}(?!\d)/)?.[0];
}

/** Which messages were seen, remembered by the browser. */
export class Read {
  constructor() {
    this.keys = new Set(JSON.parse(localStorage.getItem(READ_KEY) ?? "[]"));
  }

  unread(entries) {
    return entries.filter((entry) => !entry.mine && !this.keys.has(entry.key));
  }

  mark(entries) {
    if (!this.unread(entries).length) return;
    for (const entry of entries) this.keys.add(entry.key);
    localStorage.setItem(READ_KEY, JSON.stringify([...this.keys].slice(-LONGEST_MEMORY)));
  }
}
