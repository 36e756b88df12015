// Money, times and sizes as people read them. Money never becomes a fraction of a Number.

import { locale } from "./texts.js";

const MICROS = 1_000_000n;
const ZONE = "Asia/Shanghai"; // the service's days are those of Beijing, wherever the reader is

/** ¥1,234.05 of whole micros; at least two decimals, and as many as there are. */
export function money(micros) {
  const value = BigInt(micros);
  const size = value < 0n ? -value : value;
  const whole = String(size / MICROS).replace(/\B(?=(\d{3})+$)/g, ",");
  const fraction = decimals(size).padEnd(2, "0");
  return `${value < 0n ? "−" : ""}¥${whole}.${fraction}`;
}

/** What an input field shows for micros: 12.5, or nothing for null. */
export function amount(micros) {
  if (micros === null || micros === undefined) return "";
  const value = BigInt(micros);
  const size = value < 0n ? -value : value;
  const fraction = decimals(size);
  return `${value < 0n ? "-" : ""}${size / MICROS}${fraction ? `.${fraction}` : ""}`;
}

/** The micros that somebody typed as yuan, or null when it is no amount. */
export function microsOf(typed) {
  const found = typed.replace(/[\s,，¥￥]/g, "").match(/^([-−+]?)(\d{1,9})(?:\.(\d{1,6}))?$/);
  if (!found) return null;
  const size = BigInt(found[2]) * MICROS + BigInt((found[3] ?? "").padEnd(6, "0"));
  return Number(found[1] === "-" || found[1] === "−" ? -size : size);
}

/** 1,204. */
export function count(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** 4.2%, 97%: one decimal below ten, and never 100% or 0% of what is not all or nothing. */
export function percent(part, whole) {
  const value = whole > 0 ? (100 * part) / whole : 0;
  if (part > 0 && value < 0.1) return "<0.1%";
  if (value > 99 && part < whole) return ">99%";
  return `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)}%`;
}

/** 3.4 MB. */
export function bytes(size) {
  const units = ["B", "KB", "MB", "GB"];
  const power = Math.min(Math.floor(Math.log10(Math.max(size, 1)) / 3), units.length - 1);
  const value = size / 1000 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}

/** 2026-11-23 21:19:05, in Beijing. */
export function time(iso) {
  const part = parts(new Date(iso), { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return `${dashed(part)} ${part.hour}:${part.minute}:${part.second}`;
}

/** 21:19, in Beijing; with the day when it is not today. */
export function clock(iso, now = new Date()) {
  const [day, hours] = time(iso).split(" ");
  const short = hours.slice(0, 5);
  return plainDay(day) === today(now) ? short : `${day.slice(5)} ${short}`;
}

/** 20261123: the day it is in Beijing. */
export function today(now = new Date()) {
  return dashed(parts(now)).replaceAll("-", "");
}

/** 20261123 as 2026-11-23, which is what date fields want, and back. */
export function dashedDay(day) {
  return `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`;
}
export function plainDay(day) {
  return day.replaceAll("-", "");
}

/** 11-23 周一. */
export function shortDay(day) {
  // Noon, so that no zone makes it another day.
  const weekday = new Intl.DateTimeFormat(locale(), { weekday: "short", timeZone: "UTC" });
  return `${day.slice(4, 6)}-${day.slice(6)} ${weekday.format(new Date(`${dashedDay(day)}T12:00Z`))}`;
}

function decimals(size) {
  return String(size % MICROS)
    .padStart(6, "0")
    .replace(/0+$/, "");
}

function parts(date, more = {}) {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: ZONE,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hourCycle: "h23",
    ...more,
  });
  return Object.fromEntries(format.formatToParts(date).map(({ type, value }) => [type, value]));
}

function dashed({ year, month, day }) {
  return `${year}-${month}-${day}`;
}
