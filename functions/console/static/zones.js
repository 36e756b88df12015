// Time zones: how the service writes them, and times in them.

import { clock } from "./format.js";
import { locale, text } from "./texts.js";

/** The browser's own zone, such as Europe/Paris. */
export function ownZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

export function allZones() {
  return Intl.supportedValuesOf("timeZone");
}

/** "UTC+8" for a zone at that instant. */
export function offset(zone, at = new Date()) {
  const format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeZoneName: "shortOffset" });
  const said = format.formatToParts(at).find(({ type }) => type === "timeZoneName").value;
  return said.replace("GMT", "UTC");
}

/** The names in a key such as `1|America/New_York,1|America/Chicago`, without the dial codes. */
export function zoneNames(key) {
  return key
    .split(",")
    .map((each) => each.split("|").at(-1))
    .filter(Boolean);
}

/** "08:00 (America/New_York)": the instant on the clock of the key's first zone. */
export function clockIn(iso, key) {
  const names = zoneNames(key);
  if (!iso) return text("zones.soon");
  if (names.length === 0 || !isZone(names[0])) return text("zones.beijing", { at: clock(iso) });
  const format = new Intl.DateTimeFormat(locale(), {
    timeZone: names[0],
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const at = format.format(new Date(iso));
  const values = { at, zone: names[0], count: names.length };
  return text(names.length > 1 ? "zones.first" : "zones.at", values);
}

/** Whether the browser knows that name. */
export function isZone(name) {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: name }));
  } catch {
    return false;
  }
}
