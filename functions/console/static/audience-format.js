// What file is expected, with an example to start from.

import { download } from "./csv.js";
import { h } from "./dom.js";
import { button } from "./parts.js";
import { text } from "./texts.js";

const MARK = "\ufeff"; // by which Excel sees that it is UTF-8

/** A short explanation; `open` where nothing else is on the page. */
export function formatHelp({ open = false } = {}) {
  const rules = ["header", "phone", "columns", "consent", "encoding", "size"];
  return h(
    "details",
    { open },
    h("summary", {}, text("csvHelp.title")),
    h(
      "ul",
      { class: "reasons" },
      rules.map((rule) => h("li", {}, text(`csvHelp.${rule}`))),
    ),
    h("pre", { class: "example", tabindex: "0" }, h("code", {}, text("csvHelp.example"))),
    button(text("csvHelp.download"), save, "quiet small"),
  );
}

function save() {
  const lines = `${MARK}${text("csvHelp.example").replaceAll("\n", "\r\n")}\r\n`;
  download(new Blob([lines], { type: "text/csv;charset=utf-8" }), text("csvHelp.file"));
}
