// V7: what is broken, what is flaky, what is slow, since when?
import type { ComponentChildren } from "preact";
import { Ago, Id, Outcome, Text } from "../components/basics.tsx";
import { Panel } from "../components/panel.tsx";
import { Answered } from "../components/states.tsx";
import { type Cell, Table } from "../components/table.tsx";
import type { TestSuitesRow, TestsRow } from "../data/api.ts";
import { seenSubjects } from "../data/meta.ts";
import { useApi } from "../data/use.ts";
import { clip, count, duration, percent, plural, shortName, tick } from "../format.ts";
import { param, setParams } from "../state/location.ts";
import { range, rangeText } from "../state/range.ts";
import { day, iso, own } from "../state/time.ts";
import { daysOf, lookOfRate, type Suite, suitesOf } from "./suites.ts";
import { CaseDrawer } from "./testcase.tsx";
import { TestEnvironments } from "./testplaces.tsx";

const tabs = {
  attention: "Needs attention",
  suites: "Suites",
  cases: "All cases",
  environments: "Environments",
} as const;
type Tab = keyof typeof tabs;

const Tabs = ({ tab }: { tab: Tab }) => (
  <div class="group" role="group" aria-label="What is shown">
    {(Object.keys(tabs) as Tab[]).map((one) => (
      <button
        key={one}
        type="button"
        class={`button ${one === tab ? "on" : ""}`}
        aria-pressed={one === tab}
        onClick={() => setParams({ tab: one === "attention" ? null : one, sel: null, sort: null })}
      >
        {tabs[one]}
      </button>
    ))}
  </div>
);

/// The last runs, oldest first: a dot passed, a cross failed.
export function History({ history }: { history: string }) {
  const failed = [...history].filter((one) => one === "x").length;
  return (
    <span
      class="history"
      role="img"
      aria-label={`${failed} of the last ${history.length} runs failed`}
      title="oldest first; ✕ failed"
    >
      {[...history].map((one, index) => (
        <i key={index} class={one === "x" ? "fail" : "muted"}>
          {one === "x" ? "✕" : "·"}
        </i>
      ))}
    </span>
  );
}

const few = 5;
const cells: readonly Cell<TestsRow>[] = [
  {
    title: "state",
    draw: (row) => <Outcome name={row.state} />,
    by: (row) => ["broken", "flaky", "failing", "healthy"].indexOf(row.state),
  },
  {
    title: "case",
    draw: (row) => (
      <b>
        <Id id={row.name ?? row.case_id} whole />
      </b>
    ),
    by: (row) => row.name ?? row.case_id,
  },
  { title: "last 30 runs", draw: (row) => <History history={row.history} /> },
  {
    title: "fails",
    number: true,
    draw: (row) => (
      <span class={row.runs < few ? "few" : ""} title={percent(row.fail_rate)}>
        {count(row.failures)} <span class="muted">of {count(row.runs)}</span>
      </span>
    ),
    by: (row) => row.fail_rate,
  },
  { title: "flips", number: true, draw: (row) => count(row.flips), by: (row) => row.flips },
  {
    title: "since",
    class: "nowrap",
    draw: (row) => <Ago time={row.since} />,
    by: (row) => row.since,
  },
  { title: "p50", number: true, draw: (row) => duration(row.p50_s), by: (row) => row.p50_s },
  {
    title: "cost",
    number: true,
    draw: (row) => duration(row.cost_s),
    by: (row) => row.cost_s,
  },
  { title: "because", draw: (row) => <Text text={row.because} max={80} /> },
];

function Cases({ rows }: { rows: readonly TestsRow[] }) {
  const selected = param("sel");
  return (
    <Table<TestsRow>
      label="Test cases"
      rows={rows}
      cells={cells}
      keyOf={(row) => row.case_id}
      sortParam="sort"
      selected={(row) => row.case_id === selected}
      open={(row) => setParams({ sel: row.case_id === selected ? null : row.case_id })}
    />
  );
}

const lookAtDay = (begin: number) =>
  setParams({ from: iso(begin), to: iso(begin + day), tab: "suites" });

