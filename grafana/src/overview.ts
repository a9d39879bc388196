// What runs where, since when, how far behind, and what is wrong.
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { AT, PostgresQuery, ask } from "./query";
import { dashboard, environment, service } from "./dashboard";
import { dashboardLink, link, numbers, pageLink, patterns, place, sortedBy, thresholds, type Placed } from "./panels";
import { deploymentsTable, driftTable, incidentsTable, timelinePanel, where } from "./shapes";
import * as tables from "@grafana/grafana-foundation-sdk/table";

const state = { at: AT, ...where };
const red = (from: number) => [{ id: "thresholds", value: thresholds([null, "text"], [from, "red"]).build() }];

/** A cell of Grafana's table has one line: the version, with a sign and a word for what else is to be known. */
const CELL = `concat_ws(' ', case kind when 'rollback' then '↶' else '●' end, coalesce(version, artifact_id, '?'),
    case when cardinality(incidents) > 0 then '! ' || incidents[1] end,
    case when attempt_state = 'finished' then '✕ failed' when attempt_state is not null then '◌ ' || attempt_state end,
    case when ahead > 0 then '▲ ' || ahead || ' ahead' end, case when behind > 0 then '· ' || behind || ' behind' end)`;

// groupingToMatrix names its first column after both fields.
const CORNER = "service_id\\environment_id";
const inCorner = "${__data.fields[0]:percentencode}";

const matrix = (): Placed => {
  const answer = ask("state", state, { also: { cell: CELL }, columns: ["service_id", "environment_id"], rest: "order by environment_rank, environment_id, service_id" });
  const panel = new tables.PanelBuilder().withTarget(new PostgresQuery(answer.sql)).showHeader(true).unit("none")
    .withTransformation({ id: "groupingToMatrix", options: { rowField: "service_id", columnField: "environment_id", valueField: "cell", emptyValue: "null" } })
    .cellOptions({ type: "color-background", mode: "basic" } as never)
    .mappings(patterns(["/!/", "red"], ["/✕/", "orange"], ["/◌/", "blue"], ["/↶/", "purple"], ["/▲/", "blue"], ["/behind/", "yellow"], ["/./", "green"]))
    .overrideByName(CORNER, [
      { id: "displayName", value: "Service" }, { id: "mappings", value: [] }, { id: "custom.cellOptions", value: { type: "auto" } },
      { id: "custom.width", value: 200 },
      { id: "links", value: [
        link("Deployments of this service", dashboardLink("deployments", `&var-service=${inCorner}`)),
        ...pageLink("Its timeline in cdviz", "timeline", `&service=${inCorner}`),
      ] },
    ]);
  return sortedBy(place(panel, {
    id: 2, title: "What runs where", size: [24, 11], page: "", nothing: "–",
    text: "One row for each service, one column for each environment in the order of delivery, at the end of the time shown. ● runs, ↶ was rolled back, ▲ has versions that the environment before does not have, ! an incident is open, ✕ a later attempt to deploy failed, ◌ one is under way, \"n behind\": versions that the environment before has and this one lacks.",
  }), "Service");
};

export const overview = (): Dashboard => dashboard({
  name: "overview", title: "Overview", from: "now-7d", refresh: "1m",
  text: "Which version of each service runs in each environment, now or at the end of the time shown.",
  variables: [environment(), service()], annotated: where,
  panels: [
    numbers({
      id: 1, title: "At a glance", size: [24, 4], nothing: "No service known yet",
      text: "Services and environments with something that runs, cells that have been behind the environment before for more than 2 days, deployments under way, and open incidents, at the end of the time shown.",
    }, ask("state", state, {
      also: {
        services: "count(distinct service_id)", environments: "count(distinct environment_id)",
        behind: "count(*) filter (where behind > 0 and lag_s > 2 * 86400)",
        deploying: "count(*) filter (where attempt_state in ('running', 'queued', 'stuck'))",
        open_incidents: "(select count(distinct incident) from answer, unnest(incidents) incident)",
      },
      rest: "having count(*) > 0",
    }), {
      services: "Services", environments: "Environments", behind: { title: "Behind for more than 2 days", more: [{ id: "thresholds", value: thresholds([null, "text"], [1, "orange"]).build() }] },
      deploying: "Deployments under way", open_incidents: { title: "Open incidents", more: red(1) },
    }),
    matrix(),
    timelinePanel(3, 12),
    driftTable({
      id: 4, title: "Behind, ahead, or not comparable", size: [12, 9], page: "compare", nothing: "Nothing is behind",
      text: "Each service against the nearest environment before that has it, at the end of the time shown. Versions are ordered by when they were first published, packaged or seen. The largest delay first.",
    }),
    incidentsTable({
      id: 5, title: "Open incidents", size: [12, 9], page: "incidents", nothing: "No open incident",
      text: "Incidents that are not resolved now, with the deployment that is suspected most.",
    }, { open: "true" }),
    deploymentsTable({
      id: 6, title: "Last changes", size: [24, 9], page: "timeline", nothing: "No deployment known in this time",
      text: "The last 50 changes of what runs, newest first.",
    }, 50),
  ],
});
