// Who sends is a person who reads a picture or hears a sound, or a browser that computes a while.

import { explain, hush, note } from "./notes.js";
import { accepted } from "./signet.js";
import { onLanguage, speech, text } from "./texts.js";

// The largest there is: the larger, the easier to read.
const PICTURE = { width: 200, height: 100 };
// A picture lives for a minute; who starts to answer gets one that lasts.
const STALE_MS = 35_000;
// What is proved lasts ten minutes.
const PROVED_MS = 9 * 60_000;
const NOTE = "captcha-note";
const [WRONG, SWITCHED_OFF] = [1, 119];

const at = (id) => document.getElementById(id);
const now = () => performance.now();

export class Captcha {
  constructor(signet) {
    this.signet = signet;
    this.challenge = null;
    this.off = false; // the app has no captchas
    this.proved = null; // a validate_token that is not spent yet, and until when it is good
    this.audio = new Audio();
    this.#listenToThePage();
    this.renew();
  }

  /** A validate_token; null where none is needed, undefined when there is none: that was said. */
  async prove() {
    if (this.off) return null;
    if (this.proved && now() < this.proved.until) return this.proved.token;
    try {
      const token = this.#method() === "work" ? await this.#work() : await this.#answer();
      if (token) this.#keep(token);
      return token;
    } catch (error) {
      this.#fail(error);
      return this.off ? null : undefined;
    }
  }

  /** What was proved was used up, or is not good any more. */
  spent() {
    this.proved = null;
    this.renew();
  }

  /** Another picture, and what was typed and heard of the last one is over. */
  async renew() {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    this.#stopSound();
    this.challenge = null;
    this.loadedAt = now();
    this.failed = false;
    at("answer").value = "";
    at("picture").classList.add("loading");
    this.#draw();
    try {
      const challenge = await this.signet.requestCaptcha(PICTURE);
      if (turn !== this.turn) return; // somebody asked again meanwhile
      this.challenge = challenge;
      this.off = false;
      this.loadedAt = now();
      at("picture-image").src = challenge.captcha_url;
    } catch (error) {
      if (turn === this.turn) this.#fail(error);
    }
    this.#draw();
  }

  /** Another picture if this one will not last, unless somebody is at it. */
  async freshen() {
    const busy = at("answer").value !== "" || !this.audio.paused || this.proved || this.off;
    if (!busy && this.challenge && now() - this.loadedAt > STALE_MS) await this.renew();
  }

  // --- By picture or sound ---

  async #answer() {
    const answer = at("answer").value.trim();
    if (!answer) {
      note(NOTE, "bad", () => text("answerMissing"));
      this.#askAgain();
      return undefined;
    }
    if (!this.challenge) {
      await this.renew();
      this.#askAgain();
      return undefined;
    }
    note(NOTE, "", () => text("checking"));
    return this.signet.verifyCaptcha(answer, this.challenge.captcha_token);
  }

  #askAgain() {
    at("answer").setAttribute("aria-invalid", "true");
    at("answer").focus();
  }

  async #listen() {
    if (!this.audio.paused) {
      this.#stopSound();
      hush(NOTE);
      return;
    }
    await this.freshen();
    if (!this.challenge) await this.renew();
    if (!this.challenge) return;
    at("listen").disabled = true;
    hush(NOTE);
    try {
      await this.#load(`${this.challenge.captcha_sound_url}&lang=${speech()}`);
      at("answer").focus();
      await this.audio.play();
      note(NOTE, "", () => text("listening"));
    } catch (error) {
      // Some browsers have forgotten by now that a button was pressed; the sound is here already.
      if (error.name === "NotAllowedError") note(NOTE, "", () => text("listenAgain"));
      else this.#fail(error);
    } finally {
      at("listen").disabled = false;
      this.#draw();
    }
  }

  // Fetched whole: some browsers play nothing that a server cannot give them in parts.
  async #load(address) {
    if (this.soundOf === address) return;
    const reply = await fetch(address);
    if (!reply.ok) await accepted(reply);
    URL.revokeObjectURL(this.audio.src);
    this.audio.src = URL.createObjectURL(await reply.blob());
    this.soundOf = address;
  }

  #stopSound() {
    this.audio.pause();
    this.audio.currentTime = 0;
  }

  // --- By work ---

  async #work() {
    this.working = new AbortController();
    at("progress").value = 0;
    note(NOTE, "", () => text("working"));
    this.#draw();
    try {
      return await this.signet.work({
        signal: this.working.signal,
        onProgress: (done) => {
          at("progress").value = done;
        },
      });
    } catch (error) {
      if (!this.working.signal.aborted) throw error;
      note(NOTE, "", () => text("cancelled"));
      return undefined;
    } finally {
      this.working = null;
      this.#draw();
    }
  }

  // --- What is seen ---

  #method() {
    return document.querySelector("[name=method]:checked").value;
  }

  #keep(token) {
    this.proved = { token, until: now() + PROVED_MS };
    this.#stopSound();
    hush(NOTE);
    this.#draw();
  }

  #fail(error) {
    if (error.code === SWITCHED_OFF) {
      this.off = true;
      note(NOTE, "", () => text("captchaOff"));
      this.#draw();
    } else if (error.code === WRONG && !error.retryAfter && this.#method() === "picture") {
      note(NOTE, "bad", () => text("answerWrong"));
      this.renew();
      this.#askAgain();
    } else {
      this.failed = true;
      note(NOTE, "bad", explain(error));
      this.#draw();
    }
  }

  #draw() {
    const open = !this.off && !this.proved;
    at("choices").hidden = !open;
    at("by-picture").hidden = !open || this.#method() !== "picture";
    at("by-work").hidden = !open || this.#method() !== "work";
    at("solved").hidden = !this.proved;
    at("working").hidden = !this.working;
    at("picture").classList.toggle("failed", this.failed);
    at("listen").textContent = text(this.audio.paused ? "listen" : "stop");
  }

  #listenToThePage() {
    at("picture").addEventListener("click", () => this.#another());
    at("another").addEventListener("click", () => this.#another());
    at("listen").addEventListener("click", () => this.#listen());
    at("cancel").addEventListener("click", () => this.working?.abort());
    at("answer").addEventListener("focus", () => this.freshen());
    at("answer").addEventListener("input", () => at("answer").removeAttribute("aria-invalid"));
    at("choices").addEventListener("change", () => {
      this.#stopSound();
      hush(NOTE);
      this.#draw();
    });
    at("picture-image").addEventListener("load", () => at("picture").classList.remove("loading"));
    at("picture-image").addEventListener("error", () => {
      this.failed = true;
      at("picture").classList.remove("loading");
      note(NOTE, "bad", () => text("pictureGone"));
      this.#draw();
    });
    for (const event of ["play", "pause", "ended"]) {
      this.audio.addEventListener(event, () => this.#draw());
    }
    this.audio.addEventListener("ended", () => hush(NOTE));
    document.addEventListener("visibilitychange", () => document.hidden || this.freshen());
    onLanguage(() => this.#draw());
  }

  async #another() {
    hush(NOTE);
    await this.renew();
  }
}
