// What outlives a redrawn page: what the server shows only once, and what was typed and not sent.

// A new key: in memory and never in any storage, until somebody put it away.
const shownOnce = new Map();

const PREFIX = "signet.draft.";

export function keep(name, value) {
  shownOnce.set(name, value);
}

/** What is kept under that name, or null. */
export function recall(name) {
  return shownOnce.get(name) ?? null;
}

export function putAway(name) {
  shownOnce.delete(name);
}

/** For the next person at this machine there must be no key. */
export function forgetKept() {
  shownOnce.clear();
}

/**
 * What was typed under that name: `read()` gives an object or null. It outlives a reload and an
 * expired session, and ends with the tab or with signing out.
 */
export function draft(name) {
  const key = PREFIX + name;
  return {
    read: () => JSON.parse(sessionStorage.getItem(key) ?? "null"),
    write: (value) => sessionStorage.setItem(key, JSON.stringify(value)),
    clear: () => sessionStorage.removeItem(key),
  };
}

export function forgetDrafts() {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  }
}
