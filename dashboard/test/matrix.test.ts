import assert from "node:assert/strict";
import { test } from "node:test";
import type { StateRow } from "../src/data/api.ts";
import { hasProblem, matrixOf, remarksOf, sorted, spoken, toneOf } from "../src/views/matrix.ts";

const cell = (over: Partial<StateRow>): StateRow => ({
  service_id: "checkout",
  team: null,
  environment_id: "prod-eu",
  environment_tier: "production",
  environment_rank: 3,
  artifact_id: "pkg:oci/checkout@1.17.0",
  version: "1.17.0",
  since: "2026-01-30T10:00:00.000Z",
  age_s: 90_000,
  kind: "upgrade",
  previous_version: null,
  actor: null,
  source: null,
  event_uid: "0",
  upstream_environment_id: "staging",
  upstream_version: "1.17.0",
  behind: 0,
  ahead: 0,
  lag_s: null,
  attempt_state: null,
  attempt_outcome: null,
  attempt_version: null,
  attempt_at: null,
  attempt_uri: null,
  incidents: [],
  ...over,
});

test("environments stand in the order of delivery, unknown ones last", () => {
  const { environments } = matrixOf(
    [
      cell({ environment_id: "zz", environment_rank: 1 }),
      cell({ environment_id: "prod" }),
      cell({ environment_id: "dev" }),
    ],
    ["dev", "prod"],
  );
  assert.deepEqual(environments, ["dev", "prod", "zz"]);
});

test("a row differs when its cells run different artifacts or one is missing", () => {
  const same = matrixOf([cell({ environment_id: "a" }), cell({ environment_id: "b" })]);
  assert.equal(same.rows[0]?.differs, false);
  const other = matrixOf([
    cell({ environment_id: "a" }),
    cell({ environment_id: "b", artifact_id: "pkg:oci/checkout@2" }),
  ]);
  assert.equal(other.rows[0]?.differs, true);
  const missing = matrixOf([
    cell({ environment_id: "a" }),
    cell({ service_id: "other", environment_id: "b" }),
  ]);
  assert.equal(missing.rows[0]?.differs, true);
});

test("a cell has the tone of the worst that is true of it", () => {
  assert.equal(toneOf(cell({})), "ok");
  assert.equal(toneOf(cell({ behind: 1 })), "behind");
  assert.equal(toneOf(cell({ ahead: 1 })), "warn");
  assert.equal(toneOf(cell({ kind: "rollback", behind: 1 })), "rollback");
  assert.equal(toneOf(cell({ kind: "rollback", incidents: ["INC-1"] })), "fail");
  assert.equal(toneOf(cell({ attempt_state: "finished", attempt_outcome: "failure" })), "fail");
  assert.equal(toneOf(cell({ attempt_state: "running" })), "warn");
});

test("an attempt that worked is no problem", () => {
  assert.equal(hasProblem(cell({ attempt_state: "finished", attempt_outcome: "success" })), false);
  assert.equal(hasProblem(cell({ attempt_state: "finished", attempt_outcome: "error" })), true);
});

test("a screen reader hears what the cell shows", () => {
  assert.equal(
    spoken(cell({ kind: "rollback", behind: 1, lag_s: 7200, previous_version: "1.18.0" })),
    "checkout, prod-eu, 1.17.0, rolled back 25 h ago, 1 behind (2 h)",
  );
  assert.equal(
    spoken(cell({ incidents: ["INC-219"], attempt_state: "running", attempt_version: "1.18.0" })),
    "checkout, prod-eu, 1.17.0, deployed 25 h ago, incident INC-219, deploying 1.18.0",
  );
});

test("nothing is said of what cannot be compared", () => {
  assert.deepEqual(remarksOf(cell({ behind: null, ahead: null })), []);
});

test("rows are sorted by name, by last change, by lag", () => {
  const { rows } = matrixOf([
    cell({ service_id: "x/b", since: "2026-01-01T00:00:00Z", lag_s: 5 }),
    cell({ service_id: "y/a", since: "2026-01-02T00:00:00Z", lag_s: 1 }),
  ]);
  const names = (by: "name" | "change" | "lag") => sorted(rows, by).map((row) => row.service);
  assert.deepEqual(names("name"), ["y/a", "x/b"]);
  assert.deepEqual(names("change"), ["y/a", "x/b"]);
  assert.deepEqual(names("lag"), ["x/b", "y/a"]);
});

test("what was removed is no cell, and the service's row stays", () => {
  const { rows } = matrixOf([
    cell({ environment_id: "a" }),
    cell({ environment_id: "b", kind: "remove", version: null }),
  ]);
  assert.equal(rows[0]?.cells.size, 1);
  assert.equal(rows[0]?.removed.get("b")?.kind, "remove");
  assert.equal(rows[0]?.problems, false);
  const only = matrixOf([cell({ environment_id: "b", kind: "remove" })]);
  assert.equal(only.rows.length, 1);
  assert.deepEqual(sorted(only.rows, "change").length, 1);
});
