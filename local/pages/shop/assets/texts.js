// What the pages say, in Chinese and English, and the switch between the two. A text …Hosted is said
// in the place of the other where there is no virtual phone.

import { config } from "../config.js";

const TEXTS = {
  zh: {
    tag: "本地环境",
    switchTo: "English",
    openPhone: "虚拟手机",
    openShop: "示例商城",
    openConsole: "控制台",
    pageShop: "示例商城 · Signet",
    shopTitle: "示例商城",
    shopIntro: "收一条验证码，登录后下单。短信不会真的发出，本页的虚拟手机会收到它。",
    shopIntroHosted: "收一条验证码，登录后下单。",
    phone: "手机号",
    human: "真人验证",
    byPicture: "图形验证码",
    byWork: "无感验证",
    answer: "图中的字符，或听到的数字",
    pictureAlt: "图形验证码。看不清可以点它换一张，或者点「听一听」听六位数字。",
    another: "换一张",
    listen: "听一听",
    stop: "停止播放",
    listenAgain: "声音准备好了，请再点一次「听一听」。",
    listening: "正在播放六位数字，听到后填在上面。",
    answerMissing: "请填写图中的字符，或者听一听再填数字。",
    answerWrong: "不对，或者已经过期。换了一张，请再试一次。",
    checking: "正在核对…",
    pictureGone: "图片没有加载出来，请点「换一张」，或者用「听一听」。",
    captchaOff: "这个应用没有开通图形验证码服务，直接发送即可。",
    workIntro: "不用填写：发送时，这个浏览器会算一道题，证明不是群发程序。",
    working: "正在计算…",
    cancel: "取消",
    cancelled: "已取消，没有发送。",
    solved: "验证已通过，可以直接发送。",
    send: "获取验证码",
    sending: "正在发送…",
    sendAgainIn: "{seconds} 秒后重发",
    sent: "已发送到 {phone}，请看虚拟手机。",
    sentHosted: "已发送到 {phone}。",
    code: "短信验证码",
    verify: "验证",
    verifying: "正在验证…",
    verified: "验证成功，欢迎光临！",
    handsetTitle: "虚拟手机",
    allMessages: "全部短信",
    developerTitle: "接入你的应用",
    developerIntro: "把 LeanCloud SDK 的 serverURL 指到这里，其余代码不变。",
    curlTitle: "发送验证码",
    curlCaptchaTitle: "先过图形验证码，再发送",
    curlCaptchaIntro: "本地环境会告诉你答案；部署后由用户看图或听数字。",
    curlCaptchaIntroHosted: "打开打印出来的 captcha_url，看图后输入答案。",
    workTitle: "无感验证",
    workCodeIntro: "不想让用户看图时，换来的 validate_token 一样用。",
    testPhone: "测试号码",
    copy: "复制",
    copied: "已复制",
    unread: "{count} 条未读",
    unreadMark: "未读",
    copyCode: "复制验证码 {code}",
    emptyTitle: "还没有短信",
    emptyShop: "填好手机号，点「获取验证码」，短信会出现在这里。",
    goneTitle: "连不上本地服务",
    gone: "它可能已经停止。运行 make run 重新启动，本页会自动恢复。",
    verification: "验证码",
    notification: "通知",
    marketing: "营销",
    segments: "计 {count} 条",
    tooFast: "发送太快了，请在 {wait}后再试。",
    tooOften: "这个号码发送得太频繁了，请在 {wait}后再试。",
    waitSeconds: "{seconds} 秒",
    waitMinutes: "{minutes} 分钟",
    waitHours: "{hours} 小时",
    phoneMissing: "请填写手机号。",
    phoneInvalid: "这不是有效的手机号。",
    international: "这个应用没有开通国际短信，请用中国大陆的号码。",
    codeMissing: "请填写 6 位数字验证码。",
    codeInvalid: "验证码不正确，或者已经用过、已过期。",
    captchaNeeded: "这个应用要求先通过验证，请再验证一次。",
    switchedOff: "这个应用没有开通短信服务。",
    noMoney: "应用的余额或当天限额不够，没有发送。",
    noSignature: "这个应用还没有审核通过的短信签名。",
    unauthorized: "应用的 id 或 key 不对。",
    noAnswer: "服务没有响应，请确认 make run 还在运行。",
    noAnswerHosted: "服务没有响应，请稍后再试。",
    other: "服务拒绝了请求：{error}（{code}）",
  },
  en: {
    tag: "local",
    switchTo: "中文",
    openPhone: "Virtual phone",
    openShop: "Sample shop",
    openConsole: "Console",
    pageShop: "Sample shop · Signet",
    shopTitle: "Sample shop",
    shopIntro:
      "Get a code, sign in, order. No text message leaves this machine: the virtual phone gets it.",
    shopIntroHosted: "Get a code, sign in, order.",
    phone: "Phone number",
    human: "Are you human?",
    byPicture: "Picture",
    byWork: "Invisible",
    answer: "Characters you see, or digits you hear",
    pictureAlt: "Picture captcha. Press for another one, or use “Listen” to hear six digits.",
    another: "New picture",
    listen: "Listen",
    stop: "Stop",
    listenAgain: "The sound is ready: press “Listen” once more.",
    listening: "Six digits are being read out: type them above.",
    answerMissing: "Type the characters of the picture, or listen and type the digits.",
    answerWrong: "Wrong, or too late. Here is another picture: try again.",
    checking: "Checking…",
    pictureGone: "The picture did not load: press “New picture”, or “Listen”.",
    captchaOff: "This app has captchas switched off: just send.",
    workIntro: "Nothing to type: this browser solves a small puzzle when you send.",
    working: "Computing…",
    cancel: "Cancel",
    cancelled: "Cancelled. Nothing was sent.",
    solved: "That was right: you can send.",
    send: "Send code",
    sending: "Sending…",
    sendAgainIn: "Again in {seconds} s",
    sent: "Sent to {phone}. Look at the virtual phone.",
    sentHosted: "Sent to {phone}.",
    code: "Code from the message",
    verify: "Verify",
    verifying: "Verifying…",
    verified: "Verified. Welcome!",
    handsetTitle: "Virtual phone",
    allMessages: "All messages",
    developerTitle: "Connect your app",
    developerIntro: "Point a LeanCloud SDK's serverURL here; nothing else changes.",
    curlTitle: "Send a code",
    curlCaptchaTitle: "Solve a captcha first, then send",
    curlCaptchaIntro: "The local stack tells the answer; in a deployment somebody looks or listens.",
    curlCaptchaIntroHosted: "Open the captcha_url that is printed, look at the picture, type the answer.",
    workTitle: "Invisible",
    workCodeIntro: "For those who would rather not show pictures; its validate_token works the same.",
    testPhone: "test phone",
    copy: "Copy",
    copied: "Copied",
    unread: "{count} unread",
    unreadMark: "unread",
    copyCode: "Copy code {code}",
    emptyTitle: "No messages yet",
    emptyShop: "Enter a phone number and press “Send code”: the message appears here.",
    goneTitle: "The local stack does not answer",
    gone: "It may have stopped. Start it with make run; this page recovers by itself.",
    verification: "code",
    notification: "notification",
    marketing: "marketing",
    segments: "segments: {count}",
    tooFast: "That was too fast. Try again in {wait}.",
    tooOften: "Too many messages to this number. Try again in {wait}.",
    waitSeconds: "{seconds} s",
    waitMinutes: "{minutes} min",
    waitHours: "{hours} h",
    phoneMissing: "Enter a phone number.",
    phoneInvalid: "This is not a valid phone number.",
    international: "This app sends no international messages: use a +86 number.",
    codeMissing: "Enter the six digits of the code.",
    codeInvalid: "Wrong code, or one that is used or expired.",
    captchaNeeded: "This app wants a captcha with every send: please solve one again.",
    switchedOff: "This app has SMS switched off.",
    noMoney: "The app's balance or its cap for the day is used up: nothing was sent.",
    noSignature: "This app has no approved signature yet.",
    unauthorized: "The app's id or key is wrong.",
    noAnswer: "The server does not answer. Is make run still running?",
    noAnswerHosted: "The server does not answer. Try again later.",
    other: "The server refused: {error} ({code})",
  },
};

