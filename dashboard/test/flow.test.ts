import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  DeliveryRow,
  DeliverySeriesRow,
  IncidentsRow,
  JourneyRow,
  LanesRow,
  PipelinesRow,
  RunsRow,
  TestSuitesRow,
} from "../src/data/api.ts";
import { filled, metrics, shown, stepMs, stepOf } from "../src/views/metrics.ts";
import { attention, byAttention, totals } from "../src/views/pipelines.tsx";
import { aroundOf, medianOf, postMortem } from "../src/views/postmortem.ts";
import { spanOf, wholeOf } from "../src/views/runs.tsx";
import { type Known, placesOf, stagesOf, summaryOf, viaWords } from "../src/views/stages.ts";
import { daysOf, lookOfRate, suitesOf } from "../src/views/suites.ts";

const begin = Date.parse("2026-01-10T00:00:00Z");
const hourMs = 3_600_000;
const time = (hours: number) => new Date(begin + hours * hourMs).toISOString();

// ---- journey

const step = (hours: number, over: Partial<JourneyRow>): JourneyRow => ({
  at: time(hours),
  step: "ran",
  subject: "pipelinerun",
  subject_id: "x",
  name: null,
  environment_id: null,
  service_id: null,
  outcome: null,
  duration_s: null,
  uri: null,
  via: "id",
  source: null,
  event_uid: null,
  ...over,
});
const deployed = (hours: number, environment: string, ran: number, kind = "upgrade") =>
  step(hours, {
    step: kind,
    subject: "service",
    subject_id: "cart",
    service_id: "cart",
    name: "2.0",
    environment_id: environment,
    duration_s: ran * 3600,
    via: "field: artifact",
  });
const clock = begin + 100 * hourMs;
const story: JourneyRow[] = [
  step(0, { step: "created", subject: "change", subject_id: "7" }),
  step(4, { step: "merged", subject: "change", subject_id: "7" }),
  step(5, { subject_id: "ci/1", name: "ci", outcome: "success", duration_s: 3600, via: "chain" }),
  step(5.1, { subject: "testsuiterun", subject_id: "s", name: "unit", outcome: "success" }),
  step(6, { step: "packaged", subject: "artifact", subject_id: "pkg:oci/cart@2.0", name: "2.0" }),
  deployed(8, "dev", 92),
  step(19, {
    subject_id: "deploy-prod/1",
    name: "deploy-prod",
    environment_id: "prod",
    service_id: "cart",
    outcome: "failure",
    duration_s: 3600,
    via: "chain",
  }),
  deployed(24, "prod", 1),
  step(24.5, {
    step: "incident",
    subject: "incident",
    subject_id: "INC-1",
    environment_id: "prod",
  }),
];
const known: Known[] = [
  { environment: "dev", production: false },
  { environment: "prod", production: true },
  { environment: "prod-2", production: true },
];
const runsIn = () => ["dev", "prod", "prod-2"];

test("where it is now: it runs, it went, or it never came", () => {
  const places = placesOf(story, known, runsIn, clock);
  assert.deepEqual(
    places.map((place) => [place.environment, place.at !== null, place.left]),
    [
      ["dev", true, null],
      ["prod", true, begin + 25 * hourMs],
      ["prod-2", false, null],
    ],
  );
  assert.deepEqual(
    places[1]!.attempts.map((run) => run.outcome),
    ["failure"],
  );
  assert.deepEqual(
    places[1]!.incidents.map((one) => one.subject_id),
    ["INC-1"],
  );
  assert.equal(places[0]!.incidents.length, 0);
});

test("stages stand in the order of time, and what belongs to a run is within it", () => {
  const stages = stagesOf(story, placesOf(story, known, runsIn, clock));
  assert.deepEqual(
    stages.map((stage) => stage.title),
    ["7", "ci", "2.0", "dev", "prod"],
  );
  assert.equal(stages[1]!.rows.length, 2);
  assert.equal(stages[0]!.end - stages[0]!.at, 4 * hourMs);
});

