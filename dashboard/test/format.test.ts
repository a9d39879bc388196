import assert from "node:assert/strict";
import { test } from "node:test";
import * as f from "../src/format.ts";

test("durations have two units at most", () => {
  const said: [number, string][] = [
    [0, "0 s"],
    [0.0123, "12 ms"],
    [0.0000001, "1 ms"],
    [4.25, "4.3 s"],
    [42, "42 s"],
    [60, "1 min"],
    [362, "6 min 2 s"],
    [599.7, "10 min"],
    [3240, "54 min"],
    [5400, "1 h 30 min"],
    [7200, "2 h"],
    [100_000, "28 h"],
    [183_600, "2 d 3 h"],
    [864_000, "10 d"],
    [-60, "−1 min"],
  ];
  for (const [seconds, text] of said) assert.equal(f.duration(seconds), text, String(seconds));
});

test("what is not known is a dash, never a zero", () => {
  assert.equal(f.duration(null), "–");
  assert.equal(f.duration(Number.NaN), "–");
  assert.equal(f.count(null), "–");
  assert.equal(f.percent(null), "–");
  assert.equal(f.count(0), "0");
  assert.equal(f.percent(0), "0 %");
});

test("an id is called by its last part", () => {
  assert.equal(f.shortName("/namespace/deployment/checkout"), "checkout");
  assert.equal(f.shortName("checkout/"), "checkout");
  assert.equal(f.shortName("/"), "/");
  assert.equal(f.shortName(""), "–");
});

test("only http and https become links", () => {
  assert.equal(f.safeLink("https://example.com/x"), "https://example.com/x");
  for (const uri of [
    "javascript:alert(1)",
    " https://x",
    "data:text/html,x",
    "//x",
    "",
    null,
    "java\nscript:x",
  ])
    assert.equal(f.safeLink(uri), null, String(uri));
});

test("long text is cut, and says so", () => {
  assert.equal(f.clip("x".repeat(5000), 10).length, 10);
  assert.ok(f.clip("x".repeat(5000), 10).endsWith("…"));
  assert.equal(f.clip("short", 10), "short");
});

test("ratios, bytes, numbers and signs", () => {
  assert.equal(f.percent(0.022), "2.2 %");
  assert.equal(f.percent(1), "100 %");
  assert.equal(f.bytes(1536), "1.5 KiB");
  assert.equal(f.count(1204), "1,204");
  assert.equal(
    f.signed(-0.03, (n) => f.percent(n)),
    "−3 %",
  );
  assert.equal(f.plural(1, "service"), "1 service");
  assert.equal(f.plural(1200, "service"), "1,200 services");
});

test("times are told in the zone that was chosen", () => {
  const time = Date.parse("2026-11-22T09:14:07.221Z");
  assert.equal(f.shortDateTime(time, "utc"), "22 Nov 09:14");
  assert.equal(f.logTime(time, "utc"), "22 Nov 09:14:07.221");
  assert.equal(f.exact(time), "2026-11-22T09:14:07.221Z");
  assert.equal(f.ago(time, time + 3 * 3600_000), "3 h ago");
  assert.equal(f.ago(time, time - 60_000), "in 1 min");
});
