// V10: is it receiving, which source went quiet, what is refused, is the queue or the database behind?
import { Ago, Chip, Id, Text } from "../components/basics.tsx";
import { Panel } from "../components/panel.tsx";
import { Answered, Failed, Skeleton } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import type { Component, SourcesRow, Collector as Status } from "../data/api.ts";
import { meta } from "../data/meta.ts";
import { useApi, useAsked } from "../data/use.ts";
import { ago, bytes, clip, count, duration, percent, plural } from "../format.ts";
import { href } from "../state/location.ts";
import { now } from "../state/range.ts";
import { DeadLetters } from "./deadletters.tsx";
import { healthOf, type Line } from "./health.ts";
import { SendForm } from "./send.tsx";

function State({ component }: { component: Component }) {
  const well =
    component.state === "running" || component.state === "starting" || component.state === "ended";
  return (
    <span class="nowrap">
      <span class={`sign ${well ? "ok" : "fail"}`} aria-hidden="true">
        {well ? "●" : "✕"}
      </span>{" "}
      {component.state === "waiting" ? "failing, tried again" : component.state}
    </span>
  );
}

function Queue({ status }: { status: Status }) {
  const { queue } = status;
  const waiting = Math.max(0, ...queue.sinks.map((sink) => sink.pending_events));
  const oldest = Math.max(0, ...queue.sinks.map((sink) => sink.oldest_age_seconds ?? 0));
  const database = meta.value?.database;
  const tiles: readonly (readonly [string, string, string])[] = [
    [
      "up",
      ago(Date.parse(status.started_at), now.value).replace(" ago", ""),
      `since ${status.started_at.slice(0, 16)}Z`,
    ],
    [
      "waiting",
      count(waiting),
      oldest > 0 ? `the oldest for ${duration(oldest)}` : "for the slowest sink",
    ],
    [
      "queue",
      bytes(queue.bytes),
      `of ${bytes(queue.max_bytes)}, ${percent(queue.bytes / queue.max_bytes, 0)}`,
    ],
    ["dead letters", count(queue.dead_letters), bytes(queue.dead_letter_bytes)],
    [
      "database",
      database?.available ? "● there" : "✕ away",
      database?.place ?? database?.error ?? "not configured",
    ],
    ["version", status.version, status.ready ? "● takes events" : "✕ takes no events"],
  ];
  return (
    <dl class="tiles">
      {tiles.map(([name, value, note]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <b>{value}</b>
            <span class="muted">
              <Text text={note} max={80} />
            </span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function HealthLine({ line }: { line: Line }) {
  const look = { ok: "●", warn: "▲", fail: "✕" }[line.tone];
  return (
    <li class="health">
      <span class={`sign ${line.tone}`} aria-hidden="true">
        {look}
      </span>
      <div>
        <b>{clip(line.name, 80)}</b>{" "}
        <span class={line.tone}>
          <Text text={line.why} max={400} />
        </span>
        <p class="muted">{line.what}</p>
        {line.fix && (
          <p>
            <b>What to do:</b>{" "}
            {line.fix
              .split("`")
              .map((part, i) => (i % 2 === 1 ? <code key={part}>{part}</code> : part))}
          </p>
        )}
      </div>
    </li>
  );
}

/// What is not well stands open, the others folded.
function Health({ status }: { status: Status }) {
  const lines = healthOf(status, meta.value);
  const bad = lines.filter((line) => line.tone !== "ok");
  const well = lines.filter((line) => line.tone === "ok");
  return (
    <div class="inside" id="lines">
      {bad.length > 0 && (
        <ul class="plain" aria-label="What is not well">
          {bad.map((line) => (
            <HealthLine key={line.id} line={line} />
          ))}
        </ul>
      )}
      {well.length > 0 && (
        <details>
          <summary>
            <span class="sign ok" aria-hidden="true">
              ●
            </span>{" "}
            {bad.length === 0 ? "All is well" : `${plural(well.length, "line")} well`}: what is
            watched
          </summary>
          <ul class="plain">
            {well.map((line) => (
              <HealthLine key={line.id} line={line} />
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

const Count = ({ n }: { n: number | undefined }) => <>{count(n ?? null)}</>;

function Components({ status, asked }: { status: Status; asked: ReturnType<typeof useAsked> }) {
  const pending = new Map(status.queue.sinks.map((sink) => [sink.name, sink]));
  return (
    <div class="columns">
      <Panel id="inputs" title="Sources" asked={asked} note="since the start">
        <Table<Component>
          label="Sources of the collector"
          rows={status.sources}
          keyOf={(row) => row.name}
          cells={[
            { title: "source", draw: (row) => <b>{clip(row.name, 60)}</b> },
            { title: "kind", draw: (row) => row.type },
            { title: "state", draw: (row) => <State component={row} /> },
            { title: "received", number: true, draw: (row) => <Count n={row.received} /> },
            { title: "accepted", number: true, draw: (row) => <Count n={row.queued} /> },
            { title: "refused", number: true, draw: (row) => <Count n={row.refused} /> },
            { title: "filtered", number: true, draw: (row) => <Count n={row.filtered} /> },
            { title: "last error", draw: (row) => <Text text={row.last_error} max={120} /> },
          ]}
        />
      </Panel>
      <Panel id="outputs" title="Sinks" asked={asked} note="since the start">
        <Table<Component>
          label="Sinks of the collector"
          rows={status.sinks}
          keyOf={(row) => row.name}
          cells={[
            { title: "sink", draw: (row) => <b>{clip(row.name, 60)}</b> },
            { title: "kind", draw: (row) => row.type },
            { title: "state", draw: (row) => <State component={row} /> },
            { title: "delivered", number: true, draw: (row) => <Count n={row.delivered} /> },
            { title: "rejected", number: true, draw: (row) => <Count n={row.rejected} /> },
            { title: "filtered", number: true, draw: (row) => <Count n={row.filtered} /> },
            {
              title: "waiting",
              number: true,
              draw: (row) => <Count n={pending.get(row.name)?.pending_events ?? row.pending} />,
            },
            { title: "last error", draw: (row) => <Text text={row.last_error} max={120} /> },
          ]}
        />
      </Panel>
    </div>
  );
}

function Senders() {
  const asked = useApi<SourcesRow>("/sources");
  return (
    <Panel
      id="senders"
      title="Who sends"
      asked={asked}
      explain={
        <p>
          By <code>context.source</code>, from what is stored. Quiet is learned: a silence longer
          than three times the 99th percentile of the gaps that this source had at this hour of the
          week. Without enough history nothing is said.
        </p>
      }
    >
      <Answered asked={asked} needs={[]} filters={[]} what="No source">
        {(rows) => (
          <Table<SourcesRow>
            label="Senders"
            rows={[...rows].sort(
              (a, b) =>
                Date.parse(b.last_event_at ?? "1970") - Date.parse(a.last_event_at ?? "1970"),
            )}
            keyOf={(row) => row.source}
            cells={[
              {
                title: "source",
                by: (row) => row.source,
                draw: (row) => (
                  <a
                    data-view
                    data-row
                    href={href("events", { q: `source:"${row.source.replaceAll('"', "")}"` })}
                  >
                    <Id id={row.source} whole />
                  </a>
                ),
              },
              {
                title: "last event",
                by: (row) => row.last_event_at,
                draw: (row) => <Ago time={row.last_event_at} />,
              },
              {
                title: "today",
                number: true,
                by: (row) => row.events_today,
                draw: (row) => count(row.events_today),
              },
              {
                title: "in all",
                number: true,
                by: (row) => row.events,
                draw: (row) => count(row.events),
              },
              {
                title: "usual silence",
                number: true,
                draw: (row) => duration(row.usual_silence_s),
              },
              {
                title: "state",
                by: (row) => (row.quiet ? 0 : 1),
                draw: (row) =>
                  row.quiet ? (
                    <Chip tone="warn">! quiet for {duration(row.silent_s)}</Chip>
                  ) : row.quiet === null ? (
                    <span class="muted">not known yet</span>
                  ) : (
                    <span class="ok">● ok</span>
                  ),
              },
            ]}
          />
        )}
      </Answered>
    </Panel>
  );
}

export function Collector() {
  const asked = useAsked<{ data: Status }>("/collector");
  const status = asked.body?.data;
  if (!status) return asked.problem ? <Failed asked={asked} /> : <Skeleton rows={5} />;
  return (
    <>
      {asked.problem && <Failed asked={asked} what="The collector" />}
      {!status.ready && (
        <div class="notice fail" role="alert">
          <p>
            <b>It takes no events:</b> {status.reasons.join("; ")}
          </p>
        </div>
      )}
      <Panel id="health" title="Collector" asked={asked}>
        <Queue status={status} />
        <Health status={status} />
      </Panel>
      <Components status={status} asked={asked} />
      <div class="columns">
        <SendForm endpoints={status.endpoints} />
        <Senders />
      </div>
      <DeadLetters total={status.queue.dead_letters} />
    </>
  );
}
