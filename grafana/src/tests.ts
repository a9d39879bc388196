// What is broken, what is flaky, what is slow, and since when.
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { DAYS, FROM, TO, ask, fromMultipleOf, list, series } from "./query";
import { choice, dashboard } from "./dashboard";
import { cellsOfTime, drawn, numbers, table, thresholds, words } from "./panels";
import { OUTCOME, URI, range } from "./shapes";

const STATES = words({ broken: ["✕ broken", "red"], flaky: ["~ flaky", "orange"], failing: ["✕ failing", "red"], healthy: ["● healthy", "green"] });
const everything = "array['broken', 'flaky', 'failing', 'healthy']";
const suites = { kind: "'testsuiterun'" };

export const tests = (): Dashboard => dashboard({
  name: "tests", title: "Tests", from: "now-14d", refresh: "5m",
  text: "Which tests are broken or flaky, how the suites did day by day, and how long they take.",
  variables: [choice("state", "State", { broken: "Broken", flaky: "Flaky", failing: "Failing", healthy: "Healthy" })
    .multi(true).current({ value: ["broken", "flaky", "failing"], text: ["Broken", "Flaky", "Failing"] })],
  annotated: {},
  panels: [
    numbers({
      id: 1, title: "Test cases that ran in this time", size: [24, 4], nothing: "No test case known in this time",
      text: "Broken: the last 3 runs failed and it passed before. Flaky: both outcomes on the same code (the same chain), or 4 changes of outcome within the last 30 runs. Failing: it never passed in this time.",
    }, ask("tests", { ...range, state: everything, limit: "100000" }, {
      also: {
        cases: "count(*)", broken: "count(*) filter (where state = 'broken')", flaky: "count(*) filter (where state = 'flaky')",
        failing: "count(*) filter (where state = 'failing')",
        fail_rate: "sum(failures)::double precision / nullif(sum(runs), 0)",
      },
      rest: "having count(*) > 0",
    }), {
      cases: "Cases", broken: { title: "Broken", more: [{ id: "thresholds", value: thresholds([null, "text"], [1, "red"]).build() }] },
      flaky: { title: "Flaky", more: [{ id: "thresholds", value: thresholds([null, "text"], [1, "orange"]).build() }] },
      failing: "Failing", fail_rate: { title: "Runs that failed", unit: "percentunit" },
    }),
    table({
      id: 2, title: "Test cases", size: [24, 11], page: "tests", nothing: "No such test case in this time",
      text: "Test cases that ran in the time shown and are in one of the chosen states, with the reason. History: the last 30 runs, the newest at the right, x failed. Cost: time of suite runs that failed only through flaky cases.",
    }, ask("tests", { ...range, state: list("state"), limit: "500" }, {
      columns: ["name", "case_id", "state", "because", "history", "fail_rate", "failures", "runs", "flips", "since", "last_outcome", "last_finished_at", "p50_s", "cost_s", "environments"],
    }), {
      name: "Name", case_id: "Id", state: { title: "State", mappings: STATES, width: 100 }, because: "Because", history: { title: "History", width: 260 },
      fail_rate: "Failed", failures: "Failures", runs: "Runs", flips: "Flips", since: "Since", last_outcome: OUTCOME, last_finished_at: "Last",
      p50_s: "Median", cost_s: "Cost", environments: "Where",
    }),
    cellsOfTime({
      id: 3, title: "Suites, day by day (UTC): share of runs that passed", size: [24, 9], unit: "percentunit", label: "name", page: "tests",
      nothing: "No suite ran in this time",
      text: "success / (success + failure + error) of the runs that finished on a day (UTC). An empty cell: none did.",
    }, ask("test-suites", { from: `date_trunc('day', ${FROM} at time zone 'UTC') at time zone 'UTC'`, to: TO }, {
      also: { time: "day" }, columns: ["name", "pass_rate"], rest: "where pass_rate is not null\norder by day",
    }), thresholds([null, "red"], [0.9, "orange"], [1, "green"])),
    drawn({
      id: 4, title: "Suite runs by outcome, per day or longer step (UTC)", size: [12, 9], unit: "none", stacked: true, page: "tests", nothing: "No suite ran in this time",
      text: "Runs of test suites that finished, by outcome.",
    }, series("run-series", suites, DAYS, ["success", "failure", "error"]), {
      success: { title: "success", more: [{ id: "color", value: { mode: "fixed", fixedColor: "green" } }] },
      failure: { title: "failure", more: [{ id: "color", value: { mode: "fixed", fixedColor: "red" } }] },
      error: { title: "error", more: [{ id: "color", value: { mode: "fixed", fixedColor: "orange" } }] },
    }),
    drawn({
      id: 5, title: "Duration of suites, per day or longer step (UTC)", size: [12, 9], unit: "s", label: "name", page: "tests", nothing: "No suite ran in this time",
      text: "Median duration of the runs of each suite.",
    }, ask("test-suites", { from: fromMultipleOf("interval '24 hours'"), to: TO }, { also: { time: "day" }, columns: ["name", "p50_s"], rest: "where p50_s is not null\norder by day" })),
    table({
      id: 6, title: "Runs of test cases that failed", size: [24, 10], page: "tests", nothing: "No test case failed in this time",
      text: "Runs of test cases with failure or error, newest first, at most 200.",
    }, ask("runs", { ...range, kind: "'testcaserun'", outcome: "array['failure', 'error']", limit: "200" }, {
      columns: ["finished_at", "name", "outcome", "reason", "duration_s", "environment_id", "uri", "run_id"],
    }), {
      finished_at: { title: "Finished", width: 170 }, name: "Name", outcome: OUTCOME, reason: "Why", duration_s: "Took", environment_id: "Environment", uri: URI, run_id: "Run",
    }),
  ],
});
