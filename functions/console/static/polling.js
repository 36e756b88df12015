// Asking again while a page is shown: often while something happens, and not while it is hidden.

import { ApiError } from "./api.js";

const AFTER_REFUSAL_MS = 10_000;

/**
 * Calls `look()` again and again until `signal` is aborted. It resolves with the milliseconds
 * before the next look, or with null when there is nothing more to see. A refusal is tried again;
 * `missed(error)` is told of it.
 */
export async function poll(signal, pause, look, missed = () => {}) {
  for (let next = pause; next !== null && !signal.aborted;) {
    await rest(next, signal);
    await shown(signal);
    if (!signal.aborted) next = await looked(look, missed, signal);
  }
}

async function looked(look, missed, signal) {
  try {
    return await look();
  } catch (error) {
    if (signal.aborted || error.status === 401) return null;
    if (!(error instanceof ApiError)) throw error; // a mistake of ours
    missed(error);
    return AFTER_REFUSAL_MS;
  }
}

function rest(pause, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, pause);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function shown(signal) {
  if (!document.hidden) return null;
  return new Promise((resolve) => {
    document.addEventListener("visibilitychange", resolve, { once: true, signal });
    signal.addEventListener("abort", resolve);
  });
}