test("the lead time is from the merge to the first production; runs are work, the rest is waiting", () => {
  const { leadTime, waiting } = summaryOf(story, placesOf(story, known, runsIn, clock), known);
  assert.equal(leadTime, 20 * 3600);
  // 1 h of ci and 1 h of the deployment of 20 h
  assert.ok(Math.abs(waiting! - 0.9) < 1e-9);
});

test("runs that overlap are counted once", () => {
  const rows = [
    step(0, { step: "merged", subject: "change", subject_id: "7" }),
    step(0, { subject_id: "a", duration_s: 4 * 3600 }),
    step(2, { subject_id: "b", duration_s: 4 * 3600 }),
    deployed(12, "prod", 1),
  ];
  const { waiting } = summaryOf(rows, placesOf(rows, known, runsIn, clock), known);
  assert.equal(waiting, 0.5);
});

test("without a merge or without production there is no lead time, not 0", () => {
  for (const rows of [
    story.filter((row) => row.step !== "merged"),
    story.filter((row) => row.environment_id !== "prod"),
  ])
    assert.deepEqual(summaryOf(rows, placesOf(rows, known, runsIn, clock), known), {
      leadTime: null,
      waiting: null,
    });
  assert.deepEqual(stagesOf([], []), []);
});

test("a build without a pipeline is a stage of its own, and one without an outcome has finished", () => {
  const rows = [step(1, { subject: "build", subject_id: "b", duration_s: 60 })];
  const [stage] = stagesOf(rows, []);
  assert.equal(stage!.look, "finished");
});

test("how steps are known is counted by its kind", () => {
  assert.equal(viaWords(story), "6 by id, 2 by chain, 2 by field".replace("6 by id", "5 by id"));
});

// ---- pipelines

const pipeline = (name: string, over: Partial<PipelinesRow> = {}): PipelinesRow => ({
  name,
  runs: 10,
  pass_rate: 1,
  success: 10,
  failure: 0,
  error: 0,
  cancelled: 0,
  p50_s: 1,
  p95_s: 2,
  queue_p95_s: null,
  change: null,
  last_outcome: "success",
  last_finished_at: null,
  failing_since: null,
  open: 0,
  stuck: 0,
  recent_outcomes: [],
  recent_durations_s: [],
  ...over,
});

test("what needs attention comes first: stuck, failing now, slower by a quarter", () => {
  const rows = [
    pipeline("calm"),
    pipeline("slow", { change: 0.39 }),
    pipeline("noise", { change: 0.2 }),
    pipeline("failing", { failing_since: time(0) }),
    pipeline("stuck", { stuck: 1, open: 1 }),
  ];
  assert.deepEqual(
    byAttention(rows).map((row) => row.name),
    ["stuck", "failing", "slow", "calm", "noise"],
  );
  assert.equal(attention(rows[0]!), null);
  assert.equal(attention(pipeline("x", { open: 2 }))?.words, "2 running");
});

test("cancelled runs are no verdict, and no verdict is no rate", () => {
  assert.deepEqual(totals([pipeline("x", { runs: 3, success: 0, cancelled: 3 })]), {
    runs: 3,
    pass: null,
  });
  assert.equal(totals([pipeline("x", { success: 3, failure: 1 })]).pass, 0.75);
  assert.equal(totals([]).pass, null);
});

const run = (from: number | null, to: number | null, state = "finished"): RunsRow => ({
  name: null,
  run_id: "r",
  state,
  outcome: null,
  reason: null,
  queued_at: null,
  started_at: from === null ? null : time(from),
  finished_at: to === null ? null : time(to),
  duration_s: null,
  queue_s: null,
  environment_id: null,
  uri: null,
  source: "s",
  run_key: "k",
  parent_key: null,
});

