// The rows behind a metric, each with why it counts.
import { Id, Moment, Outcome, Text } from "../components/basics.tsx";
import { Drawer } from "../components/drawer.tsx";
import { Answered } from "../components/states.tsx";
import { type Cell, Table } from "../components/table.tsx";
import type { DeliveryDeploymentsRow, LeadTimesRow } from "../data/api.ts";
import { useApi } from "../data/use.ts";
import { clip, duration } from "../format.ts";
import { href } from "../state/location.ts";
import { narrowed } from "./deliveryscope.ts";
import type { Metric } from "./metrics.ts";

const Change = ({ id }: { id: string | null }) =>
  id ? (
    <a data-view href={href("journey", { id })}>
      <Id id={id} whole />
    </a>
  ) : (
    <span class="muted">not linked</span>
  );

const event = (uid: string) => (
  <a data-view href={href("events", { sel: uid })}>
    event
  </a>
);

const changeCells: readonly Cell<LeadTimesRow>[] = [
  { title: "change", draw: (row) => <Change id={row.change_id} />, by: (row) => row.change_id },
  { title: "service", draw: (row) => <Id id={row.service_id} />, by: (row) => row.service_id },
  { title: "version", draw: (row) => <Text text={row.version} max={40} /> },
  { title: "environment", draw: (row) => <Id id={row.environment_id} /> },
  {
    title: "merged",
    class: "nowrap",
    draw: (row) => <Moment time={row.merged_at} />,
    by: (row) => row.merged_at,
  },
  {
    title: "deployed",
    class: "nowrap",
    draw: (row) => <Moment time={row.deployed_at} />,
    by: (row) => row.deployed_at,
  },
  {
    title: "lead time",
    number: true,
    draw: (row) =>
      row.lead_time_s === null ? (
        <span class="muted" title="no merge is known before it was deployed">
          does not count
        </span>
      ) : (
        duration(row.lead_time_s)
      ),
    by: (row) => row.lead_time_s,
  },
  { title: "", draw: (row) => event(row.event_uid) },
];

const deploymentCells: readonly Cell<DeliveryDeploymentsRow>[] = [
  {
    title: "when",
    class: "nowrap",
    draw: (row) => <Moment time={row.at} />,
    by: (row) => row.at,
  },
  { title: "what", draw: (row) => <Outcome name={row.kind} /> },
  { title: "service", draw: (row) => <Id id={row.service_id} />, by: (row) => row.service_id },
  { title: "version", draw: (row) => <Text text={row.version} max={40} /> },
  { title: "environment", draw: (row) => <Id id={row.environment_id} /> },
  {
    title: "why it counts",
    draw: (row) => (
      <>
        {row.failed && (
          <Outcome name="failure">{clip(row.failed_because ?? "failed", 100)}</Outcome>
        )}
        {row.failed && row.incident_id && (
          <>
            {" "}
            <a data-view href={href("incidents", { sel: row.incident_id })}>
              <Id id={row.incident_id} />
            </a>
          </>
        )}
        {row.unplanned && (
          <>
            {row.failed && "; "}
            <Outcome name={row.kind === "rollback" ? "rollback" : "hotfix"}>
              {clip(row.unplanned_because ?? "unplanned", 100)}
            </Outcome>
          </>
        )}
        {!row.failed && !row.unplanned && (
          <span class="muted">{row.kind === "rollback" ? "" : "changed what runs"}</span>
        )}
      </>
    ),
  },
  {
    title: "recovery",
    number: true,
    draw: (row) =>
      row.failed && row.recovery_s === null ? (
        <span class="muted">not yet</span>
      ) : (
        duration(row.recovery_s)
      ),
    by: (row) => row.recovery_s,
  },
  { title: "change", draw: (row) => <Change id={row.change_id} /> },
  { title: "", draw: (row) => event(row.event_uid) },
];

function Rows<Row extends { readonly event_uid: string }>({
  metric,
  cells,
}: {
  metric: Metric;
  cells: readonly Cell<Row>[];
}) {
  const asked = useApi<Row>(metric.rows.endpoint, {
    ...narrowed(),
    ...metric.rows.parameters,
    limit: 500,
  });
  return (
    <Drawer
      about={metric.id}
      title={`${metric.title}: what is behind it`}
      name={metric.title}
      asked={asked}
      explain={<p>{metric.how}</p>}
    >
      <p class="facts">{metric.how}</p>
      <Answered asked={asked} needs={["service"]} filters={["env", "service"]} what="No deployment">
        {(rows) => (
          <Table<Row>
            label={metric.title}
            rows={rows}
            cells={cells}
            keyOf={(row) =>
              JSON.stringify([row.event_uid, (row as { change_id?: string }).change_id])
            }
          />
        )}
      </Answered>
    </Drawer>
  );
}

export const BehindMetric = ({ metric }: { metric: Metric }) =>
  metric.rows.endpoint === "/delivery/changes" ? (
    <Rows<LeadTimesRow> key={metric.id} metric={metric} cells={changeCells} />
  ) : (
    <Rows<DeliveryDeploymentsRow> key={metric.id} metric={metric} cells={deploymentCells} />
  );
