/** Times in the reader's own zone, as their account names it, with UTC in the tooltip. */

const LOCALE = "en-US";
const DAY_MS = 24 * 60 * 60 * 1000;
let zone;

/** Whose zone it is from now on; without a name, the browser's. */
export function readIn(timeZone) {
  zone = timeZone;
}

const shape = (options) => ({
  format: (date) => new Intl.DateTimeFormat(LOCALE, { ...options, timeZone: zone }).format(date),
});
const TIME = shape({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const TIME_SECONDS = shape({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const SHORT = shape({ month: "short", day: "numeric", year: "numeric" });
const MIDDLE = shape({ month: "long", day: "numeric", year: "numeric" });
const LONG = shape({ weekday: "long", month: "long", day: "numeric", year: "numeric" });
const DIVIDER = shape({ weekday: "long", month: "long", day: "numeric" });
const ZONED = shape({ dateStyle: "medium", timeStyle: "long" });
const NUMBERS = shape({ year: "numeric", month: "2-digit", day: "2-digit" });

export const clock = (date) => TIME.format(date);

/** The day as 2026-11-27. */
export function iso(date) {
  const [month, day, year] = NUMBERS.format(date).split("/");
  return `${year}-${month}-${day}`;
}

export const fromTs = (ts) => new Date(Number(ts) * 1000);

export const tooltip = (date) =>
  `${ZONED.format(date)} (${date.toISOString().slice(0, 16).replace("T", " ")} UTC)`;

export function dayName(date) {
  return nearby(date, true) ?? DIVIDER.format(date);
}

export const sameDay = (one, other) => iso(one) === iso(other);

/** Today, yesterday or tomorrow in words, else null. */
function nearby(date, capital) {
  const words = { "-1": "yesterday", 0: "today", 1: "tomorrow" };
  const word = words[(Date.parse(iso(date)) - Date.parse(iso(new Date()))) / DAY_MS];
  if (!word) return null;
  return capital ? word[0].toUpperCase() + word.slice(1) : word;
}

function ago(date) {
  const minutes = Math.round((Date.now() - date.getTime()) / 60000);
  const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto" });
  if (Math.abs(minutes) < 60) return relative.format(-minutes, "minute");
  if (Math.abs(minutes) < 60 * 24) return relative.format(-Math.round(minutes / 60), "hour");
  return relative.format(-Math.round(minutes / 60 / 24), "day");
}

const TOKENS = {
  date_num: iso,
  date_slash: (date) => iso(date).replaceAll("-", "/"),
  date: (date) => MIDDLE.format(date),
  date_short: (date) => SHORT.format(date),
  date_long: (date) => LONG.format(date),
  date_pretty: (date, first) => nearby(date, first) ?? MIDDLE.format(date),
  date_short_pretty: (date, first) => nearby(date, first) ?? SHORT.format(date),
  date_long_pretty: (date, first) => nearby(date, first) ?? LONG.format(date),
  day_divider_pretty: (date, first) => nearby(date, first) ?? DIVIDER.format(date),
  time: (date) => TIME.format(date),
  time_secs: (date) => TIME_SECONDS.format(date),
  ago,
};

/** Fill a date format such as `{date_short_pretty} {time}`; null when seconds or format cannot be read. */
export function formatDate(seconds, format) {
  const date = new Date(Number(seconds) * 1000);
  if (!/^-?\d+$/.test(String(seconds)) || Number.isNaN(date.getTime())) return null;
  const tokens = [...format.matchAll(/\{(\w+)\}/g)];
  if (tokens.some(([, name]) => !Object.hasOwn(TOKENS, name))) return null;
  const text = format.replace(/\{(\w+)\}/g, (_whole, name, at) => TOKENS[name](date, at === 0));
  return { text, date };
}
