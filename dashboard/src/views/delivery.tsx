// V8: how fast, how safely, better or worse than before, and why?
import { Id } from "../components/basics.tsx";
import { Panel } from "../components/panel.tsx";
import { Answered } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import type { DeliveryByServiceRow, DeliveryRow, DeliverySeriesRow } from "../data/api.ts";
import type { Answer } from "../data/client.ts";
import { environments, meta } from "../data/meta.ts";
import { type Asked, useApi } from "../data/use.ts";
import { clip, count, duration, percent, plural, shortName } from "../format.ts";
import { Scatter } from "../marks/scatter.tsx";
import { SparkLine } from "../marks/spark.tsx";
import { param, params, setParams } from "../state/location.ts";
import { range } from "../state/range.ts";
import { narrowed, tier, usualTier } from "./deliveryscope.ts";
import { LeadTime } from "./leadtime.tsx";
import { BehindMetric } from "./metricrows.tsx";
import { fewBelow, filled, type Metric, metrics, shown, stepMs, stepOf } from "./metrics.ts";

function Card({
  metric,
  rows,
  series,
}: {
  metric: Metric;
  rows: readonly DeliveryRow[];
  series: Asked<Answer<DeliverySeriesRow>>;
}) {
  const row = rows.find((one) => one.period === "asked");
  const now = shown(
    metric,
    row,
    rows.find((one) => one.period === "before"),
  );
  const selected = param("sel") === metric.id;
  const line = references()[metric.figure];
  const from = Date.parse(series.body?.meta.from ?? "") || range.value.from;
  const to = Date.parse(series.body?.meta.to ?? "") || range.value.to;
  const step = stepMs(stepOf(range.value.from, range.value.to));
  const values = filled(series.body?.data ?? [], metric.figure, from, to, step);
  return (
    <button
      type="button"
      class={`card ${now.few ? "few" : ""}`}
      data-row
      aria-pressed={selected}
      onClick={() => setParams({ sel: selected ? null : metric.id })}
    >
      <span class="card-title">{metric.title}</span>
      <span class="card-value">
        <b>{now.value}</b>
        {now.few && <span class="muted">few (n = {now.n})</span>}
        {now.change && (
          <span class={`delta ${now.change.verdict}`}>
            {now.change.words}
            {now.change.verdict !== "same" && <span class="verdict">{now.change.verdict}</span>}
          </span>
        )}
      </span>
      {now.value !== "–" && (
        <SparkLine
          values={values}
          label={`${metric.title} over the time${line === null ? "" : `; the line is ${metric.text(line)}`}`}
          width={170}
          reference={line}
        />
      )}
      {line !== null && <span class="card-basis">- - {metric.text(line)}</span>}
      <span class="card-basis">{now.value === "–" && !now.basis ? "no data" : now.basis}</span>
    </button>
  );
}

const none = {
  deployments_per_day: null,
  lead_time_p50_s: null,
  recovery_p50_s: null,
  change_fail_rate: null,
  rework_rate: null,
};

/// Lines to compare with, as [dashboard.references] of the configuration has them.
const references = () => meta.value?.features.references ?? none;

function Services({ asked }: { asked: Asked<Answer<DeliveryByServiceRow>> }) {
  const look = (service: string) => setParams({ service });
  const rows = asked.body?.data ?? [];
  const dots = rows.flatMap((row) =>
    row.lead_time_p50_s === null || row.change_fail_rate === null
      ? []
      : [
          {
            id: row.service_id,
            x: row.lead_time_p50_s,
            y: row.change_fail_rate,
            few: row.deployments < fewBelow,
          },
        ],
  );
  return (
    <Panel
      id="services"
      title="By service"
      asked={asked}
      note={rows.length > 0 && "against their own past, not against each other"}
      explain={
        <p>
          The same metrics for each service. They stand in different places: what fits one need not
          fit another. A hollow dot and grey figures rest on fewer than {fewBelow}. A row shows that
          service alone.
        </p>
      }
    >
      <Answered
        asked={asked}
        needs={["service"]}
        filters={["env", "service", "team"]}
        what="No deployment"
      >
        {(all) => (
          <div class="columns">
            <Table<DeliveryByServiceRow>
              label="By service"
              rows={all}
              keyOf={(row) => row.service_id}
              sortParam="sort"
              open={(row) => look(row.service_id)}
              cells={[
                {
                  title: "service",
                  draw: (row) => (
                    <b>
                      <Id id={row.service_id} />
                    </b>
                  ),
                  by: (row) => row.service_id,
                },
                {
                  title: "deployments",
                  number: true,
                  draw: (row) => count(row.deployments),
                  by: (row) => row.deployments,
                },
                {
                  title: "lead time",
                  number: true,
                  draw: (row) => (
                    <span
                      class={(row.lead_time_changes ?? 0) < fewBelow ? "few" : ""}
                      title={plural(row.lead_time_changes ?? 0, "change")}
                    >
                      {duration(row.lead_time_p50_s)}
                    </span>
                  ),
                  by: (row) => row.lead_time_p50_s,
                },
                {
                  title: "failed",
                  number: true,
                  draw: (row) => (
                    <span class={row.deployments < fewBelow ? "few" : ""}>
                      {percent(row.change_fail_rate)}{" "}
                      <span class="muted">
                        {count(row.failed)} of {count(row.deployments)}
                      </span>
                    </span>
                  ),
                  by: (row) => row.change_fail_rate,
                },
                {
                  title: "recovery",
                  number: true,
                  draw: (row) => duration(row.recovery_p50_s),
                  by: (row) => row.recovery_p50_s,
                },
                {
                  title: "rework",
                  number: true,
                  draw: (row) => percent(row.rework_rate),
                  by: (row) => row.rework_rate,
                },
              ]}
            />
            {dots.length > 1 && (
              <div class="inside">
                <Scatter
                  dots={dots}
                  xWords="change lead time"
                  yWords="change fail rate"
                  xText={duration}
                  yText={percent}
                  xLine={references().lead_time_p50_s}
                  yLine={references().change_fail_rate}
                  open={look}
                />
              </div>
            )}
          </div>
        )}
      </Answered>
    </Panel>
  );
}

