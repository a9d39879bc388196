// What is known of one service in one environment: what ran there, what waits, what went wrong.
import { Ago, Id, Outcome, Outside, Text } from "../components/basics.tsx";
import { Drawer } from "../components/drawer.tsx";
import { Answered } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import type { CompareRow, DeploymentsRow, StateRow } from "../data/api.ts";
import { useApi } from "../data/use.ts";
import { clip, duration, plural, shortName } from "../format.ts";
import { href, param } from "../state/location.ts";

interface Props {
  readonly service: string;
  readonly environment: string;
  /// Its cell of the matrix; null when nothing runs there, or it is filtered away.
  readonly cell: StateRow | null;
}

/// Changes that the environment before has and this one has not.
function Waiting({ cell }: { cell: StateRow }) {
  const upstream = cell.upstream_environment_id;
  const asked = useApi<CompareRow>(upstream ? "/compare" : null, {
    a: upstream,
    b: cell.environment_id,
    a_at: param("at"),
    b_at: param("at"),
  });
  const row = asked.body?.data.find((one) => one.service_id === cell.service_id);
  if (!upstream || !row || row.relation === "same") return null;
  const changes = row.changes ?? [];
  return (
    <p>
      <b>
        {shortName(upstream)} has {row.version_a ?? "nothing"}
      </b>
      {changes.length > 0 && <> – {plural(changes.length, "change")} apart: </>}
      {changes.slice(0, 20).map((change, index) => (
        <span key={change}>
          {index > 0 && ", "}
          <a data-view href={href("journey", { id: change })}>
            <bdi>{clip(shortName(change), 60)}</bdi>
          </a>
        </span>
      ))}
    </p>
  );
}

function Now({ cell }: { cell: StateRow }) {
  return (
    <div class="facts">
      <p>
        <Outcome name={cell.kind}>
          <b>
            <bdi>{clip(cell.version ?? "unknown version", 80)}</bdi>
          </b>
        </Outcome>{" "}
        since <Ago time={cell.since} />
        {cell.previous_version && (
          <>
            , {cell.kind === "rollback" ? "back from" : "instead of"}{" "}
            <bdi>{clip(cell.previous_version, 60)}</bdi>
          </>
        )}
        {cell.actor && <> by {clip(cell.actor, 60)}</>}
      </p>
      {cell.attempt_state && (
        <p>
          <Outcome name={cell.attempt_outcome ?? cell.attempt_state} /> attempt to deploy{" "}
          <bdi>{clip(cell.attempt_version ?? "another version", 60)}</bdi>{" "}
          <Ago time={cell.attempt_at} /> <Outside uri={cell.attempt_uri}>open run</Outside>
        </p>
      )}
      {(cell.incidents ?? []).map((incident) => (
        <p key={incident}>
          <Outcome name="incident" />{" "}
          <a data-view href={href("incidents", { sel: incident })}>
            <bdi>{clip(shortName(incident), 80)}</bdi>
          </a>{" "}
          is open
        </p>
      ))}
      <Waiting cell={cell} />
    </div>
  );
}

export function CellDrawer({ service, environment, cell }: Props) {
  const asked = useApi<DeploymentsRow>("/deployments", {
    service,
    env: environment,
    from: "now-90d",
    to: param("at") ?? "now",
    limit: 50,
  });
  return (
    <Drawer
      about={`${service}\n${environment}`}
      asked={asked}
      name="these deployments"
      title={
        <>
          <Id id={service} /> <span class="muted">in</span> <Id id={environment} />
        </>
      }
      actions={
        <>
          <a class="button" data-view href={href("timeline", { service, env: null })}>
            timeline
          </a>
          {cell?.artifact_id && (
            <a class="button" data-view href={href("journey", { id: cell.artifact_id })}>
              journey
            </a>
          )}
          {cell?.upstream_environment_id && (
            <a
              class="button"
              data-view
              href={href("compare", { a: cell.upstream_environment_id, b: environment })}
            >
              compare with <Id id={cell.upstream_environment_id} />
            </a>
          )}
          <a class="button" data-view href={href("events", { subject: "service", q: service })}>
            events
          </a>
        </>
      }
    >
      {cell && <Now cell={cell} />}
      <Answered
        asked={asked}
        needs={["service"]}
        what="No deployment"
        skeletonRows={3}
        filters={[]}
      >
        {(rows) => (
          <Table
            label="History"
            rows={rows}
            keyOf={(row) => `${row.event_uid} ${row.at}`}
            cells={[
              { title: "when", draw: (row) => <Ago time={row.at} /> },
              { title: "what", draw: (row) => <Outcome name={row.kind} /> },
              { title: "version", draw: (row) => <Text text={row.version} /> },
              { title: "instead of", draw: (row) => <Text text={row.previous_version} /> },
              {
                title: "ran",
                number: true,
                draw: (row) =>
                  row.valid_to ? (
                    duration((Date.parse(row.valid_to) - Date.parse(row.at)) / 1000)
                  ) : (
                    <span class="muted">still</span>
                  ),
              },
              { title: "by", draw: (row) => <Text text={row.actor} max={40} /> },
              { title: "from", draw: (row) => <Id id={row.source} /> },
              {
                title: "",
                draw: (row) => (
                  <a data-view href={href("events", { sel: row.event_uid, from: "now-90d" })}>
                    event
                  </a>
                ),
              },
            ]}
          />
        )}
      </Answered>
    </Drawer>
  );
}
