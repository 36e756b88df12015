// A small client of Signet's REST API: what an SDK does, in seventy lines.

export class SignetError extends Error {
  constructor(code, message, retryAfter = null) {
    super(message);
    this.code = code; // LeanCloud's number; -1 when nobody answered
    this.retryAfter = retryAfter; // seconds, or null
  }
}

export class Signet {
  constructor({ serverURL, appId, appKey }) {
    this.serverURL = serverURL.replace(/\/+$/, "");
    this.app = { appId, appKey };
  }

  /** A picture to read, and a sound to hear: captcha_token, captcha_url, captcha_sound_url. */
  requestCaptcha({ width, height }) {
    return this.#call("GET", `/1.1/requestCaptcha?width=${width}&height=${height}`);
  }

  /** The validate_token of a right answer. */
  async verifyCaptcha(captcha_code, captcha_token) {
    const body = { captcha_code, captcha_token };
    return (await this.#call("POST", "/1.1/verifyCaptcha", body)).validate_token;
  }

  /** The validate_token of work that this browser does. */
  async work({ onProgress, signal }) {
    const { serverURL, app } = this;
    await import(`${serverURL}/1.1/proofOfWork.js`).catch((error) => {
      throw new SignetError(-1, error.message);
    });
    return globalThis.SignetProofOfWork.solve({ serverURL, ...app, onProgress, signal });
  }

  /** Sends a code. */
  async requestSmsCode(mobilePhoneNumber, validate_token) {
    await this.#call("POST", "/1.1/requestSmsCode", { mobilePhoneNumber, validate_token });
  }

  /** Resolves when the code is right, and only once for each code. */
  async verifySmsCode(code, mobilePhoneNumber) {
    // A code is part of the path: whatever is not six digits must never get there.
    if (!/^\d{6}$/.test(code)) throw new SignetError(603, "Invalid SMS code.");
    await this.#call("POST", `/1.1/verifySmsCode/${code}`, { mobilePhoneNumber });
  }

  /** What was answered; rejects with a SignetError. */
  async #call(method, path, body) {
    const headers = {
      "Content-Type": "application/json",
      "X-LC-Id": this.app.appId,
      "X-LC-Key": this.app.appKey,
    };
    let reply;
    try {
      reply = await fetch(this.serverURL + path, { method, headers, body: JSON.stringify(body) });
    } catch {
      throw new SignetError(-1, "No answer.");
    }
    return accepted(reply);
  }
}

/** The JSON of a reply that says yes; else throws a SignetError. */
export async function accepted(reply) {
  const answer = await reply.json().catch(() => ({}));
  if (reply.ok && !("error" in answer)) return answer;
  const retryAfter = Number(reply.headers.get("Retry-After") ?? answer.retry_after);
  // Code 1 says many things; of a server in trouble it must not be taken for a wrong answer.
  const code = reply.status < 500 ? (answer.code ?? -1) : -1;
  throw new SignetError(code, answer.error ?? reply.statusText, retryAfter || null);
}
