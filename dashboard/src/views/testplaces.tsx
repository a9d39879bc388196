// Where tests fail: a test that fails in one environment alone speaks of the environment.
import type { ComponentChildren } from "preact";
import { Ago, Id } from "../components/basics.tsx";
import { Panel } from "../components/panel.tsx";
import { Answered } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import type { TestEnvironmentsRow } from "../data/api.ts";
import { useApi } from "../data/use.ts";
import { clip, count, duration, percent, plural } from "../format.ts";
import { href } from "../state/location.ts";
import { rangeText } from "../state/range.ts";

/// Fewer runs say little.
const few = 5;

function OnlyHere({ row }: { row: TestEnvironmentsRow }) {
  if (row.only_here.length === 0) return <span class="muted">–</span>;
  return (
    <>
      {row.only_here.map((one, index) => (
        <span key={one}>
          {index > 0 && ", "}
          <a data-view href={href("tests", { tab: "cases", sel: one })}>
            <bdi>{clip(one, 80)}</bdi>
          </a>
        </span>
      ))}
    </>
  );
}

export function TestEnvironments({ controls }: { controls: ComponentChildren }) {
  const asked = useApi<TestEnvironmentsRow>("/tests/environments", rangeText.value);
  const rows = asked.body?.data ?? [];
  return (
    <Panel
      id="places"
      title="Tests by environment"
      asked={asked}
      controls={controls}
      note={rows.length > 0 && plural(rows.length, "environment")}
      explain={
        <p>
          Where the runs of test cases say that they ran. The pass rate is success / (success +
          failure + error). “Fails only here” names the cases that failed in this environment at
          least once, and passed wherever else they ran within the time: there it is rather the
          place than the code.
        </p>
      }
    >
      <Answered asked={asked} needs={["testcaserun"]} filters={[]} what="No test case">
        {(all) => (
          <Table<TestEnvironmentsRow>
            label="Tests by environment"
            rows={all}
            keyOf={(row) => row.environment_id ?? ""}
            sortParam="sort"
            cells={[
              {
                title: "environment",
                draw: (row) =>
                  row.environment_id === null ? (
                    <span class="muted">not said</span>
                  ) : (
                    <a
                      data-view
                      data-row
                      href={href("events", {
                        q: `subject:testcaserun env:"${row.environment_id.replaceAll('"', "")}"`,
                      })}
                    >
                      <Id id={row.environment_id} whole />
                    </a>
                  ),
                by: (row) => row.environment_id,
              },
              {
                title: "cases",
                number: true,
                draw: (row) => count(row.cases),
                by: (row) => row.cases,
              },
              {
                title: "pass rate",
                number: true,
                draw: (row) => (
                  <span class={row.runs < few ? "few" : ""}>
                    {percent(row.pass_rate)} <span class="muted">of {count(row.runs)}</span>
                  </span>
                ),
                by: (row) => row.pass_rate,
              },
              {
                title: "failing cases",
                number: true,
                draw: (row) => count(row.failing_cases),
                by: (row) => row.failing_cases,
              },
              { title: "fails only here", draw: (row) => <OnlyHere row={row} /> },
              {
                title: "p50",
                number: true,
                draw: (row) => duration(row.p50_s),
                by: (row) => row.p50_s,
              },
              {
                title: "last",
                class: "nowrap",
                draw: (row) => <Ago time={row.last_finished_at} />,
                by: (row) => row.last_finished_at,
              },
            ]}
          />
        )}
      </Answered>
    </Panel>
  );
}
