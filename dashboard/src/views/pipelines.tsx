// V6: which pipelines fail or got slower, where is the time, what is running or stuck?
import { Ago, Id, lookOf, Outcome, Outside, Sign } from "../components/basics.tsx";
import { Panel } from "../components/panel.tsx";
import { Answered } from "../components/states.tsx";
import { type Cell, Table } from "../components/table.tsx";
import type { OpenRunsRow, PipelinesRow } from "../data/api.ts";
import { useApi } from "../data/use.ts";
import { clip, count, duration, percent, plural, signed } from "../format.ts";
import { RunBars } from "../marks/spark.tsx";
import { param, setParams } from "../state/location.ts";
import { rangeText } from "../state/range.ts";
import { own } from "../state/time.ts";
import { RunsDrawer } from "./runs.tsx";

export const kinds: Readonly<Record<string, string>> = {
  pipelinerun: "pipeline",
  taskrun: "task",
  build: "build",
  testsuiterun: "test suite",
};

/// From here on a change of the median is told: below, it is noise.
export const slowerFrom = 0.25;
/// Fewer runs say little.
export const fewBelow = 5;

/// In words what a pipeline needs attention for, most urgent first; null if for nothing.
export function attention(
  row: Pick<PipelinesRow, "stuck" | "failing_since" | "change" | "open">,
): { sign: string; words: string } | null {
  if (row.stuck > 0) return { sign: "stuck", words: `${row.stuck} stuck` };
  if (row.failing_since) return { sign: "failure", words: "failing" };
  if ((row.change ?? 0) >= slowerFrom) return { sign: "hotfix", words: "slower" };
  if (row.open > 0) return { sign: "running", words: `${row.open} running` };
  return null;
}

/// The most urgent first; those alike stay in the order in which the server gave them.
export const byAttention = (rows: readonly PipelinesRow[]): PipelinesRow[] =>
  [...rows].sort((a, b) => urgency(a) - urgency(b));

/// All runs together; the share is null when none of them is a verdict.
export function totals(rows: readonly PipelinesRow[]): { runs: number; pass: number | null } {
  const sum = (of: (row: PipelinesRow) => number) => rows.reduce((n, row) => n + of(row), 0);
  const judged = sum((row) => row.success + row.failure + row.error);
  return {
    runs: sum((row) => row.runs),
    pass: judged === 0 ? null : sum((row) => row.success) / judged,
  };
}

const urgencies = ["stuck", "failure", "hotfix"];
const urgency = (row: PipelinesRow): number => {
  const place = urgencies.indexOf(attention(row)?.sign ?? "");
  return place < 0 ? urgencies.length : place;
};

const Trend = ({ change }: { change: number | null }) => {
  if (change === null) return <span class="muted">–</span>;
  const words = signed(Math.round(change * 100), (one) => `${one} %`);
  if (Math.abs(change) < slowerFrom) return <span class="muted">{words}</span>;
  return (
    <span class={change > 0 ? "warn" : "ok"}>
      <span aria-hidden="true">{change > 0 ? "▲" : "▼"}</span> {words}
      <span class="hidden">{change > 0 ? ", slower" : ", faster"}</span>
    </span>
  );
};

const cells: readonly Cell<PipelinesRow>[] = [
  {
    title: "name",
    draw: (row) => (
      <b>
        <Id id={row.name} />
      </b>
    ),
    by: (row) => row.name,
  },
  {
    title: "attention",
    draw: (row) => {
      const now = attention(row);
      return now ? <Outcome name={now.sign}>{now.words}</Outcome> : null;
    },
    by: urgency,
  },
  {
    title: "last",
    class: "nowrap",
    draw: (row) => (
      <>
        <Sign look={lookOf(row.last_outcome)} />{" "}
        <span class="hidden">{lookOf(row.last_outcome).word}</span>
        <Ago time={row.last_finished_at} />
      </>
    ),
    by: (row) => row.last_finished_at,
  },
  {
    title: "pass rate",
    number: true,
    draw: (row) => (
      <span
        class={row.runs < fewBelow ? "few" : ""}
        title={`${row.success} succeeded, ${row.failure} failed, ${row.error} ended in an error, ${row.cancelled} cancelled`}
      >
        {percent(row.pass_rate, 0)} <span class="muted">of {count(row.runs)}</span>
      </span>
    ),
    by: (row) => row.pass_rate,
  },
  {
    title: "last 30 runs",
    draw: (row) => (
      <RunBars
        outcomes={row.recent_outcomes}
        durations={row.recent_durations_s}
        keys={row.recent_run_keys ?? []}
        open={(run) => setParams({ sel: row.name, run })}
      />
    ),
  },
  { title: "p50", number: true, draw: (row) => duration(row.p50_s), by: (row) => row.p50_s },
  { title: "p95", number: true, draw: (row) => duration(row.p95_s), by: (row) => row.p95_s },
  {
    title: "trend",
    number: true,
    draw: (row) => <Trend change={row.change} />,
    by: (row) => row.change,
  },
  {
    title: "queue p95",
    number: true,
    draw: (row) => duration(row.queue_p95_s),
    by: (row) => row.queue_p95_s,
  },
];

