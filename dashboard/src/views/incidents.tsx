// V9: what is open, what probably caused it, how long do we take?
import { Ago, Id, Moment, Outcome, Outside, Text } from "../components/basics.tsx";
import { Panel } from "../components/panel.tsx";
import { Answered } from "../components/states.tsx";
import { type Cell, Table } from "../components/table.tsx";
import type { IncidentsRow } from "../data/api.ts";
import { useApi } from "../data/use.ts";
import { clip, duration } from "../format.ts";
import { param, params, setParams } from "../state/location.ts";
import { now, rangeText } from "../state/range.ts";
import { IncidentDrawer } from "./incident.tsx";
import { medianOf } from "./postmortem.ts";

const cells: readonly Cell<IncidentsRow>[] = [
  {
    title: "state",
    draw: (row) => <Outcome name={row.open ? "open" : "resolved"} />,
    by: (row) => (row.open ? 0 : 1),
  },
  {
    title: "incident",
    draw: (row) => (
      <b>
        <Id id={row.incident_id} />
      </b>
    ),
    by: (row) => row.incident_id,
  },
  { title: "about", draw: (row) => <Text text={row.description} max={80} /> },
  { title: "service", draw: (row) => <Id id={row.service_id} />, by: (row) => row.service_id },
  {
    title: "environment",
    draw: (row) => <Id id={row.environment_id} />,
    by: (row) => row.environment_id,
  },
  {
    title: "began",
    class: "nowrap",
    draw: (row) => (row.open ? <Ago time={row.began_at} /> : <Moment time={row.began_at} />),
    by: (row) => row.began_at,
  },
  {
    title: "lasted",
    number: true,
    draw: (row) =>
      row.open && row.began_at ? (
        <span class="fail">{duration((now.value - Date.parse(row.began_at)) / 1000)} so far</span>
      ) : (
        duration(row.time_to_restore_s)
      ),
    by: (row) => row.time_to_restore_s,
  },
  {
    title: "suspect",
    draw: (row) =>
      row.suspect ? (
        <>
          <bdi>{clip(row.suspect, 60)}</bdi>{" "}
          <span class="muted">{clip(row.suspect_because ?? "", 60)}</span>
        </>
      ) : (
        <span class="muted">none known</span>
      ),
  },
  {
    title: "ended by",
    draw: (row) =>
      row.ended_by ? (
        <Outcome name={row.ended_by.split(" ")[0]}>
          <Text text={row.ended_by} max={40} />
        </Outcome>
      ) : (
        <span class="muted">–</span>
      ),
  },
  { title: "", draw: (row) => <Outside uri={row.ticket_uri}>ticket</Outside> },
];

const key = (row: IncidentsRow) => JSON.stringify([row.source, row.incident_id]);

export function Incidents() {
  const onlyOpen = param("open") === "1";
  const asked = useApi<IncidentsRow>("/incidents", {
    ...rangeText.value,
    env: params("env"),
    service: params("service"),
    open: onlyOpen,
    limit: 500,
  });
  const rows = asked.body?.data ?? [];
  const open = rows.filter((row) => row.open).length;
  const restored = medianOf(rows.map((row) => row.time_to_restore_s));
  const selected = param("sel");
  return (
    <>
      <Panel
        id="incidents"
        title="Incidents"
        asked={asked}
        note={
          rows.length > 0 && (
            <>
              {open > 0 ? <Outcome name="open">{open} open</Outcome> : "none open"} · {rows.length}{" "}
              in this time
              {restored && (
                <span class={restored.n < 5 ? "few" : ""}>
                  {" "}
                  · median {duration(restored.median)} to resolve (n = {restored.n})
                </span>
              )}
            </>
          )
        }
        controls={
          <label class="choice">
            <input
              type="checkbox"
              checked={onlyOpen}
              onChange={(event) =>
                setParams({ open: event.currentTarget.checked ? "1" : null, sel: null })
              }
            />
            open only
          </label>
        }
        explain={
          <p>
            Incidents that began or were open within the time, open ones first. One lasts from its
            detection (or report) to its resolution; the median is of those that were resolved. The
            suspect is a deployment before it: named by the incident, else of the same service at
            most 2 hours before, else in the same environment at most 1 hour before.
          </p>
        }
      >
        <Answered
          asked={asked}
          needs={["incident"]}
          filters={["env", "service", "open"]}
          what="No incident"
        >
          {(all) => (
            <Table<IncidentsRow>
              label="Incidents"
              rows={all}
              cells={cells}
              keyOf={key}
              sortParam="sort"
              selected={(row) => row.incident_id === selected}
              open={(row) =>
                setParams({ sel: row.incident_id === selected ? null : row.incident_id })
              }
            />
          )}
        </Answered>
      </Panel>
      {selected !== null && (
        <IncidentDrawer
          key={selected}
          id={selected}
          listed={rows.find((row) => row.incident_id === selected) ?? null}
        />
      )}
    </>
  );
}
