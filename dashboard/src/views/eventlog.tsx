// The log of events: one line each, unfolded in place, older ones on demand; it stands still for who reads it.
import { useEffect, useState } from "preact/hooks";
import { Id, lookOf, Sign, Text } from "../components/basics.tsx";
import { Table } from "../components/table.tsx";
import { say } from "../components/toast.tsx";
import type { EventsRow } from "../data/api.ts";
import { type Answer, address, get, type Parameters, Problem } from "../data/client.ts";
import { listen, missed, refreshMode } from "../data/live.ts";
import { clip, count, duration, exact, logTime, plural } from "../format.ts";
import { param, setParams } from "../state/location.ts";
import { zone } from "../state/settings.ts";
import { Details } from "./eventdetails.tsx";

/// Late or with a wrong clock beyond this, seconds.
const lateSeconds = 3600;

export const pageSize = 100;

function What({ row }: { row: EventsRow }) {
  const kind = row.deployment_kind ?? row.outcome;
  return (
    <span class="nowrap-clip">
      {kind && (
        <>
          <Sign look={lookOf(kind)} />{" "}
          {row.version ? <bdi>{clip(row.version, 40)}</bdi> : lookOf(kind).word}{" "}
        </>
      )}
      {row.name && <Id id={row.name} />} {row.reason && <Text text={row.reason} max={80} />}
    </span>
  );
}

function Lag({ seconds }: { seconds: number }) {
  if (seconds < -1)
    return (
      <span class="warn" title="It was stored before it says that it happened: a clock is wrong">
        clock {duration(seconds)}
      </span>
    );
  if (seconds > lateSeconds)
    return (
      <span class="warn" title="Late or replayed">
        late {duration(seconds)}
      </span>
    );
  return <span>{duration(Math.max(0, seconds))}</span>;
}

/// Events that arrived since the list was frozen: it does not move under the eyes of somebody who reads it.
/// @param question  of which `fresh` is the answer; null while that is on its way. Another question thaws it.
function useFrozen<T>(
  fresh: T,
  question: string | null,
  reading: boolean,
): { shown: T; arrived: number; thaw: () => void } {
  const [frozen, setFrozen] = useState<{ question: string; value: T } | null>(null);
  const [arrived, setArrived] = useState(0);
  useEffect(() => {
    if (reading && question !== null) {
      setFrozen((before) => (before?.question === question ? before : { question, value: fresh }));
    } else if (!reading) setFrozen(null);
    setArrived(0);
  }, [reading, question]);
  useEffect(() => (reading ? listen(() => setArrived((n) => n + 1)) : undefined), [reading]);
  return {
    shown: frozen !== null && frozen.question === question ? frozen.value : fresh,
    arrived,
    thaw: () => {
      setFrozen(question === null ? null : { question, value: fresh });
      setArrived(0);
      scrollTo({ top: 0 });
    },
  };
}

function useScrolled(): boolean {
  const [scrolled, setScrolled] = useState(false);
  useEffect(() => {
    const look = () => setScrolled(scrollY > 120);
    addEventListener("scroll", look, { passive: true });
    return () => removeEventListener("scroll", look);
  }, []);
  return scrolled;
}

export function Log({
  rows,
  next,
  question,
  outdated,
}: {
  rows: readonly EventsRow[];
  next: string | null;
  question: Parameters;
  /// The rows answer another question still.
  outdated: boolean;
}) {
  const selected = param("sel");
  const scrolled = useScrolled();
  const [older, setOlder] = useState<{
    key: string;
    rows: EventsRow[];
    next: string | null;
  } | null>(null);
  const key = JSON.stringify(question);
  const more = older?.key === key ? older : null;
  const { shown, arrived, thaw } = useFrozen(
    { rows, next },
    outdated ? null : key,
    scrolled || selected !== null || more !== null,
  );
  const last = more ? more.next : shown.next;
  const load = async () => {
    try {
      const page = await get<Answer<EventsRow>>(
        address("/events", { ...question, cursor: last, limit: pageSize }),
        AbortSignal.timeout(15_000),
      );
      setOlder({ key, rows: [...(more?.rows ?? []), ...page.data], next: page.meta.next });
    } catch (error) {
      say(error instanceof Problem ? error.title : "The older ones could not be had");
    }
  };
  const seen = new Set<string>();
  const all = [...shown.rows, ...(more?.rows ?? [])].filter(
    (row) => !seen.has(row.event_uid) && seen.add(row.event_uid),
  );
  return (
    <>
      {arrived > 0 && (
        <button type="button" class="chip accent new" onClick={thaw}>
          {arrived > 500 ? "more than 500" : arrived} new
        </button>
      )}
      {missed.value > 0 && refreshMode.value === "live" && (
        <p class="note">
          {count(missed.value)} went by too fast to be followed; the list has them.
        </p>
      )}
      <Table<EventsRow>
        label="Events"
        rows={all}
        keyOf={(row) => row.event_uid}
        open={(row) => setParams({ sel: selected === row.event_uid ? null : row.event_uid }, true)}
        selected={(row) => row.event_uid === selected}
        below={(row) => (row.event_uid === selected ? <Details uid={row.event_uid} /> : null)}
        cells={[
          {
            title: `time (${zone.value === "utc" ? "UTC" : "local"})`,
            class: "mono",
            draw: (row) => (
              <time dateTime={row.time} title={exact(Date.parse(row.time))}>
                {logTime(Date.parse(row.time), zone.value)}
              </time>
            ),
          },
          {
            title: "type",
            draw: (row) => (
              <button
                type="button"
                class="plain-button nowrap"
                aria-expanded={row.event_uid === selected}
                onClick={() =>
                  setParams({ sel: selected === row.event_uid ? null : row.event_uid }, true)
                }
              >
                <bdi title={clip(`${row.subject}.${row.predicate}.${row.type_version}`, 500)}>
                  {clip(`${row.subject}.${row.predicate}`, 60)}
                </bdi>
              </button>
            ),
          },
          { title: "subject", draw: (row) => <Id id={row.subject_id} /> },
          { title: "env", draw: (row) => <Id id={row.environment_id} /> },
          { title: "what", draw: (row) => <What row={row} /> },
          { title: "source", draw: (row) => <Id id={row.source} /> },
          { title: "lag", number: true, draw: (row) => <Lag seconds={row.late_s} /> },
          {
            title: "",
            draw: (row) =>
              (row.violation_count ?? 0) > 0 ? (
                <span
                  class="warn"
                  title={`breaks ${plural(row.violation_count ?? 0, "rule")} of the specification`}
                >
                  ▲<span class="hidden"> breaks a rule</span>
                </span>
              ) : null,
          },
        ]}
      />
      {last && (
        <p class="inside actions">
          <button type="button" class="button" onClick={load}>
            Older
          </button>
        </p>
      )}
    </>
  );
}