/// What runs now, and what hangs.
function OpenRuns() {
  const asked = useApi<OpenRunsRow>("/runs/open");
  const rows = (asked.body?.data ?? []).filter((row) => own(kinds, row.kind));
  if (rows.length === 0) return null;
  const stuck = rows.filter((row) => row.state === "stuck").length;
  return (
    <Panel
      id="open"
      title="Running now"
      note={
        <>
          {plural(rows.length, "run")}
          {stuck > 0 && (
            <>
              , <Outcome name="stuck">{stuck} stuck</Outcome>
            </>
          )}
        </>
      }
      asked={asked}
      explain={
        <p>
          A run is open until an event says that it finished. It is stuck when it has been running
          for more than 3 times what 95 of 100 of its name took, of at least 5; after 24 hours
          without any event it is abandoned, and leaves this list.
        </p>
      }
    >
      <Table<OpenRunsRow>
        label="Running now"
        rows={rows}
        keyOf={(row) => `${row.kind} ${row.source} ${row.run_id}`}
        open={(row) => setParams({ kind: row.kind, sel: row.name ?? row.run_id })}
        cells={[
          { title: "state", draw: (row) => <Outcome name={row.state} /> },
          { title: "name", draw: (row) => <Id id={row.name} /> },
          { title: "run", draw: (row) => <Id id={row.run_id} whole /> },
          { title: "for", number: true, draw: (row) => duration(row.open_s) },
          {
            title: "usually at most",
            number: true,
            draw: (row) => duration(row.typical_p95_s),
          },
          { title: "environment", draw: (row) => <Id id={row.environment_id} /> },
          { title: "", draw: (row) => <Outside uri={row.uri}>run</Outside> },
        ]}
      />
    </Panel>
  );
}

export function Pipelines() {
  const kind = param("kind") ?? "pipelinerun";
  const word = own(kinds, kind) ?? clip(kind, 40);
  const asked = useApi<PipelinesRow>("/pipelines", { ...rangeText.value, kind });
  const selected = param("sel");
  const wanted = (param("q") ?? "").toLowerCase();
  const fits = (row: PipelinesRow) => row.name.toLowerCase().includes(wanted);
  const all = byAttention((asked.body?.data ?? []).filter(fits));
  const { runs, pass } = totals(all);
  return (
    <>
      <Panel
        id="pipelines"
        title={`${word[0]?.toUpperCase() ?? ""}${word.slice(1)}s`}
        asked={asked}
        note={
          all.length > 0 && (
            <>
              {plural(all.length, "name")} · {plural(runs, "run")} · {percent(pass)} pass
            </>
          )
        }
        controls={
          <>
            <label class="choice">
              <span class="quiet">kind</span>
              <select
                value={kind}
                onChange={(event) =>
                  setParams({
                    kind:
                      event.currentTarget.value === "pipelinerun"
                        ? null
                        : event.currentTarget.value,
                    sel: null,
                    run: null,
                  })
                }
              >
                {Object.entries(kinds).map(([value, words]) => (
                  <option key={value} value={value}>
                    {words}s
                  </option>
                ))}
              </select>
            </label>
            <input
              type="search"
              aria-label="Only names with this text"
              placeholder="name"
              value={param("q") ?? ""}
              onInput={(event) => setParams({ q: event.currentTarget.value || null }, true)}
            />
          </>
        }
        explain={
          <p>
            Runs that finished within the time, by name. The pass rate is success / (success +
            failure + error): cancelled and skipped runs are no verdict. p50 and p95 are of the
            durations, the queue is from queued to started. The trend compares the median with that
            of the equally long time before. Below {fewBelow} runs a rate is grey: it says little.
            First stands what needs attention: failing now, then slower by a quarter or more.
          </p>
        }
      >
        <Answered asked={asked} needs={[kind]} filters={["q"]} what={`No ${word}`}>
          {() =>
            all.length > 0 ? (
              <Table<PipelinesRow>
                label={`${word}s`}
                rows={all}
                cells={cells}
                keyOf={(row) => row.name}
                sortParam="sort"
                selected={(row) => row.name === selected}
                open={(row) =>
                  setParams({ sel: row.name === selected ? null : row.name, run: null })
                }
              />
            ) : (
              <div class="empty" role="status">
                <p>
                  <b>
                    No {word} has “{clip(wanted, 60)}” in its name.
                  </b>
                </p>
                <button type="button" class="button" onClick={() => setParams({ q: null })}>
                  Clear this filter
                </button>
              </div>
            )
          }
        </Answered>
      </Panel>
      {selected !== null && (
        <RunsDrawer kind={kind} name={selected} rows={asked.body?.data ?? []} />
      )}
      {kind === "pipelinerun" && <OpenRuns />}
    </>
  );
}
