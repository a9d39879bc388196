import assert from "node:assert/strict";
import { test } from "node:test";
import { placeOf } from "../src/components/search.tsx";
import type {
  Component,
  DeploymentsRow,
  Overview,
  SourcesRow,
  Collector as Status,
} from "../src/data/api.ts";
import { healthOf } from "../src/views/health.ts";
import { stepAt, stepWords } from "../src/views/scrub.tsx";

const component = (over: Partial<Component>): Component => ({
  name: "x",
  type: "webhook",
  state: "running",
  last_error: "",
  ...over,
});
const status = (over: Partial<Status> = {}): Status => ({
  version: "1",
  now: "2026-01-01T00:00:00Z",
  started_at: "2026-01-01T00:00:00Z",
  ready: true,
  reasons: [],
  queue: {
    events: 0,
    bytes: 0,
    max_bytes: 1000,
    dead_letters: 0,
    dead_letter_bytes: 0,
    accepting: true,
    sinks: [],
  },
  sources: [component({ name: "in" })],
  sinks: [component({ name: "out", type: "postgres" })],
  endpoints: [],
  recent: [],
  ...over,
});
const known = (over: Partial<Overview["database"]> = {}, sources: readonly SourcesRow[] = []) =>
  ({
    database: { configured: true, available: true, place: "db", error: null, since: null, ...over },
    sources,
  }) as unknown as Overview;
const line = (lines: ReturnType<typeof healthOf>, id: string) => {
  const found = lines.find((one) => one.id === id);
  assert.ok(found, id);
  return found;
};

test("where all is well every line says what it watches, and none what to do", () => {
  const lines = healthOf(status(), known());
  assert.deepEqual(
    lines.map((one) => one.id),
    ["ready", "queue", "source in", "sink out", "database", "senders", "dead-letters"],
  );
  for (const one of lines) {
    assert.equal(one.tone, "ok", one.id);
    assert.ok(one.what && one.why && !one.fix, one.id);
  }
});

test("what is not well says why and what to do, the worst first", () => {
  const full = status({
    ready: false,
    reasons: ["the queue is full"],
    queue: {
      ...status().queue,
      bytes: 900,
      dead_letters: 2,
      sinks: [{ name: "out", pending_events: 5, pending_bytes: 900, oldest_age_seconds: 7200 }],
    },
    sources: [component({ name: "in", state: "stopped", last_error: "no such folder" })],
    sinks: [component({ name: "out", state: "waiting", last_error: "connection refused" })],
  });
  const lines = healthOf(full, known({ available: false, error: "timeout" }));
  for (const one of lines.filter((each) => each.tone !== "ok"))
    assert.ok(one.what && one.why && one.fix, one.id);
  assert.match(line(lines, "ready").why, /the queue is full/);
  assert.match(line(lines, "queue").why, /90 %/);
  assert.match(line(lines, "source in").why, /no such folder/);
  assert.match(
    line(lines, "sink out").why,
    /connection refused; 5 events wait, the oldest for 2 h/,
  );
  assert.match(line(lines, "database").why, /timeout/);
  assert.match(line(lines, "dead-letters").why, /2 documents are kept/);
  const tones = lines.map((one) => one.tone);
  assert.deepEqual(
    tones,
    [...tones].sort((a, b) => "fail warn ok".indexOf(a) - "fail warn ok".indexOf(b)),
  );
});

test("a sink that is slow is behind; one that waits a moment is not", () => {
  const behind = (age: number) =>
    line(
      healthOf(
        status({
          queue: {
            ...status().queue,
            sinks: [{ name: "out", pending_events: 1, pending_bytes: 1, oldest_age_seconds: age }],
          },
        }),
        known(),
      ),
      "sink out",
    ).tone;
  assert.equal(behind(5), "ok");
  assert.equal(behind(300), "warn");
});

test("who is silent is named with what is usual; without /meta nothing is said of it", () => {
  const quiet = {
    source: "/argocd",
    quiet: true,
    silent_s: 7200,
    usual_silence_s: 60,
  } as SourcesRow;
  const lines = healthOf(status(), known({}, [quiet]));
  assert.match(line(lines, "senders").why, /\/argocd for 2 h, usual are 1 min/);
  assert.equal(
    healthOf(status(), null).some((one) => one.id === "senders"),
    false,
  );
});

const deployment = (over: Partial<DeploymentsRow>): DeploymentsRow =>
  ({
    at: "2026-01-01T00:00:00Z",
    service_id: "shop/cart",
    environment_id: "prod",
    kind: "deploy",
    version: "1.0",
    ...over,
  }) as DeploymentsRow;

test("the slider stands behind the last deployment that had happened", () => {
  assert.equal(stepAt([10, 20, 30], null), 3);
  assert.equal(stepAt([10, 20, 30], 20), 2);
  assert.equal(stepAt([10, 20, 30], 19), 1);
  assert.equal(stepAt([10, 20, 30], 5), 0);
  assert.equal(stepAt([], 5), 0);
});

test("a step of the slider says what happened", () => {
  const clock = Date.parse("2026-01-01T03:00:00Z");
  assert.equal(stepWords(deployment({}), clock), "cart 1.0 to prod, 3 h ago");
  assert.equal(
    stepWords(deployment({ kind: "rollback" }), clock),
    "cart 1.0 rolled back in prod, 3 h ago",
  );
  assert.equal(stepWords(deployment({ version: null }), clock), "cart to prod, 3 h ago");
  assert.equal(stepWords(undefined, clock), "before the first");
});

test("a pipeline that ended long ago is looked at in its own time, a run by its id", () => {
  const last = "2020-01-15T00:00:00.000Z";
  const place = placeOf({ what: "pipelinerun", id: "ci", name: "ci", last_at: last });
  assert.match(place, /^\/pipelines\?/);
  assert.match(place, /sel=ci/);
  assert.match(place, /from=2020-01-01T/);
  assert.match(place, /to=2020-01-15T00:01/);
  const recent = placeOf({ what: "build", id: "b", name: "b", last_at: new Date().toISOString() });
  assert.equal(recent, "/pipelines?kind=build&sel=b");
  assert.match(
    placeOf({ what: "pipelinerun", id: "ci/7", name: "ci", last_at: last }),
    /^\/journey\?/,
  );
});
