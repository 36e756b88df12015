// The demo shop: asks for a code, counts down, verifies. Beside it the virtual phone.

import { Inbox } from "./inbox.js";
import { Signet } from "./signet.js";
import { copy, onLanguage, start, text, wait } from "./texts.js";

// One message a minute goes to a number under one signature (limit B of LeanCloud).
const SEND_AGAIN_SECONDS = 60;

const signet = new Signet({
  serverURL: location.origin,
  appId: "signet-demo-app",
  appKey: "signet-demo-key",
});

start();

const phoneField = document.getElementById("phone");
const codeField = document.getElementById("code");
const sendButton = document.getElementById("send-button");
const verifyButton = document.getElementById("verify-button");
const inbox = new Inbox(document.getElementById("inbox"), { emptyText: "emptyShop" });

// What a note says is kept as a function, so that the language switch can say it again.
const notes = new Map();

function note(id, kind, say) {
  notes.set(id, say);
  const place = document.getElementById(id);
  place.className = `note ${kind}`;
  place.textContent = say();
}

onLanguage(() => {
  document.title = text("pageShop");
  for (const [id, say] of notes) document.getElementById(id).textContent = say();
});

function explain(error) {
  const waiting = () => wait(error.retryAfter);
  if (error.code === -1) return () => text("noAnswer");
  if (error.retryAfter && error.code === 1) return () => text("tooFast", { wait: waiting() });
  if (error.retryAfter) return () => text("tooOften", { wait: waiting() });
  if (error.code === 1 && /international/i.test(error.message)) return () => text("international");
  const known = {
    127: "phoneInvalid",
    212: "phoneMissing",
    401: "unauthorized",
    603: "codeInvalid",
  }[error.code];
  if (known) return () => text(known);
  return () => text("other", { error: error.message, code: error.code });
}

// --- Sending: one countdown for each number, since the limits are per number ---

const againAt = new Map();

function secondsLeft() {
  const left = ((againAt.get(phoneField.value.trim()) ?? 0) - Date.now()) / 1000;
  return Math.max(0, Math.ceil(left));
}

let sending = false;

function drawSendButton() {
  const seconds = secondsLeft();
  sendButton.disabled = sending || seconds > 0;
  if (sending) sendButton.textContent = text("sending");
  else sendButton.textContent = seconds ? text("sendAgainIn", { seconds }) : text("send");
}

async function send(phone) {
  sending = true;
  drawSendButton();
  try {
    await signet.requestSmsCode(phone);
    againAt.set(phone, Date.now() + SEND_AGAIN_SECONDS * 1000);
    note("send-note", "good", () => text("sent", { phone }));
    note("verify-note", "", () => "");
    codeField.value = "";
    codeField.focus();
  } catch (error) {
    if (error.retryAfter) againAt.set(phone, Date.now() + error.retryAfter * 1000);
    note("send-note", "bad", explain(error));
  } finally {
    sending = false;
    drawSendButton();
    inbox.refresh();
  }
}

document.getElementById("send").addEventListener("submit", (event) => {
  event.preventDefault();
  const phone = phoneField.value.trim();
  if (!phone) note("send-note", "bad", () => text("phoneMissing"));
  else if (!sendButton.disabled) send(phone);
});
phoneField.addEventListener("input", drawSendButton);
setInterval(drawSendButton, 500);
onLanguage(drawSendButton);

// --- Verifying ---

async function verify(code, phone) {
  verifyButton.disabled = true;
  note("verify-note", "", () => text("verifying"));
  try {
    await signet.verifySmsCode(code, phone);
    note("verify-note", "good", () => text("verified"));
  } catch (error) {
    note("verify-note", "bad", explain(error));
    codeField.select();
  } finally {
    verifyButton.disabled = false;
  }
}

document.getElementById("verify").addEventListener("submit", (event) => {
  event.preventDefault();
  const code = codeField.value.replace(/\s/g, "");
  if (!/^\d{6}$/.test(code)) note("verify-note", "bad", () => text("codeMissing"));
  else verify(code, phoneField.value.trim());
});

// --- For developers ---

document.getElementById("server-url").textContent = location.origin;
const curl = `curl -X POST ${location.origin}/1.1/requestSmsCode \\
  -H 'X-LC-Id: signet-demo-app' -H 'X-LC-Key: signet-demo-key' \\
  -H 'Content-Type: application/json' \\
  -d '{"mobilePhoneNumber": "18612345678"}'`;
document.getElementById("curl").textContent = curl;
const copyCurl = document.getElementById("copy-curl");
copyCurl.addEventListener("click", () => copy(copyCurl, curl));
