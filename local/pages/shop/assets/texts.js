// What the pages say, in Chinese and English, and the switch between the two.

const TEXTS = {
  zh: {
    tag: "本地环境",
    switchTo: "English",
    openPhone: "虚拟手机",
    openShop: "示例商城",
    openConsole: "控制台",
    pageShop: "示例商城 · Signet",
    pagePhone: "虚拟手机 · Signet",
    shopTitle: "示例商城",
    shopIntro: "收一条验证码，登录后下单。短信不会真的发出，本页的虚拟手机会收到它。",
    phone: "手机号",
    send: "获取验证码",
    sending: "正在发送…",
    sendAgainIn: "{seconds} 秒后重发",
    sent: "已发送到 {phone}，请看虚拟手机。",
    code: "验证码",
    verify: "验证",
    verifying: "正在验证…",
    verified: "验证成功，欢迎光临！",
    handsetTitle: "虚拟手机",
    allMessages: "全部短信",
    developerTitle: "接入你的应用",
    developerIntro: "把 LeanCloud SDK 的 serverURL 指到这里，其余代码不变。",
    testPhone: "测试号码",
    copy: "复制",
    copied: "已复制",
    phoneTitle: "虚拟手机",
    phoneIntro: "发往任何号码的短信都会出现在这里，没有一条会真的发出。",
    readAll: "全部标为已读",
    unread: "{count} 条未读",
    unreadMark: "未读",
    copyCode: "复制验证码 {code}",
    emptyTitle: "还没有短信",
    emptyShop: "填好手机号，点「获取验证码」，短信会出现在这里。",
    emptyPhone: "到示例商城发一条验证码，或者运行首页上的 curl 命令。",
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
    unauthorized: "应用的 id 或 key 不对。",
    noAnswer: "服务没有响应，请确认 make run 还在运行。",
    other: "服务拒绝了请求：{error}（{code}）",
  },
  en: {
    tag: "local",
    switchTo: "中文",
    openPhone: "Virtual phone",
    openShop: "Sample shop",
    openConsole: "Console",
    pageShop: "Sample shop · Signet",
    pagePhone: "Virtual phone · Signet",
    shopTitle: "Sample shop",
    shopIntro:
      "Get a code, sign in, order. No text message leaves this machine: the virtual phone gets it.",
    phone: "Phone number",
    send: "Send code",
    sending: "Sending…",
    sendAgainIn: "Again in {seconds} s",
    sent: "Sent to {phone}. Look at the virtual phone.",
    code: "Code",
    verify: "Verify",
    verifying: "Verifying…",
    verified: "Verified. Welcome!",
    handsetTitle: "Virtual phone",
    allMessages: "All messages",
    developerTitle: "Connect your app",
    developerIntro: "Point a LeanCloud SDK's serverURL here; nothing else changes.",
    testPhone: "test phone",
    copy: "Copy",
    copied: "Copied",
    phoneTitle: "Virtual phone",
    phoneIntro: "Messages to any number appear here. None of them leaves this machine.",
    readAll: "Mark all as read",
    unread: "{count} unread",
    unreadMark: "unread",
    copyCode: "Copy code {code}",
    emptyTitle: "No messages yet",
    emptyShop: "Enter a phone number and press “Send code”: the message appears here.",
    emptyPhone: "Send a code from the sample shop, or run the curl command on the first page.",
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
    unauthorized: "The app's id or key is wrong.",
    noAnswer: "The server does not answer. Is make run still running?",
    other: "The server refused: {error} ({code})",
  },
};

const listeners = [];
let language =
  localStorage.getItem("signet.language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");

/** The text of that name, with {placeholders} filled in. */
export function text(name, values = {}) {
  return TEXTS[language][name].replace(/\{(\w+)\}/g, (_, key) => String(values[key]));
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