function Heat({ suites, days }: { suites: readonly Suite[]; days: readonly number[] }) {
  return (
    <div class="scroll" role="region" aria-label="Suites by day" tabIndex={0}>
      <table class="rows heat">
        <thead>
          <tr>
            <th scope="col">suite</th>
            <th scope="col" class="number">
              pass rate
            </th>
            {days.map((one, index) => (
              <th key={one} scope="col">
                <span class={index % 7 === days.length % 7 ? "" : "hidden"}>
                  {tick(one, day, "utc")}
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {suites.map((suite) => (
            <tr key={suite.name}>
              <th scope="row">
                <Id id={suite.name} whole />
              </th>
              <td class="number">
                <span class={suite.runs < few ? "few" : ""}>
                  {percent(suite.pass)} <span class="muted">of {count(suite.runs)}</span>
                </span>
              </td>
              {suite.days.map((row, index) => (
                <td key={days[index]!}>
                  {row ? <Day row={row} at={days[index]!} /> : <span class="none" />}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Day({ row, at }: { row: TestSuitesRow; at: number }) {
  const look = lookOfRate(row.pass_rate);
  const words = `${shortName(row.name)}, ${tick(at, day, "utc")}: ${row.success} of ${plural(row.runs, "run")} passed${row.p50_s === null ? "" : `, ${duration(row.p50_s)}`}`;
  return (
    <button
      type="button"
      class={`day ${look.tone}`}
      aria-label={words}
      title={words}
      onClick={() => lookAtDay(at)}
    >
      {look.sign}
    </button>
  );
}

function Suites({ controls }: { controls: ComponentChildren }) {
  const asked = useApi<TestSuitesRow>("/tests/suites", rangeText.value);
  const days = daysOf(range.value.from, range.value.to);
  const suites = suitesOf(asked.body?.data ?? [], days);
  const runs = suites.reduce((n, suite) => n + suite.runs, 0);
  return (
    <Panel
      id="suites"
      title="Test suites"
      asked={asked}
      controls={controls}
      note={runs > 0 && `${plural(suites.length, "suite")} · ${plural(runs, "run")}`}
      explain={
        <p>
          A square is a suite on a day (UTC): ■ every run passed, ◧ at least half of them, ✕ fewer;
          no square: no run. The rate is success / (success + failure + error). A click on a square
          shows that day alone. At most 60 days are drawn, the newest.
        </p>
      }
    >
      <Answered
        asked={asked}
        needs={["testsuiterun"]}
        filters={[]}
        what="No suite"
        skeletonRows={8}
      >
        {() => <Heat suites={suites} days={days} />}
      </Answered>
    </Panel>
  );
}

const explainCases = (
  <p>
    Flaky: both outcomes on the same code (the same artifact, change or chain), or, where the events
    do not say what it ran on, at least 4 changes of outcome within its last 30 runs (“by history”).
    Broken: the last 3 runs failed and it passed before. Failing: the last run failed, and neither
    of the two is known. Since: the first failure that speaks for it. Cost: the time of the suite
    runs that failed only through flaky cases, this one among them.
  </p>
);

function Attention({ controls, all }: { controls: ComponentChildren; all: boolean }) {
  const asked = useApi<TestsRow>("/tests/cases", {
    ...rangeText.value,
    state: all ? ["broken", "flaky", "failing", "healthy"] : null,
    limit: 500,
  });
  const wanted = (param("q") ?? "").toLowerCase();
  const rows = (asked.body?.data ?? []).filter((row) =>
    `${row.name ?? ""}\n${row.case_id}`.toLowerCase().includes(wanted),
  );
  const of = (state: string) => rows.filter((row) => row.state === state).length;
  const selected = param("sel");
  return (
    <>
      <Panel
        id="cases"
        title={all ? "Test cases" : "Tests that need attention"}
        asked={asked}
        controls={
          <>
            {controls}
            <input
              type="search"
              aria-label="Only cases with this text"
              placeholder="case"
              value={param("q") ?? ""}
              onInput={(event) => setParams({ q: event.currentTarget.value || null }, true)}
            />
          </>
        }
        note={
          rows.length > 0 && (
            <>
              {["broken", "flaky", "failing", "healthy"]
                .filter((state) => of(state) > 0)
                .map((state) => `${of(state)} ${state}`)
                .join(" · ")}
            </>
          )
        }
        explain={explainCases}
      >
        <Answered
          asked={asked}
          needs={["testcaserun"]}
          filters={["q"]}
          what="No case"
          showEmpty={seenSubjects.value.has("testcaserun")}
        >
          {() =>
            rows.length > 0 ? (
              <Cases rows={rows} />
            ) : (
              <div class="empty" role="status">
                <p>
                  <b>
                    {wanted
                      ? `No case here has “${clip(wanted, 60)}” in its name.`
                      : "No test that ran in this time is broken, flaky or failing."}
                  </b>
                </p>
                <button
                  type="button"
                  class="button"
                  onClick={() => setParams(wanted ? { q: null } : { tab: "cases" })}
                >
                  {wanted ? "Clear this filter" : "Show all cases"}
                </button>
              </div>
            )
          }
        </Answered>
      </Panel>
      {selected !== null && (
        <CaseDrawer
          id={selected}
          row={(asked.body?.data ?? []).find((one) => one.case_id === selected) ?? null}
        />
      )}
    </>
  );
}

export function Tests() {
  const wanted = param("tab") ?? "attention";
  const tab: Tab = own(tabs, wanted) ? (wanted as Tab) : "attention";
  const controls = <Tabs tab={tab} />;
  if (tab === "suites") return <Suites controls={controls} />;
  if (tab === "environments") return <TestEnvironments controls={controls} />;
  return <Attention key={tab} controls={controls} all={tab === "cases"} />;
}
