import assert from "node:assert/strict";
import { test } from "node:test";
import { day, hour, iso, parseRange, parseTime, shifted, zoomedOut } from "../src/state/time.ts";

const now = Date.parse("2026-01-31T12:34:56.789Z");
const at = (text: string, up = false) => {
  const time = parseTime(text, now, up);
  return time === null ? null : iso(time);
};

test("relative times are Grafana's", () => {
  assert.equal(at("now"), "2026-01-31T12:34:56.789Z");
  assert.equal(at("now-7d"), "2026-01-24T12:34:56.789Z");
  assert.equal(at("now-1h-30m"), "2026-01-31T11:04:56.789Z");
  assert.equal(at("now+1w"), "2026-02-07T12:34:56.789Z");
});

test("a slash rounds to the begin of the unit, or to its end at the end of a range", () => {
  assert.equal(at("now/d"), "2026-01-31T00:00:00.000Z");
  assert.equal(at("now/d", true), "2026-01-31T23:59:59.999Z");
  assert.equal(at("now/w"), "2026-01-26T00:00:00.000Z"); // a Monday
  assert.equal(at("now-1M/M"), "2025-12-01T00:00:00.000Z");
  assert.equal(at("now/y", true), "2026-12-31T23:59:59.999Z");
});

test("a month before a day that it lacks is its last day", () => {
  assert.equal(
    iso(parseTime("now-1M", Date.parse("2026-03-31T10:00:00Z"))!),
    "2026-02-28T10:00:00.000Z",
  );
  assert.equal(at("now+1M"), "2026-02-28T12:34:56.789Z");
});

test("absolute times are RFC 3339, days, or milliseconds; without a zone they are UTC", () => {
  assert.equal(at("2026-01-30"), "2026-01-30T00:00:00.000Z");
  assert.equal(at("2026-01-30 08:15"), "2026-01-30T08:15:00.000Z");
  assert.equal(at("2026-01-30T08:15:00+02:00"), "2026-01-30T06:15:00.000Z");
  assert.equal(at("1769774096789"), "2026-01-30T11:54:56.789Z");
});

test("what is no time is null, and never throws", () => {
  for (const text of [
    "",
    "yesterday",
    "now-",
    "now-7x",
    "now--1d",
    "2026-13-45",
    "'; drop table",
    "12",
    "now/q",
  ])
    assert.equal(at(text), null, text);
});

test("a range whose begin is not before its end is none", () => {
  assert.equal(parseRange("now", "now-1d", now), null);
  assert.equal(parseRange("now", "now", now), null);
  assert.deepEqual(parseRange("now-1d", "now", now), { from: now - day, to: now });
});

test("zooming out doubles a range and does not pass now", () => {
  const [from, to] = zoomedOut({ from: now - 2 * hour, to: now }, now);
  assert.equal(to, iso(now));
  assert.equal(from, iso(now - 4 * hour));
  const [before, after] = zoomedOut({ from: now - 12 * hour, to: now - 10 * hour }, now);
  assert.equal(before, iso(now - 13 * hour));
  assert.equal(after, iso(now - 9 * hour));
});

test("shifting moves by half the range", () => {
  const [from, to] = shifted({ from: now - 2 * hour, to: now }, -1);
  assert.equal(from, iso(now - 3 * hour));
  assert.equal(to, iso(now - hour));
});
