// What all dashboards have in common: uid, tags, shared crosshair, variables, annotations, links, and the places of panels.
import {
  AnnotationQueryBuilder, ConstantVariableBuilder, CustomVariableBuilder, DashboardBuilder, DashboardCursorSync, DashboardLinkBuilder,
  DashboardLinkType, DatasourceVariableBuilder, QueryVariableBuilder, RowBuilder, TextBoxVariableBuilder, VariableRefresh,
  VariableSort, type Dashboard, type VariableModel,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type * as cog from "@grafana/grafana-foundation-sdk/cog";
import { FROM, POSTGRES, PROMETHEUS, PostgresQuery, TO, ask, list } from "./query";
import type { Values } from "./library";
import type { Placed } from "./panels";

type Variable = cog.Builder<VariableModel>;

/** Where the pages of cdviz itself are: README.md says how to put your own address there. */
const PAGE = "http://127.0.0.1:8080";

const variable = (name: string, label: string, sql: string): QueryVariableBuilder =>
  new QueryVariableBuilder(name).label(label).datasource({ ...POSTGRES }).query(sql).definition(sql)
    .refresh(VariableRefresh.OnTimeRangeChanged).sort(VariableSort.Disabled);

/** With "All", which is no condition at all: see `list` in query.ts. */
const several = (name: string, label: string, sql: string): QueryVariableBuilder =>
  variable(name, label, sql).multi(true).includeAll(true).allValue("null").current({ text: ["All"], value: ["$__all"] });

export const environment = (): Variable =>
  several("environment", "Environment", ask("environments", {}, { also: { __value: "environment_id", __text: "label" } }).sql);
export const service = (): Variable =>
  several("service", "Service", ask("services", {}, { also: { __value: "service_id", __text: "label" } }).sql);
export const team = (): Variable =>
  several("team", "Team", ask("services", {}, { also: { __value: "team" }, rest: "where team is not null\ngroup by team\norder by team" }).sql);
const inRange = { from: FROM, to: TO };
export const subject = (): Variable => several("subject", "Subject",
  ask("event-types", inRange, { also: { __value: "subject" }, rest: "group by subject\norder by subject" }).sql);
export const source = (): Variable => several("source", "Source",
  ask("event-types", inRange, { also: { __value: "source" }, rest: "group by source\norder by source" }).sql);
export const pipeline = (): Variable => variable("pipeline", "Name",
  ask("pipelines", { ...inRange, kind: "${kind:sqlstring}", limit: "1000" }, { also: { __value: "name" }, rest: "order by name" }).sql)
  .includeAll(true).allValue("null").current({ text: "All", value: "$__all" });
export const incident = (): Variable => variable("incident", "Incident",
  ask("incident-spans", { ...inRange, environment: list("environment"), service: list("service") },
    { also: { __value: "incident_id" }, rest: "group by incident_id\norder by max(began_at) desc" }).sql);

/** One of a list; the first is chosen. @param choices  value to text */
export const choice = (name: string, label: string, choices: Readonly<Record<string, string>>): CustomVariableBuilder => {
  const all = Object.entries(choices);
  const first = all[0] ?? ["", ""];
  return new CustomVariableBuilder(name).label(label).values(all.map(([value, text]) => `${text} : ${value}`).join(", "))
    .options(all.map(([value, text], index) => ({ value, text, selected: index === 0 }))).current({ value: first[0], text: first[1] });
};

export const typedText = (name: string, label: string): Variable => new TextBoxVariableBuilder(name).label(label).defaultValue("").current({ text: "", value: "" });

/** @param uid  of the data source in provisioning/datasources; without that one Grafana takes another of the type */
const datasource = (name: string, label: string, type: string, uid: string): Variable =>
  new DatasourceVariableBuilder(name).label(label).type(type).current({ text: uid, value: uid });

/** Deployments to production, and incidents, on every time series of a dashboard. */
function annotations(filter: Values): AnnotationQueryBuilder[] {
  const on = (name: string, color: string, sql: string) =>
    new AnnotationQueryBuilder().name(name).datasource({ ...POSTGRES }).enable(true).hide(false).iconColor(color).target(new PostgresQuery(sql, "table", "Anno"));
  return [
    on("Deployments to production", "blue", ask("deployments", { ...inRange, ...filter, limit: "1000" }, {
      also: {
        time: "at", title: "concat_ws(' ', service_id, version)",
        text: "concat_ws(' ', kind, 'in', environment_id, 'instead of ' || previous_version, 'by ' || actor)", tags: "concat_ws(',', kind, environment_id)",
      },
      rest: "where environment_tier = 'production'\norder by at",
    }).sql),
    on("Incidents", "red", ask("incident-spans", { ...inRange, ...filter }, {
      also: {
        time: "began_at", timeend: "coalesce(resolved_at, now())", title: "incident_id",
        text: "concat_ws(' ', service_id, 'in ' || environment_id, description)", tags: "case when resolved_at is null then 'open' else 'resolved' end",
      },
      rest: "order by began_at",
    }).sql),
  ];
}

/** A line with a heading above the panels that follow. */
export interface Heading {
  readonly heading: string;
  readonly id: number;
}

export interface Contents {
  /** The last part of the uid, and the name of the file. */
  readonly name: string;
  readonly title: string;
  readonly text: string;
  /** Grafana's syntax: "now-7d". */
  readonly from: string;
  readonly refresh: string;
  /** The data source it asks: PostgreSQL, or a Prometheus that scrapes the collector. */
  readonly from_metrics?: boolean;
  readonly variables: readonly Variable[];
  /** What the annotations are filtered by; without it there are none. */
  readonly annotated?: Values;
  /** From left to right, and down where a line of 24 columns is full. */
  readonly panels: readonly (Placed | Heading)[];
}

export function dashboard(contents: Contents): Dashboard {
  const made = new DashboardBuilder(`CDviz · ${contents.title}`)
    .uid(`cdviz-${contents.name}`).tags(["cdviz"]).editable().tooltip(DashboardCursorSync.Crosshair).timezone("browser")
    .description(`${contents.text} Generated by grafana/generate from grafana/src: do not edit.`)
    .time({ from: contents.from, to: "now" }).refresh(contents.refresh)
    .link(new DashboardLinkBuilder("CDviz dashboards").type(DashboardLinkType.Dashboards).tags(["cdviz"]).asDropdown(true).keepTime(true).includeVars(true))
    .link(new DashboardLinkBuilder("cdviz").type(DashboardLinkType.Link).icon("external link").url("${page}/").tooltip("The pages of cdviz itself").keepTime(true).targetBlank(true))
    .withVariable(contents.from_metrics ? datasource("prometheus", "Metrics", PROMETHEUS.type, "cdviz-metrics") : datasource("datasource", "Data source", POSTGRES.type, "cdviz"));
  for (const one of contents.variables) made.withVariable(one);
  made.withVariable(new ConstantVariableBuilder("page").label("Address of cdviz").value(PAGE));
  if (contents.annotated) made.annotations(annotations(contents.annotated));

  let x = 0, y = 0, tallest = 0;
  for (const one of contents.panels) {
    const [width, height] = "heading" in one ? [24, 1] : [one.width, one.height];
    if (x + width > 24) [x, y, tallest] = [0, y + tallest, 0];
    const gridPos = { x, y, w: width, h: height };
    if ("heading" in one) made.withRow(new RowBuilder(one.heading).id(one.id).gridPos(gridPos));
    else made.withPanel(one.panel.gridPos(gridPos));
    [x, tallest] = [x + width, Math.max(tallest, height)];
  }
  return plain(made.build());
}

/** Without what the SDK adds: a place that only the newest Grafana knows, and settings of other kinds of variables. */
function plain(made: Dashboard): Dashboard {
  const left = new Set(["placement", "auto", "auto_min", "auto_count"]);
  return JSON.parse(JSON.stringify(made, (key, value: unknown) => (left.has(key) ? undefined : value))) as Dashboard;
}
