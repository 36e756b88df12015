// What became of one message, for whoever has the link. The link's token stands after the #.

import { ApiError, get } from "./api.js";
import { h } from "./dom.js";
import { button, card, copyable, explain, facts, heading, notice, when } from "./parts.js";
import { advice, stateBadge, timeline } from "./timeline.js";
import { locale, spoken, switchLanguage, text } from "./texts.js";

const main = document.getElementById("main");
const language = document.getElementById("language");

let shown = () => []; // makes the page's nodes anew, in the language of the moment

function draw(nodes) {
  shown = nodes;
  document.documentElement.lang = locale();
  language.textContent = text("language.other");
  language.lang = locale() === "zh-CN" ? "en" : "zh-CN";
  main.replaceChildren(...nodes().flat(Infinity).filter(Boolean));
  document.title = `${main.querySelector("h1")?.textContent ?? text("loading")} · Signet`;
}

async function load() {
  const token = location.hash.slice(1);
  draw(() => [h("p", { class: "soft", role: "status" }, text("loading"))]);
  if (!token) return draw(() => refused("shared.wrong", "shared.wrongBody"));
  try {
    const message = await get(["shared"], { headers: { Authorization: `Bearer ${token}` } });
    return draw(() => whole(message));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status !== 404) return draw(() => failed(error));
    return draw(() =>
      isOver(token)
        ? refused("shared.expired", "shared.expiredBody")
        : refused("shared.wrong", "shared.wrongBody"),
    );
  }
}

/** Whether a link says of itself that its time is over. The server does not tell strangers. */
function isOver(token) {
  try {
    const said = atob(token.split(".")[0].replaceAll("-", "+").replaceAll("_", "/"));
    return JSON.parse(said).expires * 1000 <= Date.now();
  } catch {
    return false; // it was cut off or altered
  }
}

function whole(message) {
  return [
    heading(text("shared.title", { app: message.app }), { lead: text("shared.lead") }),
    card(null, h("div", { class: "line" }, stateBadge(message.state), message.phone), told(message)),
    advice(message.advice) && card(text("advice.title"), advice(message.advice)),
    card(text("record.timeline"), timeline(message.timeline)),
    h(
      "p",
      { class: "soft" },
      text("shared.until"),
      " ",
      when(message.expires_at),
      text("shared.beijing"),
    ),
  ];
}

function told(message) {
  return facts([
    [text("records.time"), when(message.created_at)],
    [text("records.kind"), text(`kind.${message.kind}`)],
    [text("record.channel"), text(`channel.${message.channel}`)],
    message.carrier && [text("record.carrier"), spoken(message.carrier)],
    message.carrier_message_id && [
      text("record.carrierId"),
      copyable(message.carrier_message_id, text("record.carrierId")),
    ],
    [text("record.id"), copyable(message.message_id, text("record.id"))],
  ]);
}

function refused(title, body) {
  return [heading(text(title)), notice("info", text(body))];
}

function failed(error) {
  const again = h("div", { class: "actions" }, button(text("again"), load, "primary"));
  return [heading(text("error.title")), notice("bad", explain(error), again)];
}

language.addEventListener("click", () => {
  switchLanguage();
  draw(shown);
});
window.addEventListener("hashchange", load);
load();
