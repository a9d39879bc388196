import assert from "node:assert/strict";
import { test } from "node:test";
import type { LanesRow } from "../src/data/api.ts";
import { timeScale } from "../src/marks/axis.tsx";
import { barsOf, lanesOf, versionAt } from "../src/views/lanes.ts";

const begin = Date.parse("2026-01-01T00:00:00Z");
const hourMs = 3_600_000;
const time = (hours: number) => new Date(begin + hours * hourMs).toISOString();
const row = (
  version: string,
  from: number,
  to: number | null,
  over: Partial<LanesRow> = {},
): LanesRow => ({
  service_id: "cart",
  environment_id: "prod",
  environment_tier: "production",
  environment_rank: 1,
  n: 1,
  version,
  valid_from: time(from),
  valid_to: to === null ? null : time(to),
  kind: "upgrade",
  previous_version: null,
  actor: null,
  event_uid: version,
  ...over,
});
const scale = timeScale({ from: begin, to: begin + 100 * hourMs }, 1000); // 10 pixels an hour

test("lanes are grouped, environments in the order of delivery, and a group is named once", () => {
  const rows = [
    row("1", 0, null, { environment_id: "prod" }),
    row("1", 0, null, { environment_id: "dev" }),
    row("1", 0, null, { service_id: "auth", environment_id: "prod" }),
  ];
  const lanes = lanesOf(rows, "service", ["dev", "prod"]);
  assert.deepEqual(
    lanes.map((lane) => [lane.head, lane.name]),
    [
      ["auth", "prod"],
      ["cart", "dev"],
      ["", "prod"],
    ],
  );
  assert.deepEqual(
    lanesOf(rows, "environment", ["dev", "prod"]).map((lane) => [lane.head, lane.name]),
    [
      ["dev", "cart"],
      ["prod", "auth"],
      ["", "cart"],
    ],
  );
});

test("what ran before is carried in, and what runs still goes on to the edge", () => {
  const bars = barsOf([row("1", -50, 10), row("2", 10, null)], scale, 1000);
  assert.deepEqual(
    bars.map((bar) => [bar.x, bar.width]),
    [
      [0, 100],
      [100, 900],
    ],
  );
});

test("bars outside the time are left out", () => {
  assert.deepEqual(barsOf([row("1", -50, -10), row("2", 200, null)], scale, 1000), []);
});

test("bars too short to draw apart are merged and counted; a neighbour that is long is not", () => {
  const bars = barsOf(
    [row("1", 0, 10), row("2", 10, 10.1), row("3", 10.1, 10.2), row("4", 10.2, null)],
    scale,
    1000,
  );
  assert.deepEqual(
    bars.map((bar) => bar.merged),
    [1, 2, 1],
  );
});

test("the version at a moment is the last that came before it, unless it had gone", () => {
  const lane = lanesOf([row("1", 0, 10), row("2", 20, null)], "service", [])[0]!;
  assert.equal(versionAt(lane, begin + 5 * hourMs), "1");
  assert.equal(versionAt(lane, begin + 15 * hourMs), null);
  assert.equal(versionAt(lane, begin + 25 * hourMs), "2");
  assert.equal(versionAt(lane, begin - hourMs), null);
});
