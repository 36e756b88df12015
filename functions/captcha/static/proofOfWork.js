// Proof of work for Signet: what a computer does where a person would read a picture.
//
//   <script src="https://sms.example.com/1.1/proofOfWork.js"></script>      or import "…";
//
//   const validateToken = await SignetProofOfWork.solve({
//     appId, appKey,                  serverURL: where this script came from, unless it is given
//     onProgress: (done) => {},       0 to 1
//     signal,                         an AbortSignal, which ends the work
//   });
//
// It rejects with an Error: `code` is LeanCloud's number, or -1 when nobody answered, `retryAfter`
// the seconds to wait, or null; after an abort it is the signal's reason. The work is done in a
// worker; where the page's policy forbids workers of blobs, here and in slices.
// `SignetProofOfWork.work(challenge, options)` is the work alone, for those who ask by themselves.

(() => {
  "use strict";

  const SLICE_MS = 12;
  const TRIES = 500; // less than a millisecond

  // A worker gets this function as its source, so it uses nothing from outside.
  function makeHashing() {
    // prettier-ignore
    const K = new Int32Array([
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
      0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
      0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
      0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
      0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
      0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
      0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ]);
    // prettier-ignore
    const FIRST = new Int32Array([
      0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    ]);
    const BLOCK = 64;
    const LENGTH = 8; // bytes of the length at the end of the last block
    const words = new Int32Array(64);
    const state = new Int32Array(8);

    /** Takes the block at `offset` into `state` (FIPS 180-4, 6.2.2). */
    function compress(view, offset) {
      const w = words;
      for (let i = 0; i < 16; i++) w[i] = view.getInt32(offset + 4 * i);
      for (let i = 16; i < 64; i++) {
        const x = w[i - 15];
        const y = w[i - 2];
        const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
        const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
        w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
      }
      let a = state[0];
      let b = state[1];
      let c = state[2];
      let d = state[3];
      let e = state[4];
      let f = state[5];
      let g = state[6];
      let h = state[7];
      for (let i = 0; i < 64; i++) {
        const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
        const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
        const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
        const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        h = g;
        g = f;
        f = e;
        e = (d + t1) | 0;
        d = c;
        c = b;
        b = a;
        a = (t1 + t2) | 0;
      }
      state[0] += a;
      state[1] += b;
      state[2] += c;
      state[3] += d;
      state[4] += e;
      state[5] += f;
      state[6] += g;
      state[7] += h;
    }

    /** The text in whole blocks, with what SHA-256 puts behind it. */
    function padded(text) {
      const bytes = new TextEncoder().encode(text);
      const whole = Math.ceil((bytes.length + 1 + LENGTH) / BLOCK) * BLOCK;
      const message = new Uint8Array(whole);
      message.set(bytes);
      message[bytes.length] = 0x80;
      new DataView(message.buffer).setUint32(whole - 4, bytes.length * 8);
      return message;
    }

    /** The digest in hexadecimal digits. */
    function sha256(text) {
      const message = padded(text);
      const view = new DataView(message.buffer);
      state.set(FIRST);
      for (let at = 0; at < message.length; at += BLOCK) compress(view, at);
      return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
    }

    const TAIL_DIGITS = 5;
    const TAILS = 10 ** TAIL_DIGITS;

    // A number is a head and a tail of digits. The head fills a block, when there is one that
    // does, so that a hash is one block and not two; more than 16 digits would be no number.
    function headDigits(prefix) {
      const missing = BLOCK - (prefix.length % BLOCK);
      return missing >= 4 && missing <= 11 ? missing : 8;
    }

    /** All messages that begin the same; `try` says whether a tail's hash begins with zeros. */
    function messages(beginning, bits) {
      const message = padded(beginning + "0".repeat(TAIL_DIGITS));
      const view = new DataView(message.buffer);
      const fixed = beginning.length - (beginning.length % BLOCK);
      state.set(FIRST);
      for (let at = 0; at < fixed; at += BLOCK) compress(view, at);
      const middle = state.slice();
      return (tail) => {
        let digits = tail;
        for (let at = beginning.length + TAIL_DIGITS - 1; at >= beginning.length; at--) {
          const rest = (digits / 10) | 0;
          message[at] = 48 + digits - 10 * rest;
          digits = rest;
        }
        state.set(middle);
        for (let at = fixed; at < message.length; at += BLOCK) compress(view, at);
        return state[0] >>> (32 - bits) === 0;
      };
    }

    /** A function that tries `tries` numbers more and returns the one that does it, or null. */
    function searcher({ token, bits }, part) {
      const prefix = `${token}.${part}.`;
      let head = 10 ** (headDigits(prefix) - 1);
      let tail = 0;
      let fits = messages(prefix + head, bits);
      return (tries) => {
        for (let left = tries; left > 0; left--) {
          if (tail === TAILS) {
            head += 1;
            tail = 0;
            fits = messages(prefix + head, bits);
          }
          if (fits(tail)) return head * TAILS + tail;
          tail += 1;
        }
        return null;
      };
    }

    return { sha256, searcher };
  }

  // The rest of the worker's source.
  function workerMain(hashing) {
    self.onmessage = ({ data: challenge }) => {
      for (let part = 0; part < challenge.parts; part++) {
        const search = hashing.searcher(challenge, part);
        self.postMessage(search(Infinity));
      }
    };
  }

  const hashing = makeHashing();

  /** The solution of a challenge from requestProofOfWork: one number for each part. */
  async function work(challenge, { onProgress = () => {}, signal } = {}) {
    signal?.throwIfAborted();
    const solution = await workElsewhere(challenge, onProgress, signal);
    return solution ?? workHere(challenge, onProgress, signal);
  }

  /** Resolves with null where there are no workers for us. */
  function workElsewhere(challenge, onProgress, signal) {
    const source = `(${workerMain})((${makeHashing})());`;
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    let worker;
    let abort;
    const done = new Promise((resolve, reject) => {
      const solution = [];
      abort = () => reject(signal.reason);
      signal?.addEventListener("abort", abort);
      worker = new Worker(address);
      worker.onerror = (event) => {
        event.preventDefault();
        resolve(null);
      };
      worker.onmessage = ({ data: counter }) => {
        solution.push(counter);
        onProgress(solution.length / challenge.parts);
        if (solution.length === challenge.parts) resolve(solution);
      };
      worker.postMessage(challenge);
    });
    return done
      .catch((error) => {
        // A policy that forbids the worker is said at once by some browsers, by others later.
        if (worker) throw error;
        return null;
      })
      .finally(() => {
        signal?.removeEventListener("abort", abort);
        worker?.terminate();
        URL.revokeObjectURL(address);
      });
  }

  /** In slices, between which the page lives on. */
  async function workHere(challenge, onProgress, signal) {
    const solution = [];
    let end = performance.now() + SLICE_MS;
    for (let part = 0; part < challenge.parts; part++) {
      const search = hashing.searcher(challenge, part);
      let counter = search(TRIES);
      while (counter === null) {
        if (performance.now() > end) {
          await new Promise((resolve) => setTimeout(resolve));
          signal?.throwIfAborted();
          end = performance.now() + SLICE_MS;
        }
        counter = search(TRIES);
      }
      solution.push(counter);
      onProgress(solution.length / challenge.parts);
    }
    return solution;
  }

  function refusal(code, message, retryAfter = null) {
    return Object.assign(new Error(message), { code, retryAfter });
  }

  // Not the script of an import: that has no element, and who imports names the server.
  const home = globalThis.document?.currentScript?.src.replace(/\/1\.1\/proofOfWork\.js.*$/, "");

  /** Asks for work, does it, and resolves with the validate_token. */
  async function solve({ serverURL = home, appId, appKey, onProgress, signal }) {
    const headers = { "X-LC-Id": appId, "X-LC-Key": appKey, "Content-Type": "application/json" };
    async function call(path, options) {
      const address = `${serverURL.replace(/\/+$/, "")}/1.1/${path}`;
      const reply = await fetch(address, { headers, signal, ...options }).catch((error) => {
        signal?.throwIfAborted();
        throw refusal(-1, error.message);
      });
      const answer = await reply.json().catch(() => ({}));
      if (reply.ok && !("error" in answer)) return answer;
      throw refusal(answer.code ?? -1, answer.error ?? reply.statusText, answer.retry_after);
    }
    const challenge = await call("requestProofOfWork");
    const solution = await work(challenge, { onProgress, signal });
    const body = JSON.stringify({ token: challenge.token, solution });
    return (await call("verifyProofOfWork", { method: "POST", body })).validate_token;
  }

  globalThis.SignetProofOfWork = { solve, work, sha256: hashing.sha256 };
})();