test("a run that goes on ends now; one of which nothing is known has no span", () => {
  assert.deepEqual(spanOf(run(1, null, "running"), clock), { from: begin + hourMs, to: clock });
  assert.equal(spanOf(run(null, null), clock), null);
  assert.deepEqual(spanOf(run(3, 2), clock), { from: begin + 3 * hourMs, to: begin + 3 * hourMs });
  assert.deepEqual(wholeOf([run(1, 2), run(0, 5)], clock), { from: begin, to: begin + 5 * hourMs });
});

// ---- tests

const suite = (day: number, name: string, over: Partial<TestSuitesRow> = {}): TestSuitesRow => ({
  day: new Date(begin + day * 24 * hourMs).toISOString(),
  name,
  runs: 4,
  success: 4,
  pass_rate: 1,
  p50_s: null,
  ...over,
});

test("suites stand by day, those that fail most first; a day without a run is empty", () => {
  const days = daysOf(begin, begin + 72 * hourMs);
  assert.equal(days.length, 3);
  const suites = suitesOf(
    [
      suite(0, "good"),
      suite(0, "bad", { success: 1, pass_rate: 0.25 }),
      suite(2, "bad", { success: 0, pass_rate: 0 }),
      suite(0, "skipped", { success: 0, pass_rate: null }),
      suite(9, "elsewhere"),
    ],
    days,
  );
  assert.deepEqual(
    suites.map((one) => [one.name, one.pass]),
    [
      ["bad", 0.125],
      ["good", 1],
      ["skipped", null],
    ],
  );
  assert.equal(suites[0]!.days[1], null);
});

test("a long time shows its newest days", () => {
  const days = daysOf(begin - 400 * 24 * hourMs, begin + hourMs, 60);
  assert.equal(days.length, 60);
  assert.equal(days.at(-1), begin);
});

test("a rate is told by a sign too", () => {
  const signs = [1, 0.5, 0.49, null].map((rate) => lookOfRate(rate).sign);
  assert.deepEqual(signs, ["■", "◧", "✕", "·"]);
});

// ---- delivery

const delivery = (over: Partial<DeliveryRow> = {}): DeliveryRow => ({
  period: "asked",
  since: time(0),
  until: time(720),
  days: 30,
  deployments: 90,
  rollbacks: 1,
  deployments_per_day: 3,
  days_with_deployment: 20,
  lead_time_p50_s: 3600 * 12,
  lead_time_p90_s: null,
  lead_time_changes: 80,
  lead_time_linked: 87,
  lead_time_coverage: 87 / 90,
  failed: 2,
  change_fail_rate: 2 / 90,
  recovery_p50_s: 3240,
  recovery_n: 2,
  unplanned: 5,
  rework_rate: 5 / 91,
  ...over,
});
const nothing = delivery({
  days: 0,
  deployments: null,
  rollbacks: null,
  deployments_per_day: null,
  lead_time_p50_s: null,
  lead_time_changes: null,
  lead_time_linked: null,
  failed: null,
  change_fail_rate: null,
  recovery_p50_s: null,
  recovery_n: null,
  unplanned: null,
  rework_rate: null,
});
const metric = (id: string) => metrics.find((one) => one.id === id)!;

test("no data is a dash in all five, never 0, and has no change", () => {
  for (const one of metrics)
    for (const row of [nothing, undefined]) {
      const card = shown(one, row, delivery());
      assert.equal(card.value, "–");
      assert.equal(card.change, null);
      assert.equal(card.few, false);
    }
});

test("a rate of no deployments is no rate, whatever the answer says", () => {
  const none = delivery({ deployments: 0, change_fail_rate: 0, deployments_per_day: 0 });
  assert.equal(shown(metric("fail-rate"), none).value, "–");
  assert.equal(shown(metric("frequency"), none).value, "0 / day");
});

