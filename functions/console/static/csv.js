// A day's records as one CSV file, fetched page by page with the progress shown.

import { send } from "./api.js";
import { today } from "./format.js";
import { announce, button, explain } from "./parts.js";
import { text } from "./texts.js";

/** The button that exports what the address filters, and calls it off while it works. */
export function exportButton(params, query) {
  const day = query.get("day") ?? today();
  // The API exports days: the history of one phone is on the screen already.
  const impossible = query.has("phone");
  let running = null;
  const made = button(text("csv.export"), toggle, "quiet", {
    disabled: impossible,
    title: impossible ? text("csv.byDay") : null,
  });

  async function toggle() {
    if (running) return running.abort();
    running = new AbortController();
    try {
      await save();
    } catch (error) {
      if (!running.signal.aborted) announce(explain(error));
      else announce(text("csv.stopped"));
    }
    running = null;
    made.textContent = text("csv.export");
    return null;
  }

  async function save() {
    const asked = { app_id: params.app, day, state: query.get("state") };
    const pages = [];
    let rows = 0;
    let cursor = null;
    do {
      made.textContent = text("csv.progress", { count: rows });
      const reply = await send("GET", ["records.csv"], {
        query: { ...asked, cursor },
        signal: running.signal,
      });
      const page = await reply.arrayBuffer(); // text() would eat the mark that Excel needs
      rows += lines(page) - (pages.length === 0 ? 1 : 0);
      pages.push(page);
      cursor = reply.headers.get("X-Next-Cursor");
    } while (cursor);
    download(new Blob(pages, { type: "text/csv;charset=utf-8" }), `signet-${day}.csv`);
    announce(text("csv.done", { count: rows }));
  }

  return made;
}

function lines(page) {
  return new Uint8Array(page).reduce((count, byte) => count + (byte === 10), 0);
}

/** Lets the browser save `content`, a Blob, under that name. */
export function download(content, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The download has its own hold on the content after a moment.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
