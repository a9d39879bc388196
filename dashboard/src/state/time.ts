// Time in Grafana's syntax: `now`, `now-7d`, `now-1d/d`, epoch milliseconds, RFC 3339. Pure functions.
// https://grafana.com/docs/grafana/latest/dashboards/use-dashboards/#time-units-and-relative-ranges

/// What a table has under a text that people may write: never what every object has ("constructor").
export const own = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;
export const week = 7 * day;

const units: Record<string, number> = { s: second, m: minute, h: hour, d: day, w: week };
/// What has no fixed length is counted in the calendar.
const calendar: Record<string, number> = { M: 1, y: 12 };

function addMonths(time: number, months: number): number {
  const date = new Date(time);
  const dayOfMonth = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(dayOfMonth, last));
  return date.getTime();
}

/// The begin (or, with `up`, the last millisecond) of the unit that `time` lies in, in UTC; weeks begin on Monday.
function rounded(time: number, unit: string, up: boolean): number {
  const date = new Date(time);
  let begin: number;
  let next: number;
  if (unit === "M" || unit === "y") {
    begin = Date.UTC(date.getUTCFullYear(), unit === "M" ? date.getUTCMonth() : 0, 1);
    next = addMonths(begin, unit === "M" ? 1 : 12);
  } else if (unit === "w") {
    const midnight = Math.floor(time / day) * day;
    begin = midnight - ((new Date(midnight).getUTCDay() + 6) % 7) * day;
    next = begin + week;
  } else {
    const length = units[unit]!;
    begin = Math.floor(time / length) * length;
    next = begin + length;
  }
  return up ? next - 1 : begin;
}

/// @param up  round to the end of the unit: for the end of a range
/// @returns milliseconds since the epoch, or null if `text` is no time
export function parseTime(text: string, now: number, up = false): number | null {
  const trimmed = text.trim();
  if (/^\d{9,15}$/.test(trimmed)) return Number(trimmed);
  const relative = /^now((?:[+-]\d{1,6}[smhdwMy])*)(?:\/([smhdwMy]))?$/.exec(trimmed);
  if (relative) {
    let time = now;
    for (const [, sign, count, unit] of (relative[1] ?? "").matchAll(/([+-])(\d+)([smhdwMy])/g)) {
      const by = Number(count) * (sign === "-" ? -1 : 1);
      const months = calendar[unit!];
      time = months ? addMonths(time, by * months) : time + by * units[unit!]!;
    }
    return relative[2] ? rounded(time, relative[2], up) : time;
  }
  if (!/^\d{4}-\d{2}-\d{2}/.test(trimmed)) return null;
  const iso = /^\d{4}-\d{2}-\d{2}$/.test(trimmed)
    ? `${trimmed}T00:00:00Z`
    : trimmed.replace(" ", "T");
  const time = Date.parse(/(Z|[+-]\d{2}:?\d{2})$/i.test(iso) ? iso : `${iso}Z`);
  return Number.isNaN(time) ? null : time;
}

export interface Range {
  readonly from: number;
  readonly to: number;
}

/// Both ends, or null if one of them is no time or they are in the wrong order.
export function parseRange(from: string, to: string, now: number): Range | null {
  const begin = parseTime(from, now);
  const end = parseTime(to, now, true);
  return begin === null || end === null || begin >= end ? null : { from: begin, to: end };
}

export const iso = (time: number): string => new Date(time).toISOString();

/// The two texts of a range half as far again to each side: zooming out doubles it. Never beyond now.
export function zoomedOut(range: Range, now: number): [string, string] {
  const length = range.to - range.from;
  const to = Math.min(range.to + length / 2, Math.max(now, range.to));
  return [iso(to - 2 * length), iso(to)];
}

/// The range moved by half its length: -1 back, 1 forward.
export function shifted(range: Range, direction: -1 | 1): [string, string] {
  const by = ((range.to - range.from) / 2) * direction;
  return [iso(range.from + by), iso(range.to + by)];
}

export interface QuickRange {
  readonly from: string;
  readonly to: string;
  readonly words: string;
}
const last = (from: string, words: string): QuickRange => ({ from, to: "now", words });
export const quickRanges: readonly QuickRange[] = [
  last("now-1h", "Last hour"),
  last("now-6h", "Last 6 hours"),
  last("now-24h", "Last 24 hours"),
  last("now-2d", "Last 2 days"),
  last("now-7d", "Last 7 days"),
  last("now-14d", "Last 14 days"),
  last("now-30d", "Last 30 days"),
  last("now-90d", "Last 90 days"),
  { from: "now/d", to: "now/d", words: "Today" },
  { from: "now/w", to: "now/w", words: "This week" },
];