const listeners = [];
let language =
  localStorage.getItem("signet.language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");

/** The text of that name, with {placeholders} filled in. */
export function text(name, values = {}) {
  const texts = TEXTS[language];
  const said = (!config.virtualPhone && texts[`${name}Hosted`]) || texts[name];
  return said.replace(/\{(\w+)\}/g, (_, key) => String(values[key]));
}

/** Adds a page's own texts, by language and name; they go before those of the same name here. */
export function extend(more) {
  for (const [name, texts] of Object.entries(more)) Object.assign(TEXTS[name], texts);
}

/** "42 s", "3 min", "5 h": never less than there is. */
export function wait(seconds) {
  if (seconds < 120) return text("waitSeconds", { seconds });
  if (seconds < 7200) return text("waitMinutes", { minutes: Math.ceil(seconds / 60) });
  return text("waitHours", { hours: Math.ceil(seconds / 3600) });
}

/** The locale for dates. */
export function locale() {
  return language === "zh" ? "zh-CN" : "en-GB";
}

/** The language that sounds are asked for in: "zh" or "en". */
export function speech() {
  return language;
}

/** Calls back now and whenever the language changes. */
export function onLanguage(callback) {
  listeners.push(callback);
  callback();
}

function apply() {
  document.documentElement.lang = locale();
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = text(element.dataset.text);
  }
  for (const element of document.querySelectorAll("[data-alt]")) {
    element.alt = text(element.dataset.alt);
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", text(element.dataset.label));
  }
  const button = document.getElementById("language");
  button.textContent = text("switchTo");
  button.lang = language === "zh" ? "en" : "zh-CN";
}

/** Fills in the page's texts and makes its language button work. */
export function start() {
  document.getElementById("language").addEventListener("click", () => {
    language = language === "zh" ? "en" : "zh";
    localStorage.setItem("signet.language", language);
    for (const callback of listeners) callback();
  });
  listeners.unshift(apply);
  apply();
}

/** Copies, and says so on the button for a moment. */
export async function copy(button, content) {
  try {
    await navigator.clipboard.writeText(content);
  } catch {
    return; // no permission: the text is still there to be selected
  }
  if (button.textContent === text("copied")) return;
  const before = button.textContent;
  button.textContent = text("copied");
  setTimeout(() => {
    button.textContent = before;
  }, 1200);
}
