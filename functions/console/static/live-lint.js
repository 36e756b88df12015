// The linter while somebody types: asked when they pause, never answered out of order.

import { ApiError } from "./api.js";
import { moved, placed } from "./findings.js";

const PAUSE_MS = 250;

export class LiveLint {
  #timer = null;
  #running = null;
  #text = "";
  #findings = [];
  #reply = null;

  /**
   * `ask(text, signal)` resolves with the server's reply; `draw({text, findings, reply, state, error})`
   * is called whenever something changes. `state` is empty, busy, done or failed; `error` says why
   * it failed.
   */
  constructor(control, { ask, draw }) {
    this.control = control;
    this.ask = ask;
    this.draw = draw;
    control.addEventListener("input", () => this.again());
  }

  /** What is known of the text as it stands, placed in it. */
  get findings() {
    return this.#findings;
  }

  /** Something changed: asks soon, and shows meanwhile what surely still holds. */
  again({ atOnce = false } = {}) {
    const text = this.control.value;
    this.#findings = moved(this.#findings, this.#text, text);
    this.#text = text;
    clearTimeout(this.#timer);
    this.#running?.abort();
    if (!text.trim()) {
      this.#findings = [];
      this.#reply = null;
      return this.#show("empty");
    }
    this.#timer = setTimeout(() => this.#look(text), atOnce ? 0 : PAUSE_MS);
    return this.#show("busy");
  }

  /** Takes findings that came another way: with a refused submission. */
  take(findings) {
    this.#text = this.control.value;
    this.#findings = placed(this.#text, findings);
    this.#show("done");
  }

  async #look(text) {
    const running = new AbortController();
    this.#running = running;
    try {
      this.#reply = await this.ask(text, running.signal);
    } catch (error) {
      if (running.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error; // a mistake of ours
      // The next pause asks again, and a submission is checked by the server in any case.
      this.#show("failed", error);
      return;
    }
    if (running.signal.aborted) return;
    this.#findings = placed(text, this.#reply.findings);
    this.#show("done");
  }

  #show(state, error = null) {
    this.draw({ text: this.#text, findings: this.#findings, reply: this.#reply, state, error });
  }
}
