// One incident: what it is about, what may have caused it, and what happened around it.
import { Ago, Id, Moment, Outcome, Outside, Text } from "../components/basics.tsx";
import { Drawer } from "../components/drawer.tsx";
import { Answered } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import { copy } from "../components/toast.tsx";
import type { AttemptsRow, IncidentSuspectsRow, IncidentsRow, LanesRow } from "../data/api.ts";
import { environments } from "../data/meta.ts";
import { useApi } from "../data/use.ts";
import { clip, duration, shortName } from "../format.ts";
import { go, href, params, setParams } from "../state/location.ts";
import { now } from "../state/range.ts";
import { hour, iso, type Range } from "../state/time.ts";
import { lanesOf } from "./lanes.ts";
import { aroundOf, postMortem } from "./postmortem.ts";
import { Lanes } from "./swimlanes.tsx";

function Facts({ incident }: { incident: IncidentsRow }) {
  return (
    <div class="facts">
      <p>
        <Outcome name={incident.open ? "open" : "resolved"} />{" "}
        <b>
          <Text text={incident.description} max={300} />
        </b>
      </p>
      <p>
        <Id id={incident.service_id} /> in <Id id={incident.environment_id} />, began{" "}
        <Moment time={incident.began_at} /> (<Ago time={incident.began_at} />)
        {incident.resolved_at ? (
          <>
            , resolved <Moment time={incident.resolved_at} /> after{" "}
            <b>{duration(incident.time_to_restore_s)}</b>
          </>
        ) : (
          <>, not resolved</>
        )}{" "}
        <Outside uri={incident.ticket_uri}>ticket</Outside>
      </p>
      {incident.ended_by && (
        <p>
          {incident.open ? "Since then" : "Ended by"}{" "}
          <Outcome name={incident.ended_by.split(" ")[0]}>
            <Text text={incident.ended_by} max={60} />
          </Outcome>{" "}
          <Moment time={incident.ended_at} />
        </p>
      )}
    </div>
  );
}

/// Links to what ran when it began: the same pages at that moment.
function AtThatMoment({ incident }: { incident: IncidentsRow }) {
  const began = incident.began_at;
  if (!began) return null;
  const env = incident.environment_id;
  const before = iso(Date.parse(began) - 2 * hour);
  const around = aroundOf(incident, now.value);
  const time = { from: iso(around.from), to: iso(around.to) };
  return (
    <>
      <a class="button" data-view href={href("", { at: began, env: null, service: null })}>
        what ran then
      </a>
      {env && (
        <a
          class="button"
          data-view
          href={href("compare", { a: env, a_at: began, b: env, b_at: before, at: null })}
        >
          what had changed
        </a>
      )}
      <a class="button" data-view href={href("timeline", { ...time, env, service: null })}>
        timeline
      </a>
      <a class="button" data-view href={href("events", { ...time, env: null, service: null })}>
        events
      </a>
    </>
  );
}

function Suspects({ rows }: { rows: readonly IncidentSuspectsRow[] }) {
  return (
    <Table<IncidentSuspectsRow>
      label="Suspects"
      rows={rows}
      keyOf={(row) => `${row.event_uid} ${row.because}`}
      cells={[
        { title: "suspect", draw: (row) => <Outcome name={row.kind} /> },
        {
          title: "service",
          draw: (row) => (
            <b>
              <Id id={row.service_id} /> <Text text={row.version} max={40} />
            </b>
          ),
        },
        { title: "environment", draw: (row) => <Id id={row.environment_id} /> },
        {
          title: "before it",
          number: true,
          draw: (row) => duration(row.before_s),
        },
        { title: "because", draw: (row) => <Text text={row.because} max={120} /> },
        {
          title: "go back to",
          draw: (row) => <Text text={row.previous_version} max={40} />,
        },
        { title: "by", draw: (row) => <Text text={row.actor} max={40} /> },
        {
          title: "",
          draw: (row) => (
            <a data-view href={href("events", { sel: row.event_uid })}>
              event
            </a>
          ),
        },
      ]}
    />
  );
}

