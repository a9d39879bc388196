// Which pipelines fail, got slower, wait or are stuck.
import { TableCellDisplayMode } from "@grafana/grafana-foundation-sdk/common";
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import * as tables from "@grafana/grafana-foundation-sdk/table";
import { PostgresQuery, STEP, ask, one, series } from "./query";
import { choice, dashboard, pipeline } from "./dashboard";
import { STATES, drawn, place, table, type Placed } from "./panels";
import { OUTCOME, URI, range } from "./shapes";

const KIND = "${kind:sqlstring}";
const runs = { kind: KIND, name: one("pipeline") };

/** The durations as a small line in a cell: a built-in transformation and cell, no plugin. */
const sparklines = (): Placed => {
  const answer = ask("runs", { ...range, ...runs, limit: "5000" }, {
    also: { time: "finished_at" }, columns: ["name", "duration_s"], rest: "where finished_at is not null and duration_s is not null and name is not null\norder by finished_at",
  });
  const panel = new tables.PanelBuilder().withTarget(new PostgresQuery(answer.sql, "time_series")).showHeader(true).unit("s")
    .withTransformation({ id: "timeSeriesTable", options: { A: { stat: "lastNotNull" } } })
    .overrideByName("name", [{ id: "displayName", value: "Name" }, { id: "custom.width", value: 220 }])
    .overrideByRegexp("/^Trend/", [{ id: "displayName", value: "Durations, oldest first; the last" }, { id: "custom.cellOptions", value: { type: TableCellDisplayMode.Sparkline, drawStyle: "bars", fillOpacity: 60, hideValue: false } }]);
  return place(panel, {
    id: 7, title: "Duration of every run", size: [12, 10], page: "pipelines", nothing: "No run finished in this time",
    text: "Of the last 5,000 runs that finished in the time shown, the duration of each, by name.",
  });
};

export const pipelines = (): Dashboard => dashboard({
  name: "pipelines", title: "Pipelines", from: "now-7d", refresh: "1m",
  text: "Which pipelines, tasks or builds fail, became slower, wait, or are stuck.",
  variables: [choice("kind", "Kind", { pipelinerun: "Pipelines", taskrun: "Tasks", build: "Builds", testsuiterun: "Test suites" }), pipeline()],
  annotated: {},
  panels: [
    table({
      id: 1, title: "Which need attention", size: [24, 12], page: "pipelines", nothing: "No run finished in this time",
      text: "Runs that finished in the time shown, by name: failing now first, then those slower by a quarter or more than in the equally long time before. Passed: success / (success + failure + error), cancelled ones left out. In \"Last 30\" the newest is at the right: ● success, ✕ failure or error, – anything else.",
    }, ask("pipelines", { ...range, kind: KIND, limit: "500" }, {
      also: { last_30: "(select string_agg(case outcome when 'success' then '●' when 'failure' then '✕' when 'error' then '✕' else '–' end, '' order by place) from unnest(recent_outcomes) with ordinality r (outcome, place))" },
      columns: ["name", "last_outcome", "last_finished_at", "failing_since", "runs", "pass_rate", "p50_s", "p95_s", "queue_p95_s", "change", "open", "stuck"],
    }), {
      last_30: { title: "Last 30", width: 280 }, name: "Name", last_outcome: OUTCOME, last_finished_at: "Last finished", failing_since: "Failing since", runs: "Runs", pass_rate: "Passed",
      p50_s: "Median", p95_s: "95 %", queue_p95_s: "Queue, 95 %", change: "Slower by", open: "Open", stuck: "Stuck",
    }),
    drawn({
      id: 2, title: "Runs by outcome", size: [12, 9], unit: "none", stacked: true, page: "pipelines", nothing: "No run finished in this time",
      text: "Runs that finished, by outcome. Choose a name above to see it alone.",
    }, series("run-series", runs, STEP, ["success", "failure", "error", "cancelled"]), {
      success: { title: "success", more: [{ id: "color", value: { mode: "fixed", fixedColor: "green" } }] },
      failure: { title: "failure", more: [{ id: "color", value: { mode: "fixed", fixedColor: "red" } }] },
      error: { title: "error", more: [{ id: "color", value: { mode: "fixed", fixedColor: "orange" } }] },
      cancelled: { title: "cancelled", more: [{ id: "color", value: { mode: "fixed", fixedColor: "text" } }] },
    }),
    drawn({
      id: 3, title: "Duration", size: [12, 9], unit: "s", page: "pipelines", nothing: "No run finished in this time",
      text: "Median and 95th percentile of the durations, and of the time in the queue, of runs that finished in each step. A step without runs has no point.",
    }, series("run-series", runs, STEP, [], { columns: ["p50_s", "p95_s", "queue_p95_s"] }), { p50_s: "median", p95_s: "95 %", queue_p95_s: "queue, 95 %" }),
    table({
      id: 4, title: "Queued, running or stuck now", size: [24, 7], page: "pipelines", nothing: "Nothing is open",
      text: "Runs that are open now, the longest first. Stuck: three times as long as 95 % of the last 100 of that name. Without an event for 24 hours they are left out.",
    }, ask("open-runs", { kind: KIND }, { columns: ["name", "run_id", "state", "open_s", "typical_p95_s", "environment_id", "uri", "source"] }), {
      name: "Name", run_id: "Run", state: { title: "State", mappings: STATES, width: 110 }, open_s: "For", typical_p95_s: "Usually at most (95 %)",
      environment_id: "Environment", uri: URI, source: "From",
    }),
    table({
      id: 5, title: "Runs that did not pass", size: [12, 10], page: "pipelines", nothing: "No run failed in this time",
      text: "Runs with failure or error, newest first, at most 200.",
    }, ask("runs", { ...range, ...runs, outcome: "array['failure', 'error']", limit: "200" }, { columns: ["finished_at", "name", "run_id", "outcome", "reason", "duration_s", "uri"] }), {
      finished_at: { title: "Finished", width: 170 }, name: "Name", run_id: "Run", outcome: OUTCOME, reason: "Why", duration_s: "Took", uri: URI,
    }),
    sparklines(),
  ],
});
