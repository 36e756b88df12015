// When a campaign goes out: when somebody starts it, at one time, or again and again.

import { ApiError } from "./api.js";
import { LAST_DAY, WEEKDAYS, choiceOf, cronOf } from "./cron.js";
import { h, newId } from "./dom.js";
import { Wrong, choices, chosen, field, input, needed, select } from "./forms.js";
import { clock } from "./format.js";
import { text } from "./texts.js";
import { allZones, isZone, offset, ownZone } from "./zones.js";

const WAYS = ["hand", "at", "repeat"];
const EVERY = ["day", "week", "month", "other"];
const DAYS_OF_A_MONTH = 31;
const BEIJING = "Asia/Shanghai";

/** Whether the service refuses a time because it is too soon, or over. */
export function isOfTime(error) {
  return isOf("schedule.at", error);
}

export class ScheduleChoice {
  /** `schedule` as the API has it: {at}, {cron, zone}, or null. */
  constructor(schedule) {
    const usual = choiceOf(schedule?.cron ?? "");
    const every = schedule?.cron ? usual.every : "day";
    this.at = input({ type: "datetime-local", value: schedule?.at ? local(schedule.at) : "" });
    this.every = select(EVERY.map((one) => [one, text(`every.${one}`)]), { value: every });
    this.clock = input({ type: "time", value: usual.clock });
    this.days = WEEKDAYS.map((day) =>
      h("input", { type: "checkbox", value: day, checked: usual.days.includes(day) }),
    );
    this.day = select(daysOfMonth(), { value: usual.day });
    this.cron = input({
      value: schedule?.cron ?? "",
      placeholder: "0 10 ? * MON *",
      spellcheck: "false",
    });
    this.zone = input({ value: schedule?.zone ?? ownZone(), list: newId(), spellcheck: "false" });
    this.element = this.#element(schedule === null ? "hand" : schedule.at ? "at" : "repeat");
  }

  /** What the API wants; throws Wrong. */
  value() {
    const way = chosen(this.element, "schedule");
    if (way === "hand") return null;
    if (way === "at") {
      const at = new Date(needed(this.at, text("schedule.atNeeded")));
      return { at: at.toISOString().replace(/\.\d+/, "") };
    }
    return { cron: this.#cron(), zone: this.#zone() };
  }

  /** What the service says of the time is said beside it. */
  placed(error) {
    if (isOfTime(error)) return new Wrong(this.at, text("schedule.tooSoon"));
    if (!isOf("cron", error) && !isOf("schedule.cron", error)) return error;
    return new Wrong(this.cron, text("schedule.cronWrong", { error: error.message }));
  }

  #cron() {
    const every = this.every.value;
    if (every === "other") return needed(this.cron, text("schedule.cronNeeded"));
    const days = this.days.filter((box) => box.checked).map((box) => box.value);
    if (every === "week" && days.length === 0)
      throw new Wrong(this.days[0], text("schedule.dayNeeded"));
    const clockTime = needed(this.clock, text("schedule.clockNeeded"));
    return cronOf({ every, clock: clockTime, days, day: this.day.value });
  }

  #zone() {
    const zone = needed(this.zone);
    if (!isZone(zone)) throw new Wrong(this.zone, text("schedule.zoneWrong"));
    return zone;
  }

  #element(way) {
    const asked = { hand: null, at: this.#once(), repeat: this.#again() };
    const show = (value) => {
      for (const [name, place] of Object.entries(asked)) if (place) place.hidden = name !== value;
    };
    const options = WAYS.map((one) => [one, text(`schedule.${one}`), text(`schedule.${one}.hint`)]);
    show(way);
    return h(
      "div",
      { class: "stack" },
      choices(text("campaigns.when"), "schedule", options, way, show),
      Object.values(asked),
    );
  }

  #once() {
    const zone = ownZone();
    const beijing = h("p", { class: "hint", role: "status" });
    const say = () => {
      const at = Date.parse(this.at.value);
      const isSame = zone === BEIJING || Number.isNaN(at);
      beijing.textContent = isSame ? "" : text("zones.beijing", { at: clock(new Date(at)) });
    };
    this.at.addEventListener("input", say);
    say();
    const hint = text("schedule.atHint", { zone, offset: offset(zone) });
    const place = field(text("schedule.time"), this.at, { hint });
    place.append(beijing);
    return place;
  }

  #again() {
    const parts = {
      week: h(
        "fieldset",
        { class: "choices days" },
        h("legend", {}, text("schedule.days")),
        this.days.map((box) =>
          h("label", { class: "choice" }, box, h("span", {}, text(`weekday.${box.value}`))),
        ),
      ),
      month: field(text("schedule.day"), this.day, { hint: text("schedule.dayHint") }),
      other: field(text("schedule.cron.label"), this.cron, { hint: text("schedule.cronHint") }),
    };
    const time = field(text("schedule.clock"), this.clock);
    const show = () => {
      for (const [name, place] of Object.entries(parts)) place.hidden = name !== this.every.value;
      time.hidden = this.every.value === "other";
    };
    this.every.addEventListener("change", show);
    show();
    return h(
      "div",
      { class: "stack" },
      h("div", { class: "two" }, field(text("schedule.every"), this.every), time),
      Object.values(parts),
      field(text("schedule.zone"), this.zone, { hint: text("schedule.zoneHint") }),
      h(
        "datalist",
        { id: this.zone.getAttribute("list") },
        allZones().map((name) => h("option", { value: name })),
      ),
    );
  }
}

function isOf(name, error) {
  return error instanceof ApiError && error.code === 1 && error.message.startsWith(name);
}

function daysOfMonth() {
  const days = Array.from({ length: DAYS_OF_A_MONTH }, (_, index) => String(index + 1));
  return [
    ...days.map((day) => [day, text("schedule.dayOf", { day })]),
    [LAST_DAY, text("schedule.lastDay")],
  ];
}

/** An instant as a date field wants it, on the browser's own clock. */
function local(iso) {
  const at = new Date(iso);
  const two = (number) => String(number).padStart(2, "0");
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}