/// A part of a time, or null if it is none.
function within(
  whole: Range,
  [from = Number.NaN, to = Number.NaN]: readonly number[],
): Range | null {
  return from < to && from >= whole.from && to <= whole.to ? { from, to } : null;
}

export function IncidentDrawer({ id, listed }: { id: string; listed: IncidentsRow | null }) {
  // One that is not in the list (another time, a link) is asked for by its id.
  const single = useApi<IncidentsRow>(listed ? null : `/incidents/${encodeURIComponent(id)}`);
  const incident = listed ?? single.body?.data[0] ?? null;
  const suspects = useApi<IncidentSuspectsRow>(`/incidents/${encodeURIComponent(id)}/suspects`, {
    source: incident?.source,
  });
  const around = incident ? aroundOf(incident, now.value) : null;
  // Looking closer here leaves the list and its time alone.
  const closer = around && within(around, params("zoom").map(Date.parse));
  const place = {
    from: around && iso(around.from),
    to: around && iso(around.to),
    env: incident?.environment_id,
  };
  const timeline = useApi<LanesRow>(around ? "/timeline/lanes" : null, place);
  const attempts = useApi<AttemptsRow>(around ? "/attempts" : null, { ...place, limit: 200 });
  const lanes = lanesOf(
    timeline.body?.data ?? [],
    "environment",
    environments.value.map((one) => one.environment_id),
  );
  return (
    <Drawer
      about={id}
      name={clip(shortName(id), 60)}
      title={<Id id={id} />}
      asked={suspects}
      explain={
        <p>
          Suspects are deployments before the incident, and say why: 1 named by the incident, 2 of
          the same service at most 2 hours before, 3 in the same environment at most 1 hour before.
        </p>
      }
      actions={
        incident && (
          <>
            <AtThatMoment incident={incident} />
            <button
              type="button"
              class="button"
              onClick={() =>
                copy(
                  postMortem(
                    incident,
                    suspects.body?.data ?? [],
                    timeline.body?.data ?? [],
                    aroundOf(incident, now.value),
                  ),
                  "the post-mortem stub",
                )
              }
            >
              copy post-mortem stub
            </button>
          </>
        )
      }
    >
      {incident ? (
        <Facts incident={incident} />
      ) : (
        <Answered asked={single} needs={["incident"]} filters={[]} what="No such incident">
          {() => null}
        </Answered>
      )}
      <Answered asked={suspects} needs={[]} showEmpty skeletonRows={2}>
        {(rows) =>
          rows.length > 0 ? (
            <Suspects rows={rows} />
          ) : (
            <p class="note">
              No deployment is suspected: the incident names none, and none came to the same place
              shortly before.
            </p>
          )
        }
      </Answered>
      {incident && around && lanes.length > 0 && (
        <div class="inside around">
          <h3>
            {closer ? (
              <>
                <Moment time={closer.from} long /> to <Moment time={closer.to} long />
              </>
            ) : (
              "2 hours before to 1 hour after"
            )}
            {incident.environment_id && (
              <>
                {" "}
                in <Id id={incident.environment_id} />
              </>
            )}{" "}
            {closer && (
              <button type="button" class="button" onClick={() => setParams({ zoom: null }, true)}>
                all of it
              </button>
            )}
          </h3>
          <Lanes
            lanes={lanes}
            shown={closer ?? around}
            zoom={(part) => setParams({ zoom: part && [iso(part.from), iso(part.to)] }, true)}
            incidents={[incident]}
            attempts={attempts.body?.data ?? []}
            choose={(service, environment) =>
              go(href("", { at: incident.began_at, sel: [service, environment] }))
            }
          />
        </div>
      )}
    </Drawer>
  );
}
