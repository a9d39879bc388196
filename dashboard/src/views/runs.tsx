// The runs of one pipeline, and where the time of one of them went.
import { useEffect, useRef } from "preact/hooks";
import { Ago, Id, lookOf, Moment, Outcome, Outside, Text } from "../components/basics.tsx";
import { Drawer } from "../components/drawer.tsx";
import { Answered } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import type { PipelinesRow, RunsRow, RunTreeRow } from "../data/api.ts";
import { useApi } from "../data/use.ts";
import { clip, duration, shortName } from "../format.ts";
import { fateOf, type Run, RunChart, Span } from "../marks/runs.tsx";
import { href, param, setParams } from "../state/location.ts";
import { now, range, rangeText } from "../state/range.ts";
import type { Range } from "../state/time.ts";

/// Begin and end of a run, milliseconds since the epoch; one that runs still ends now.
export function spanOf(row: Run, clock: number): Range | null {
  const from = Date.parse(row.started_at ?? row.queued_at ?? row.finished_at ?? "");
  if (Number.isNaN(from)) return null;
  const to = row.finished_at ? Date.parse(row.finished_at) : row.state === "running" ? clock : from;
  return { from, to: Math.max(from, to) };
}

/// From the first begin to the last end.
export function wholeOf(rows: readonly Run[], clock: number): Range {
  const spans = rows.flatMap((row) => spanOf(row, clock) ?? []);
  return {
    from: Math.min(...spans.map((span) => span.from)),
    to: Math.max(...spans.map((span) => span.to)),
  };
}

/// Parts below what they belong to; those of one parent stay in the order in which they came.
export function nested<Part extends Pick<RunTreeRow, "run_key" | "parent_key">>(
  parts: readonly Part[],
): Part[] {
  const known = new Set(parts.map((part) => part.run_key));
  const under = (parent: string | null) =>
    parts.filter((part) =>
      parent === null
        ? part.parent_key === null || !known.has(part.parent_key)
        : part.parent_key === parent,
    );
  const order: Part[] = [];
  const walk = (list: readonly Part[]) => {
    for (const part of list) {
      if (order.includes(part)) continue; // who sends events may make runs each other's parents
      order.push(part);
      walk(under(part.run_key));
    }
  };
  walk(under(null));
  return order;
}

/// What happened in a run, in the order in which it began, each where it lies in the time of the whole.
function Tree({ row }: { row: RunsRow }) {
  const asked = useApi<RunTreeRow>(`/runs/${row.run_key}/tree`, { limit: 500 });
  const box = useRef<HTMLDivElement>(null);
  // It may have been opened from a bar far above.
  useEffect(() => box.current?.scrollIntoView({ block: "nearest" }), []);
  return (
    <div ref={box} class="tasks">
      <Answered asked={asked} needs={[]} showEmpty skeletonRows={3}>
        {(all) => {
          const parts = all.filter((part) => part.depth > 0);
          if (parts.length === 0)
            return <p class="note">No event tells of tasks or tests within this run.</p>;
          const whole = wholeOf(all, now.value);
          return (
            <Table<RunTreeRow>
              label={`Within ${clip(row.run_id, 80)}`}
              rows={nested(parts)}
              keyOf={(part) => `${part.kind} ${part.run_key}`}
              cells={[
                {
                  title: "part",
                  draw: (part) => (
                    <span class={`depth-${Math.min(part.depth, 4)}`}>
                      <Id id={part.name ?? part.run_id} />
                    </span>
                  ),
                },
                { title: "what", draw: (part) => <span class="muted">{clip(part.kind, 30)}</span> },
                { title: "outcome", draw: (part) => <Outcome name={fateOf(part)} /> },
                { title: "took", number: true, draw: (part) => duration(part.duration_s) },
                {
                  title: "when",
                  class: "when",
                  draw: (part) => {
                    const span = spanOf(part, now.value);
                    return (
                      span && <Span {...span} whole={whole} tone={lookOf(fateOf(part)).tone} />
                    );
                  },
                },
                { title: "reason", draw: (part) => <Text text={part.reason} max={100} /> },
                { title: "", draw: (part) => <Outside uri={part.uri}>open</Outside> },
              ]}
            />
          );
        }}
      </Answered>
    </div>
  );
}

