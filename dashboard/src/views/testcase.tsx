// One test case: why it is judged so, and its runs.
import { Ago, Id, Moment, Outcome, Outside, Text } from "../components/basics.tsx";
import { Drawer } from "../components/drawer.tsx";
import { Answered } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import type { TestCaseRow, TestsRow } from "../data/api.ts";
import { useApi } from "../data/use.ts";
import { clip, duration, plural } from "../format.ts";
import { fateOf, RunChart } from "../marks/runs.tsx";
import { go, href } from "../state/location.ts";
import { now, range, rangeText } from "../state/range.ts";

/// The suite run that a run of a case is part of.
const suitePlace = (one: TestCaseRow): string =>
  href("pipelines", { kind: "testsuiterun", sel: one.suite_name, run: one.suite_run_key });

export function CaseDrawer({ id, row }: { id: string; row: TestsRow | null }) {
  const name = row?.name ?? id;
  const asked = useApi<TestCaseRow>(`/tests/cases/${encodeURIComponent(id)}`, {
    ...rangeText.value,
    limit: 200,
  });
  return (
    <Drawer
      about={id}
      name={clip(name, 80)}
      title={<Id id={name} whole />}
      asked={asked}
      actions={
        <a class="button" data-view href={href("events", { subject: "testcaserun", q: id })}>
          events
        </a>
      }
      explain={<p>The runs of this case within the time, newest first; at most 200.</p>}
    >
      {row && (
        <div class="facts">
          <p>
            <Outcome name={row.state} />
            {row.because && <>: {clip(row.because, 120)}</>}
            {row.since && (
              <>
                , since <Ago time={row.since} />
              </>
            )}
            . {plural(row.failures, "failure")} in {plural(row.runs, "run")}, median{" "}
            {duration(row.p50_s)}
            {row.cost_s !== null && <>; cost {duration(row.cost_s)} of suite runs</>}.
          </p>
          {row.environments.length > 0 && (
            <p class="muted">
              ran in{" "}
              {row.environments.map((one, index) => (
                <span key={one}>
                  {index > 0 && ", "}
                  <Id id={one} />
                </span>
              ))}
            </p>
          )}
        </div>
      )}
      <Answered asked={asked} needs={["testcaserun"]} filters={[]} what="No run" skeletonRows={4}>
        {(rows) => (
          <>
            <div class="inside">
              <RunChart
                rows={rows}
                range={range.value}
                now={now.value}
                p95={null}
                label={`Runs of ${clip(name, 80)}`}
                open={(one) => one.suite_name && go(suitePlace(one))}
              />
            </div>
            <Table<TestCaseRow>
              label={`Runs of ${clip(name, 80)}`}
              rows={rows.slice(0, 100)}
              keyOf={(one) => one.run_key}
              cells={[
                { title: "outcome", draw: (one) => <Outcome name={fateOf(one)} /> },
                {
                  title: "finished",
                  class: "nowrap",
                  draw: (one) => <Moment time={one.finished_at ?? one.started_at} />,
                },
                { title: "took", number: true, draw: (one) => duration(one.duration_s) },
                { title: "environment", draw: (one) => <Id id={one.environment_id} /> },
                {
                  title: "suite",
                  draw: (one) =>
                    one.suite_name ? (
                      <a data-view title={one.suite_run_id ?? ""} href={suitePlace(one)}>
                        <Id id={one.suite_name} whole />
                      </a>
                    ) : (
                      <Id id={null} />
                    ),
                },
                { title: "run", draw: (one) => <Id id={one.run_id} whole /> },
                { title: "severity", draw: (one) => <Text text={one.severity} max={20} /> },
                { title: "reason", draw: (one) => <Text text={one.reason} max={120} /> },
                { title: "", draw: (one) => <Outside uri={one.uri}>run</Outside> },
              ]}
            />
          </>
        )}
      </Answered>
    </Drawer>
  );
}
