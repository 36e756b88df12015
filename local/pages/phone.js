// The virtual phone: every message that reached the carrier.

import { Inbox } from "/assets/inbox.js";
import { onLanguage, start, text } from "/assets/texts.js";

start();

const readAll = document.getElementById("read-all");
let unreadCount = 0;

function title() {
  document.title = (unreadCount ? `(${unreadCount}) ` : "") + text("pagePhone");
}

const inbox = new Inbox(document.getElementById("inbox"), {
  emptyText: "emptyPhone",
  onChange: (unread) => {
    unreadCount = unread;
    readAll.hidden = unread === 0;
    title();
  },
});
readAll.addEventListener("click", () => inbox.markRead());
onLanguage(title);
