// Chooses a file: by the browser's own dialog, by the keyboard, or dropped onto the box.

import { h, newId } from "./dom.js";
import { bytes } from "./format.js";
import { text } from "./texts.js";

export class FilePicker {
  #name = h("strong", {}, text("upload.choose"));
  #note = h("span", { class: "soft" }, text("upload.drop"));

  /** `chosen(file)` is called with each file that somebody picks. */
  constructor(chosen) {
    const id = newId();
    this.chosen = chosen;
    this.file = null;
    // The type by its name: browsers on Windows take a CSV for Excel's.
    this.control = h("input", {
      type: "file",
      accept: ".csv,.txt,text/csv",
      "aria-describedby": id,
      onchange: () => this.#take(this.control.files[0]),
    });
    this.box = h("label", { class: "drop" }, this.control, this.#name, this.#note);
    this.element = h("div", { class: "field" }, this.box, h("p", { class: "problem", id }));
    this.#listen();
  }

  #listen() {
    const over = (event) => {
      event.preventDefault();
      this.box.classList.toggle("over", event.type === "dragover");
    };
    this.box.addEventListener("dragover", over);
    this.box.addEventListener("dragleave", over);
    this.box.addEventListener("drop", (event) => {
      over(event);
      this.#take(event.dataTransfer.files[0]);
    });
  }

  #take(file) {
    if (!file) return; // the dialog was called off, or what was dropped is no file
    this.file = file;
    this.#name.textContent = file.name;
    this.#note.textContent = `${bytes(file.size)} · ${text("upload.another")}`;
    this.control.dispatchEvent(new Event("input", { bubbles: true })); // what was wrong is mended
    this.chosen(file);
  }
}