function TierChoice() {
  const tiers = [...new Set(environments.value.map((one) => one.tier)), tier()];
  return (
    <label class="choice">
      <span class="quiet">deployments to</span>
      <select
        value={tier()}
        onChange={(event) =>
          setParams({
            tier: event.currentTarget.value === usualTier ? null : event.currentTarget.value,
          })
        }
      >
        {[...new Set(tiers)].map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
    </label>
  );
}

/// Only where teams are known: a label of the configuration.
function TeamChoice() {
  const known = (meta.value?.services ?? []).flatMap((one) => one.team ?? []);
  const chosen = params("team");
  const teams = [...new Set([...known, ...chosen])].sort((a, b) => a.localeCompare(b));
  if (teams.length === 0) return null;
  return (
    <label class="choice">
      <span class="quiet">team</span>
      <select
        value={chosen[0] ?? ""}
        onChange={(event) => setParams({ team: event.currentTarget.value || null })}
      >
        <option value="">all</option>
        {teams.map((one) => (
          <option key={one} value={one}>
            {clip(one, 40)}
          </option>
        ))}
      </select>
    </label>
  );
}

const explain = (
  <>
    <p>
      The five metrics of{" "}
      <a href="https://dora.dev/guides/dora-metrics/" target="_blank" rel="noopener noreferrer">
        DORA
      </a>{" "}
      for the environments of one tier, against the equally long time before. What is not known is
      “–”, never 0. A figure that rests on fewer than {fewBelow} is grey and says “few”. A broken
      line is what the configuration names to compare with.
    </p>
    <dl class="prose">
      {metrics.map((metric) => (
        <div key={metric.id}>
          <dt>
            <b>{metric.title}</b>
          </dt>
          <dd>{metric.how}</dd>
        </div>
      ))}
    </dl>
  </>
);

export function Delivery() {
  const asked = useApi<DeliveryRow>("/delivery", narrowed());
  const step = stepOf(range.value.from, range.value.to);
  const series = useApi<DeliverySeriesRow>("/delivery/series", { ...narrowed(), step });
  const services = useApi<DeliveryByServiceRow>("/delivery/services", narrowed());
  const places = environments.value
    .filter((one) => one.tier === tier())
    .filter((one) => params("env").length === 0 || params("env").includes(one.environment_id))
    .map((one) => shortName(one.environment_id));
  const metric = metrics.find((one) => one.id === param("sel"));
  const known = (asked.body?.data ?? []).some(
    (row) => row.period === "asked" && ((row.deployments ?? 0) > 0 || (row.rollbacks ?? 0) > 0),
  );
  const earlier = asked.body?.data.find((row) => row.period === "before");
  return (
    <>
      <Panel
        id="delivery"
        title="Delivery"
        asked={asked}
        controls={
          <>
            <TeamChoice />
            <TierChoice />
          </>
        }
        note={known && places.length > 0 && <>{places.join(" + ")}, against the time before</>}
        explain={explain}
      >
        <Answered
          asked={known ? asked : emptied(asked)}
          needs={["service"]}
          filters={["env", "service", "team"]}
          what="No deployment"
          skeletonRows={4}
        >
          {(rows) => (
            <>
              <div class="cards">
                {metrics.map((one) => (
                  <Card key={one.id} metric={one} rows={rows} series={series} />
                ))}
              </div>
              {earlier && (earlier.days ?? 0) > 0 && isShort(earlier) && (
                <p class="note">
                  Of the time before only {plural(Math.round(earlier.days ?? 0), "day")} are known:
                  events begin there.
                </p>
              )}
            </>
          )}
        </Answered>
      </Panel>
      {metric && known && <BehindMetric metric={metric} />}
      {known && <LeadTime step={step} />}
      {known && <Services asked={services} />}
    </>
  );
}

/// The first events lie within the period.
const isShort = (row: DeliveryRow): boolean =>
  (row.days ?? 0) < (Date.parse(row.until) - Date.parse(row.since)) / 86_400_000 - 0.5;

/// An answer of which every figure is unknown says no more than one without rows.
function emptied(asked: Asked<Answer<DeliveryRow>>): Asked<Answer<DeliveryRow>> {
  return asked.body ? { ...asked, body: { ...asked.body, data: [] } } : asked;
}
