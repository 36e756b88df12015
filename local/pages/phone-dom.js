// Small things that every part of the page needs.

/** An element with a class and what is in it: text or elements. */
export function element(name, className = "", ...content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

/** A call of the local stack; its JSON. Throws an Error with a sentence for people. */
export async function call(path, { method = "GET", body } = {}) {
  const reply = await fetch(path, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body && JSON.stringify(body),
  });
  const answer = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Error(answer.error ?? `HTTP ${reply.status}`);
  return answer;
}

/** Does it now, and then so often while somebody looks at the page. */
export function repeat(work, everyMs) {
  const look = () => document.hidden || work();
  document.addEventListener("visibilitychange", look);
  setInterval(look, everyMs);
  return look();
}

/** Puts new content into a place without taking the keyboard's focus away. */
export function redraw(place, parts) {
  const focused = place.contains(document.activeElement) && document.activeElement.dataset.key;
  place.replaceChildren(...parts);
  if (focused) place.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}
