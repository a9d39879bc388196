// How numbers, times and names are written, in one place. Pure functions.
import { day, hour, iso, minute, type Range, second } from "./state/time.ts";

/// Two units at most: `2 d 3 h`, `54 min`, `4.2 s`. @param seconds  null gives "–"
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  if (seconds < 0) return `−${duration(-seconds)}`;
  if (seconds < 1) return seconds === 0 ? "0 s" : `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 10) return `${trim(seconds.toFixed(1))} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (seconds < 600) {
    const whole = Math.floor(seconds / 60);
    const rest = Math.round(seconds - whole * 60);
    return rest === 0 || rest === 60 ? `${minutes} min` : `${whole} min ${rest} s`;
  }
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.round(seconds / 3600);
  if (hours < 10) {
    const whole = Math.floor(minutes / 60);
    const rest = minutes - whole * 60;
    return rest === 0 ? `${whole} h` : `${whole} h ${rest} min`;
  }
  if (hours < 48) return `${hours} h`;
  const days = Math.floor(hours / 24);
  const rest = hours - days * 24;
  return days >= 10 || rest === 0 ? `${Math.round(hours / 24)} d` : `${days} d ${rest} h`;
}

/// One unit: for where there is little room, and the whole stands in the title.
export function shortDuration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  if (seconds < 0) return `−${shortDuration(-seconds)}`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} d`;
}

const trim = (text: string) => text.replace(/\.0+$/, "");

/// 1,204 – grouped, no decimals beyond `digits`.
export function count(value: number | null | undefined, digits = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return value.toLocaleString("en-GB", { maximumFractionDigits: digits });
}

/// 0.022 is 2.2 %.
export function percent(ratio: number | null | undefined, digits = 1): string {
  if (ratio === null || ratio === undefined || !Number.isFinite(ratio)) return "–";
  return `${trim((ratio * 100).toFixed(digits))} %`;
}

/// With its sign, for what changed against the time before.
export function signed(value: number, text: (absolute: number) => string): string {
  if (value === 0) return "±0";
  return `${value > 0 ? "+" : "−"}${text(Math.abs(value))}`;
}

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let left = value;
  while (left >= 1024 && unit < names.length - 1) {
    left /= 1024;
    unit++;
  }
  return `${unit === 0 ? left : trim(left.toFixed(1))} ${names[unit]}`;
}

/// The last part of an id, which is what people call it; the whole belongs into the title.
export function shortName(id: string | null | undefined): string {
  if (!id) return "–";
  const parts = id.split("/").filter((part) => part !== "");
  return parts.at(-1) ?? id;
}

/// No text on the page is longer than this; the whole is in the title and in copies.
export const clip = (text: string, length = 200): string =>
  text.length <= length ? text : `${text.slice(0, length - 1)}…`;

export type Zone = "utc" | "local";

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (n: number) => String(n).padStart(2, "0");

function fields(time: number, zone: Zone) {
  const date = new Date(time);
  return zone === "utc"
    ? {
        y: date.getUTCFullYear(),
        mo: date.getUTCMonth(),
        d: date.getUTCDate(),
        h: date.getUTCHours(),
        mi: date.getUTCMinutes(),
        s: date.getUTCSeconds(),
        ms: date.getUTCMilliseconds(),
      }
    : {
        y: date.getFullYear(),
        mo: date.getMonth(),
        d: date.getDate(),
        h: date.getHours(),
        mi: date.getMinutes(),
        s: date.getSeconds(),
        ms: date.getMilliseconds(),
      };
}

/// `22 Nov 2026, 09:14`
export function dateTime(time: number, zone: Zone): string {
  const f = fields(time, zone);
  return `${f.d} ${months[f.mo]} ${f.y}, ${two(f.h)}:${two(f.mi)}`;
}

/// `22 Nov 09:14`
export function shortDateTime(time: number, zone: Zone): string {
  const f = fields(time, zone);
  return `${f.d} ${months[f.mo]} ${two(f.h)}:${two(f.mi)}`;
}

/// `22 09:14:07.221`, for logs
export function logTime(time: number, zone: Zone): string {
  const f = fields(time, zone);
  return `${two(f.d)} ${months[f.mo]} ${two(f.h)}:${two(f.mi)}:${two(f.s)}.${String(f.ms).padStart(3, "0")}`;
}

/// For a field of a form: `2026-11-22 09:14`
export function fieldTime(time: number, zone: Zone): string {
  const f = fields(time, zone);
  return `${f.y}-${two(f.mo + 1)}-${two(f.d)} ${two(f.h)}:${two(f.mi)}`;
}

/// `9 min ago`, `in 3 h`.
export function ago(time: number, now: number): string {
  const seconds = (now - time) / 1000;
  if (Math.abs(seconds) < 5) return "now";
  return seconds < 0 ? `in ${shortDuration(-seconds)}` : `${shortDuration(seconds)} ago`;
}

/// A range in words: `22 Nov 09:00 – 12:30 (3 h 30 min)`.
export function rangeWords(range: Range, zone: Zone): string {
  const a = fields(range.from, zone);
  const b = fields(range.to, zone);
  const sameDay = a.y === b.y && a.mo === b.mo && a.d === b.d;
  const begin = shortDateTime(range.from, zone);
  const end = sameDay ? `${two(b.h)}:${two(b.mi)}` : shortDateTime(range.to, zone);
  return `${begin} – ${end}`;
}

/// Ticks of an axis: what differs from one to the next is what is written.
export function tick(time: number, step: number, zone: Zone): string {
  const f = fields(time, zone);
  if (step >= 28 * day) return `${months[f.mo]} ${f.y}`;
  if (step >= day || (f.h === 0 && f.mi === 0 && step >= minute)) return `${f.d} ${months[f.mo]}`;
  if (step >= minute) return `${two(f.h)}:${two(f.mi)}`;
  return `${two(f.h)}:${two(f.mi)}:${two(f.s)}`;
}

/// The text of an absolute time for tooltips: always RFC 3339 in UTC.
export const exact = (time: number): string => iso(time).replace(".000Z", "Z");

/// Only these become links: an event may say `javascript:` too.
export function safeLink(uri: string | null | undefined): string | null {
  return uri && /^https?:\/\//i.test(uri) ? uri : null;
}

export { day, hour, minute, second };

/// `1 service`, `8 services`.
export const plural = (n: number, word: string): string =>
  `${count(n)} ${word}${n === 1 ? "" : "s"}`;
