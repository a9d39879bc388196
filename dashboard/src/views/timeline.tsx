// V2: what changed, where and in which order. A bar is the time that a version ran; a lane is a service in an
// environment.
import { useMemo } from "preact/hooks";
import { Id, Moment, Outcome, Text } from "../components/basics.tsx";
import { Panel } from "../components/panel.tsx";
import { Answered } from "../components/states.tsx";
import type { AttemptsRow, EventHistogramRow, IncidentsRow, LanesRow } from "../data/api.ts";
import type { Answer } from "../data/client.ts";
import { environments } from "../data/meta.ts";
import { type Asked, useApi } from "../data/use.ts";
import { clip, count, duration, shortName } from "../format.ts";
import { Histogram } from "../marks/histogram.tsx";
import { href, param, params, setParams } from "../state/location.ts";
import { range, rangeText } from "../state/range.ts";
import type { Range } from "../state/time.ts";
import { CellDrawer } from "./celldrawer.tsx";
import { type LanesBy, lanesOf } from "./lanes.ts";
import { Lanes, runPlace } from "./swimlanes.tsx";

/// More are merged by the server.
const marksMax = 2000;

/// Events of services over the whole time: where something happened, and a brush.
function Density({ shown }: { shown: Range }) {
  const asked = useApi<EventHistogramRow>("/events/histogram", {
    from: rangeText.value.from,
    to: rangeText.value.to,
    subject: "service",
    step: `${Math.max(60, Math.ceil((shown.to - shown.from) / 120_000))}s`,
  });
  const rows = asked.body?.data ?? [];
  const stepMs = Math.max(60_000, Math.ceil((shown.to - shown.from) / 120));
  return (
    <Histogram
      label="Deployment events"
      range={shown}
      stepMs={stepMs}
      series={["service"]}
      height={30}
      bare
      bins={rows.map((row) => ({ time: Date.parse(row.time), series: row.subject, n: row.n }))}
    />
  );
}

/// The ✕ of the lanes in words, for those who do not point.
function Failed({ attempts }: { attempts: Asked<Answer<AttemptsRow>> }) {
  const rows = attempts.body?.data ?? [];
  return (
    <Panel id="failed" title="Failed attempts in this time" asked={attempts}>
      <ul class="inside plain">
        {rows.slice(0, 20).map((row) => (
          <li key={row.run_key}>
            <Outcome name={row.outcome} /> <Text text={row.version} max={40} />{" "}
            <Id id={row.service_id} /> in <Id id={row.environment_id} />{" "}
            <Moment time={row.finished_at ?? row.started_at} />{" "}
            {row.name && (
              <a data-view data-row href={runPlace(row)}>
                open the run
              </a>
            )}{" "}
            {row.reason && <Text text={row.reason} max={120} />}
          </li>
        ))}
        {rows.length > 20 && <li class="muted">and {count(rows.length - 20)} more</li>}
      </ul>
    </Panel>
  );
}

export function Timeline() {
  const filter = { env: params("env"), service: params("service") };
  const asked = useApi<LanesRow>("/timeline/lanes", {
    ...rangeText.value,
    ...filter,
    marks: marksMax,
  });
  const incidents = useApi<IncidentsRow>(param("incidents") === "0" ? null : "/incidents", {
    ...rangeText.value,
    ...filter,
    limit: 200,
  });
  const attempts = useApi<AttemptsRow>(param("attempts") === "0" ? null : "/attempts", {
    ...rangeText.value,
    ...filter,
    failed: true,
    limit: 500,
  });
  const failed = param("attempts") === "0" ? [] : (attempts.body?.data ?? []);
  const by = (param("by") === "environment" ? "environment" : "service") as LanesBy;
  const order = environments.value;
  const rows = asked.body?.data;
  const lanes = useMemo(
    () =>
      lanesOf(
        rows ?? [],
        by,
        order.map((one) => one.environment_id),
      ),
    [rows, by, order],
  );
  const selected = params("sel");
  const shown = range.value;
  const bands = param("incidents") === "0" ? [] : (incidents.body?.data ?? []);
  return (
    <>
      <Panel
        id="lanes"
        title={
          filter.service.length === 1
            ? `${shortName(filter.service[0])} over time`
            : "What ran when"
        }
        asked={asked}
        note={
          <span>
            <Outcome name="rollback" /> {bands.length > 0 && <Outcome name="incident" />}{" "}
            {failed.length > 0 && <Outcome name="failure">failed attempt</Outcome>}{" "}
            <span class="hint">drag to zoom, double-click to fit</span>
          </span>
        }
        controls={
          <>
            <label class="choice">
              <span class="quiet">lanes by</span>
              <select
                value={by}
                onChange={(event) =>
                  setParams({
                    by: event.currentTarget.value === "service" ? null : event.currentTarget.value,
                  })
                }
              >
                <option value="service">service</option>
                <option value="environment">environment</option>
              </select>
            </label>
            <label class="choice">
              <input
                type="checkbox"
                checked={param("incidents") !== "0"}
                onChange={(event) =>
                  setParams({ incidents: event.currentTarget.checked ? null : "0" })
                }
              />
              incidents
            </label>
            <label class="choice">
              <input
                type="checkbox"
                checked={param("attempts") !== "0"}
                onChange={(event) =>
                  setParams({ attempts: event.currentTarget.checked ? null : "0" })
                }
              />
              failed attempts
            </label>
          </>
        }
        explain={
          <p>
            A bar begins with the event that put a version there and ends with the next one, or goes
            on to now. What ran when the time that is shown began is carried in from before. Bars
            under 2 pixels are merged and counted. ↶ is a rollback: an event that says so, or a
            version that ran there before and comes back.
          </p>
        }
      >
        <Answered
          asked={asked}
          needs={["service"]}
          filters={["env", "service"]}
          what="No deployment"
          skeletonRows={8}
        >
          {() => (
            <div class="inside">
              <div class="lanes">
                <div class="lane-label muted" aria-hidden="true">
                  <span class="lane-name">events</span>
                </div>
                <Density shown={shown} />
              </div>
              <Lanes lanes={lanes} shown={shown} incidents={bands} attempts={failed} />
            </div>
          )}
        </Answered>
      </Panel>
      {failed.length > 0 && <Failed attempts={attempts} />}
      {bands.length > 0 && (
        <Panel id="incidents" title="Incidents in this time" asked={incidents}>
          <ul class="inside plain">
            {bands.slice(0, 20).map((incident) => (
              <li key={`${incident.source} ${incident.incident_id}`}>
                <Outcome name={incident.open ? "open" : "resolved"} />{" "}
                <a data-view href={href("incidents", { sel: incident.incident_id })}>
                  <Id id={incident.incident_id} />
                </a>{" "}
                <Id id={incident.service_id} /> in <Id id={incident.environment_id} />,{" "}
                {incident.time_to_restore_s === null
                  ? "open"
                  : duration(incident.time_to_restore_s)}
                {incident.suspect && (
                  <span class="muted">
                    {" "}
                    · suspect <bdi>{clip(incident.suspect, 60)}</bdi>
                  </span>
                )}
              </li>
            ))}
          </ul>
        </Panel>
      )}
      {selected.length === 2 && (
        <CellDrawer service={selected[0]!} environment={selected[1]!} cell={null} />
      )}
    </>
  );
}
