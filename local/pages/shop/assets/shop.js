// The demo shop: asks for a code, counts down, verifies. Beside it the virtual phone, if any.

import { config } from "../config.js";
import { Captcha } from "./captcha.js";
import { Inbox } from "./inbox.js";
import { explain, hush, note } from "./notes.js";
import { Signet } from "./signet.js";
import { snippets } from "./snippets.js";
import { onLanguage, start, text } from "./texts.js";

// One message a minute goes to a number under one signature (limit B of LeanCloud).
const SEND_AGAIN_SECONDS = 60;
const CAPTCHA_MISSING = 608;
const NUMBER_WRONG = new Set([127, 212]);

start();

const signet = new Signet(config);
const captcha = new Captcha(signet);
const phoneField = document.getElementById("phone");
const codeField = document.getElementById("code");
const sendButton = document.getElementById("send-button");
const verifyButton = document.getElementById("verify-button");

for (const part of document.querySelectorAll("[data-local]")) part.hidden = !config.virtualPhone;
document.querySelector(".shop").classList.toggle("alone", !config.virtualPhone);
const inbox = config.virtualPhone
  ? new Inbox(document.getElementById("inbox"), { emptyText: "emptyShop" })
  : null;

onLanguage(() => {
  document.title = text("pageShop");
});

// --- Sending: one countdown for each number, since the limits are per number ---

const againAt = new Map();

function secondsLeft() {
  const left = ((againAt.get(phoneField.value.trim()) ?? 0) - Date.now()) / 1000;
  return Math.max(0, Math.ceil(left));
}

let sending = false;
let waiting = false;

function drawSendButton() {
  const seconds = secondsLeft();
  // The picture of before the countdown is over by now.
  if (waiting && !seconds) captcha.freshen();
  waiting = seconds > 0;
  sendButton.disabled = sending || waiting;
  if (sending) sendButton.textContent = text("sending");
  else sendButton.textContent = seconds ? text("sendAgainIn", { seconds }) : text("send");
}

async function send(phone) {
  sending = true;
  drawSendButton();
  hush("send-note");
  try {
    const proof = await captcha.prove();
    if (proof !== undefined) await sendProved(phone, proof);
  } finally {
    sending = false;
    drawSendButton();
    inbox?.refresh();
  }
}

async function sendProved(phone, proof) {
  try {
    await signet.requestSmsCode(phone, proof ?? undefined);
  } catch (error) {
    refused(error, phone);
    return;
  }
  againAt.set(phone, Date.now() + SEND_AGAIN_SECONDS * 1000);
  captcha.spent();
  note("send-note", "good", () => text("sent", { phone }));
  hush("verify-note");
  codeField.value = "";
  codeField.focus();
}

// What was proved is still good then, except for 608.
function refused(error, phone) {
  if (error.retryAfter) againAt.set(phone, Date.now() + error.retryAfter * 1000);
  if (error.code === CAPTCHA_MISSING) captcha.spent();
  note("send-note", "bad", explain(error));
  if (NUMBER_WRONG.has(error.code)) phoneField.select();
}

document.getElementById("send").addEventListener("submit", (event) => {
  event.preventDefault();
  const phone = phoneField.value.trim();
  if (!phone) {
    note("send-note", "bad", () => text("phoneMissing"));
    phoneField.focus();
  } else if (!sendButton.disabled) send(phone);
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

snippets(config);