test("each says what it rests on, how it changed, and whether that is better", () => {
  const before = delivery({
    deployments_per_day: 2,
    lead_time_p50_s: 3600 * 30,
    change_fail_rate: 0.01,
  });
  const frequency = shown(metric("frequency"), delivery(), before);
  assert.deepEqual(frequency.change, { words: "+50 %", verdict: "better" });
  const lead = shown(metric("lead-time"), delivery(), before);
  assert.equal(lead.value, "12 h");
  assert.equal(lead.basis, "87 of 90 deployments linked, 80 changes");
  assert.deepEqual(lead.change, { words: "−18 h", verdict: "better" });
  assert.deepEqual(shown(metric("fail-rate"), delivery(), before).change, {
    words: "+1.2 pt",
    verdict: "worse",
  });
});

test("few are grey, and of few nothing is called better or worse", () => {
  const card = shown(metric("recovery"), delivery(), delivery({ recovery_p50_s: 60 }));
  assert.equal(card.few, true);
  assert.equal(card.change?.verdict, "same");
  assert.equal(shown(metric("recovery"), delivery(), nothing).change, null);
});

test("the steps of a series: what is counted is 0 where nothing was, what is a ratio is not", () => {
  assert.equal(stepOf(0, 30 * 86_400_000), "3d");
  assert.equal(stepMs("3d"), 3 * 86_400_000);
  const rows = [
    { time: time(24), deployments_per_day: 2, change_fail_rate: 0.5 },
  ] as DeliverySeriesRow[];
  const over = (figure: "deployments_per_day" | "change_fail_rate") =>
    filled(rows, figure, begin, begin + 72 * hourMs, 24 * hourMs);
  assert.deepEqual(over("deployments_per_day"), [0, 2, 0]);
  assert.deepEqual(over("change_fail_rate"), [null, 0.5, null]);
  assert.deepEqual(filled([], "deployments_per_day", begin, begin + hourMs, hourMs), [null]);
});

// ---- incidents

const incident: IncidentsRow = {
  incident_id: "INC-1",
  open: false,
  service_id: "cart",
  team: null,
  environment_id: "prod",
  began_at: time(2),
  resolved_at: time(3),
  time_to_restore_s: 3600,
  description: "down *hard*\n# not a heading",
  ticket_uri: "https://tickets.example.com/1",
  suspect: null,
  suspect_because: null,
  suspect_deployed_at: null,
  source: "s",
} as IncidentsRow;

test("around an incident: two hours before to one after, never beyond now", () => {
  assert.deepEqual(aroundOf(incident, clock), { from: begin, to: begin + 4 * hourMs });
  const open = aroundOf({ began_at: time(2), resolved_at: null }, begin + 2.5 * hourMs + 1);
  assert.equal(open.to, begin + 2.5 * hourMs + 60_000);
});

test("the post-mortem tells what happened in order; what events say stays text", () => {
  const rows = [
    {
      service_id: "cart",
      environment_id: "prod",
      version: "2.0",
      valid_from: time(1),
      kind: "upgrade",
      previous_version: "1.0",
      actor: "ann",
    },
    {
      service_id: "cart",
      environment_id: "prod",
      version: "1.0",
      valid_from: time(2.5),
      kind: "rollback",
      previous_version: "2.0",
      actor: null,
    },
    {
      service_id: "cart",
      environment_id: "prod",
      version: "0.9",
      valid_from: time(-50),
      kind: "upgrade",
      previous_version: null,
      actor: null,
    },
  ] as LanesRow[];
  const text = postMortem(incident, [], rows, aroundOf(incident, clock));
  const lines = text.split("\n").filter((line) => line.startsWith("- 2026"));
  assert.deepEqual(
    lines.map((line) => line.slice(23)),
    [
      "cart 2.0 in prod (instead of 1.0) by ann",
      "**INC-1 began**",
      "cart 1.0 in prod (rolled back from 2.0)",
      "**INC-1 resolved**",
    ],
  );
  assert.match(text, /^# INC-1: down \\\*hard\\\* \\# not a heading\n/);
  assert.doesNotMatch(text, /0\.9|null|undefined/);
});

test("a median is of what is known, with its n; of nothing there is none", () => {
  assert.equal(medianOf([null]), null);
  assert.deepEqual(medianOf([3, null, 1]), { median: 2, n: 2 });
});
