// A small client of Signet's REST API: what an SDK does, in fifty lines.

export class SignetError extends Error {
  constructor(code, message, retryAfter = null) {
    super(message);
    this.code = code; // LeanCloud's number; -1 when nobody answered
    this.retryAfter = retryAfter; // seconds, or null
  }
}

export class Signet {
  constructor({ serverURL, appId, appKey }) {
    this.serverURL = serverURL;
    this.headers = { "Content-Type": "application/json", "X-LC-Id": appId, "X-LC-Key": appKey };
  }

  /** Sends a code. Resolves with nothing, rejects with a SignetError. */
  async requestSmsCode(mobilePhoneNumber) {
    await this.#post("/1.1/requestSmsCode", { mobilePhoneNumber });
  }

  /** Resolves when the code is right, and only once for each code. */
  async verifySmsCode(code, mobilePhoneNumber) {
    // A code is part of the path: whatever is not six digits must never get there.
    if (!/^\d{6}$/.test(code)) throw new SignetError(603, "Invalid SMS code.");
    await this.#post(`/1.1/verifySmsCode/${code}`, { mobilePhoneNumber });
  }

  async #post(path, body) {
    let reply;
    try {
      reply = await fetch(this.serverURL + path, {
        method: "POST",
        headers: this.headers,
        body: JSON.stringify(body),
      });
    } catch {
      throw new SignetError(-1, "No answer.");
    }
    const answer = await reply.json().catch(() => ({}));
    if (reply.ok && !("error" in answer)) return answer;
    const retryAfter = Number(reply.headers.get("Retry-After") ?? answer.retry_after);
    throw new SignetError(answer.code ?? -1, answer.error ?? reply.statusText, retryAfter || null);
  }
}
