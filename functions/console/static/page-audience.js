// One audience: how its file is read, and what the reading found.

import { call, get } from "./api.js";
import { refusedCard, report } from "./audience-report.js";
import { sending } from "./audience-upload.js";
import { audienceBadge, fileProblem } from "./audience-words.js";
import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { FilePicker } from "./file-picker.js";
import { bytes } from "./format.js";
import {
  announce,
  button,
  card,
  explain,
  facts,
  heading,
  linkButton,
  notice,
  when,
} from "./parts.js";
import { poll } from "./polling.js";
import { address } from "./routes.js";
import { text } from "./texts.js";

const PAUSE_MS = 1_500;
const STALLED_MS = 5 * 60_000 + 10_000;

export async function show(page) {
  const { audience } = await get(["audiences", page.params.id], { signal: page.signal });
  return [
    heading(audience.name, {
      back: { href: "#/audiences", label: text("menu.audiences") },
      actions: actions(audience),
    }),
    standing(audience, page),
    particulars(audience),
  ];
}

function actions(audience) {
  const key = { data: { key: "remove" } };
  const drop = button(text("remove"), () => remove(audience), "danger", key);
  if (audience.state !== "ready") return [drop];
  const href = address(["campaigns", "new"], { audience: audience.id });
  return [linkButton(text("audience.use"), href), drop];
}

function standing(audience, page) {
  const shown = { waiting, reading, failed, ready: report };
  return shown[audience.state](audience, page);
}

/** The file has not come, or not whole. */
function waiting(audience, page) {
  const place = h("div", { class: "stack" });
  const said = h("p", {}, text("audience.waitsBody"));
  place.append(card(text("audience.waits"), said, retry(audience, place, page)));
  return place;
}

function failed(audience, page) {
  const place = h("div", { class: "stack" });
  place.append(fileProblem(audience), card(text("audience.another"), retry(audience, place, page)));
  return [place, refusedCard(audience)];
}

/** Takes a file for an audience that exists already. */
function retry(audience, place, { signal }) {
  const note = h("p", { class: "form-note", role: "alert" });
  const send = async (file) => {
    note.textContent = "";
    try {
      const { upload } = await call("POST", ["audiences", audience.id, "upload"]);
      place.replaceChildren(sending(audience, upload, file, signal));
    } catch (error) {
      note.textContent = explain(error);
    }
  };
  return h("div", { class: "stack" }, new FilePicker(send).element, note);
}

function reading(audience, { signal, refresh }) {
  const bar = h("progress", { max: "1", "aria-label": text("audience.reading") });
  const said = h("p", { class: "soft digits" });
  const stalled = anew(audience, refresh);
  const draw = ({ bytes_read: read, size }) => {
    if (size) bar.value = Math.min(1, read / size);
    const values = { read: bytes(read), size: bytes(size) };
    said.textContent = size ? text("audience.read", values) : text("audience.begins");
  };
  let last = { read: audience.bytes_read, at: performance.now() };
  draw(audience);
  poll(signal, PAUSE_MS, async () => {
    const { audience: now } = await get(["audiences", audience.id], { signal });
    draw(now);
    if (now.bytes_read !== last.read) last = { read: now.bytes_read, at: performance.now() };
    stalled.hidden = performance.now() - last.at < STALLED_MS;
    if (now.state === "reading") return PAUSE_MS;
    announce(text(`audience.is.${now.state}`, { name: now.name }));
    await refresh();
    return null;
  });
  return card(
    text("audience.reading"),
    h("div", { class: "stack" }, bar, said),
    h("p", { class: "soft" }, text("audience.readingBody")),
    stalled,
  );
}

/** What is shown once a reading has said nothing for long: the service lets it begin anew then. */
function anew({ id }, refresh) {
  const begin = async () => {
    try {
      await call("POST", ["audiences", id, "read"]);
    } catch (error) {
      announce(explain(error));
    }
    await refresh();
  };
  const made = notice("warn", text("audience.stalled"), button(text("audience.anew"), begin));
  made.hidden = true;
  return made;
}

function particulars(audience) {
  return card(
    text("audience.about"),
    facts([
      [text("records.state"), audienceBadge(audience)],
      audience.size && [text("audience.size"), bytes(audience.size)],
      audience.encoding && [text("audience.encoding"), audience.encoding.toUpperCase()],
      audience.phone_column && [text("audience.phoneColumn"), audience.phone_column],
      audience.zone_column && [text("audience.zoneColumn"), audience.zone_column],
      audience.columns.length > 0 && [
        text("audience.columnsFound"),
        audience.columns.join(text("list")),
      ],
      audience.unused_columns?.length > 0 && [
        text("audience.columnsUnused"),
        audience.unused_columns.join(text("list")),
      ],
      [text("audience.created"), when(audience.created_at)],
      [text("audiences.expires"), when(audience.expires_at)],
    ]),
  );
}

async function remove({ id, name }) {
  const done = await ask({
    title: text("audience.removeAsk", { name }),
    content: h("p", {}, text("audience.removeBody")),
    confirm: text("remove"),
    style: "danger",
    action: () => call("DELETE", ["audiences", id]),
  });
  if (!done) return;
  announce(text("audience.isRemoved", { name }));
  location.hash = "#/audiences";
}