interface Props {
  readonly kind: string;
  readonly name: string;
  readonly rows: readonly PipelinesRow[];
}

export function RunsDrawer({ kind, name, rows: pipelines }: Props) {
  const outcome = param("outcome");
  const asked = useApi<RunsRow>("/runs", {
    ...rangeText.value,
    kind,
    name,
    outcome,
    limit: 500,
  });
  const summary = pipelines.find((row) => row.name === name);
  const chosen = param("run");
  const choose = (row: RunsRow) => setParams({ run: row.run_key === chosen ? null : row.run_key });
  return (
    <Drawer
      about={name}
      name={shortName(name)}
      title={<Id id={name} />}
      asked={asked}
      actions={
        <>
          <label class="choice">
            <span class="quiet">outcome</span>
            <select
              value={outcome ?? ""}
              onChange={(event) => setParams({ outcome: event.currentTarget.value || null })}
            >
              <option value="">all</option>
              {["success", "failure", "error", "cancel"].map((one) => (
                <option key={one} value={one}>
                  {lookOf(one).word}
                </option>
              ))}
            </select>
          </label>
          <a class="button" data-view href={href("events", { subject: kind, q: name })}>
            events
          </a>
        </>
      }
      explain={
        <p>
          Runs of this name within the time, newest first; at most 500. A bar is a run: as high as
          it took long, its sign and colour are its outcome; the line is what 95 of 100 took at
          most. A click on a run shows what happened in it.
        </p>
      }
    >
      <Answered asked={asked} needs={[kind]} filters={["outcome"]} what="No run" skeletonRows={5}>
        {(rows) => (
          <>
            <div class="inside">
              <RunChart
                rows={rows}
                range={range.value}
                now={now.value}
                p95={summary?.p95_s ?? null}
                label={`Runs of ${clip(name, 80)}`}
                open={choose}
              />
            </div>
            <Table<RunsRow>
              label={`Runs of ${clip(name, 80)}`}
              rows={rows.slice(0, 100)}
              keyOf={(row) => row.run_key}
              open={choose}
              selected={(row) => row.run_key === chosen}
              below={(row) => (row.run_key === chosen ? <Tree row={row} /> : null)}
              cells={[
                {
                  title: "outcome",
                  draw: (row) => <Outcome name={fateOf(row)} />,
                  by: (row) => fateOf(row),
                },
                { title: "run", draw: (row) => <Id id={row.run_id} whole /> },
                {
                  title: "began",
                  class: "nowrap",
                  draw: (row) => <Moment time={row.started_at ?? row.queued_at} />,
                  by: (row) => row.started_at ?? row.queued_at,
                },
                {
                  title: "took",
                  number: true,
                  draw: (row) =>
                    row.state === "running" ? (
                      <>
                        since <Ago time={row.started_at} />
                      </>
                    ) : (
                      duration(row.duration_s)
                    ),
                  by: (row) => row.duration_s,
                },
                {
                  title: "in the queue",
                  number: true,
                  draw: (row) => duration(row.queue_s),
                  by: (row) => row.queue_s,
                },
                { title: "environment", draw: (row) => <Id id={row.environment_id} /> },
                { title: "reason", draw: (row) => <Text text={row.reason} max={100} /> },
                { title: "", draw: (row) => <Outside uri={row.uri}>run</Outside> },
              ]}
            />
            {rows.length > 100 && (
              <p class="note">The newest 100 of {rows.length} are listed; the chart has all.</p>
            )}
          </>
        )}
      </Answered>
    </Drawer>
  );
}
