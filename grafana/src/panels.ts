// Panels in one style: each has an id, a title, a description, a unit, and words for "nothing". Only what Grafana
// itself contains, no plugin.
import type * as cog from "@grafana/grafana-foundation-sdk/cog";
import {
  BarGaugeDisplayMode, BigValueColorMode, BigValueGraphMode, BigValueTextMode, GraphDrawStyle, LegendDisplayMode, LegendPlacement,
  ReduceDataOptionsBuilder, SortOrder, StackingConfigBuilder, StackingMode, TableSortByFieldStateBuilder, TimelineValueAlignment,
  TooltipDisplayMode, VisibilityMode, VizLegendOptionsBuilder, VizOrientation, VizTooltipOptionsBuilder, type DataSourceRef,
} from "@grafana/grafana-foundation-sdk/common";
import {
  DashboardLinkBuilder, FieldColorBuilder, FieldColorModeId, ThresholdsConfigBuilder, ThresholdsMode,
  type DataTransformerConfig, type DynamicConfigValue, type GridPos, type Panel, type ValueMapping,
} from "@grafana/grafana-foundation-sdk/dashboard";
import * as bargauge from "@grafana/grafana-foundation-sdk/bargauge";
import * as stat from "@grafana/grafana-foundation-sdk/stat";
import * as statetimeline from "@grafana/grafana-foundation-sdk/statetimeline";
import * as statushistory from "@grafana/grafana-foundation-sdk/statushistory";
import * as tables from "@grafana/grafana-foundation-sdk/table";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import { POSTGRES, PostgresQuery, type Answer } from "./query";
import type { Column } from "./library";

/** What the builders of all kinds of panels have in common. */
export interface PanelBuilder extends cog.Builder<Panel> {
  id(id: number): this;
  title(title: string): this;
  description(description: string): this;
  datasource(datasource: DataSourceRef): this;
  withTarget(target: cog.Builder<cog.Dataquery>): this;
  gridPos(place: GridPos): this;
  noValue(text: string): this;
  unit(unit: string): this;
  links(links: cog.Builder<import("@grafana/grafana-foundation-sdk/dashboard").DashboardLink>[]): this;
  overrideByName(name: string, properties: DynamicConfigValue[]): this;
  withTransformation(transformation: DataTransformerConfig): this;
  maxDataPoints(points: number): this;
}

/** A panel and the room that it takes: columns of 24, rows of 30 pixels. */
export interface Placed<P extends PanelBuilder = PanelBuilder> {
  readonly panel: P;
  readonly width: number;
  readonly height: number;
}

export interface Common {
  /** Unique within the dashboard, and never given to another panel: links to a panel hold it. */
  readonly id: number;
  readonly title: string;
  /** What it shows and how it was computed, in words. */
  readonly text: string;
  /** What stands there when there is nothing. */
  readonly nothing?: string;
  readonly size: readonly [width: number, height: number];
  /** A page of cdviz itself that shows the same and more: "timeline". */
  readonly page?: string;
}

/** The pages of cdviz that are there (dashboard/src/views.ts): what names another has no link to it yet. */
const PAGES = new Set(["", "timeline", "compare", "events", "collector"]);

/** The built-in page with the time of this dashboard; `${page}` is its address. */
const pageUrl = (page: string, more: string): string => `\${page}/${page}?\${__url_time_range}${more}`;

/** Another dashboard of these, at the same time and with the same data source. */
export const dashboardLink = (name: string, more = ""): string =>
  `/d/cdviz-${name}?\${datasource:queryparam}&\${__url_time_range}${more}`;

/** The value of a column of the clicked row, fit for an address. */
export const field = (column: string): string => `\${__data.fields.${column}:percentencode}`;

export function place<P extends PanelBuilder>(panel: P, common: Common, datasource: DataSourceRef = { ...POSTGRES }): Placed<P> {
  panel.id(common.id).title(common.title).description(common.text).datasource(datasource).noValue(common.nothing ?? "nothing known");
  if (common.page !== undefined && PAGES.has(common.page)) {
    panel.links([new DashboardLinkBuilder("Open in cdviz").url(pageUrl(common.page, "")).targetBlank(true)]);
  }
  return { panel, width: common.size[0], height: common.size[1] };
}

const UNITS: Readonly<Record<string, string>> = { seconds: "s", ratio: "percentunit", bytes: "bytes", days: "d" };

/** Grafana's unit for a column: durations and shares as such, other numbers as they are. */
export const unitOf = (column: Column): string => UNITS[column.unit] ?? "none";

const isNumber = (column: Column): boolean => /^(bigint|integer|double precision)$/.test(column.type);

/** An entry of a cell's menu. */
export interface CellLink {
  readonly title: string;
  readonly url: string;
  readonly targetBlank: boolean;
}

/** Leads to another of these dashboards. */
export const link = (title: string, url: string): CellLink => ({ title, url, targetBlank: false });

/** Leads to a page of cdviz: one entry, or none if there is no such page. */
export const pageLink = (title: string, page: string, more: string): CellLink[] =>
  PAGES.has(page) ? [{ title, url: pageUrl(page, more), targetBlank: true }] : [];

/** Colours by value: what it means is in the text too, never in the colour alone. */
export const words = (of: Readonly<Record<string, readonly [text: string, color: string]>>): ValueMapping[] => [{
  type: "value",
  options: Object.fromEntries(Object.entries(of).map(([value, [text, color]], index) => [value, { text, color, index }])),
} as ValueMapping];

/** Colours by a pattern; the text stays. */
export const patterns = (...of: readonly (readonly [pattern: string, color: string])[]): ValueMapping[] =>
  of.map(([pattern, color], index) => ({ type: "regex", options: { pattern, result: { color, index } } }) as ValueMapping);

export const OUTCOMES = words({
  success: ["● success", "green"], failure: ["✕ failure", "red"], error: ["✕ error", "orange"], cancel: ["– cancelled", "text"],
  skip: ["– skipped", "text"],
});
export const KINDS = words({
  deploy: ["● deploy", "blue"], upgrade: ["● upgrade", "green"], rollback: ["↶ rollback", "purple"], redeploy: ["↻ redeploy", "text"],
  remove: ["– remove", "text"],
});

export const STATES = words({
  queued: ["… queued", "text"], running: ["◌ running", "blue"], stuck: ["! stuck", "red"], finished: ["finished", "text"], skipped: ["skipped", "text"],
  abandoned: ["abandoned", "orange"],
});

/** What a table shows in a column. */
export interface Cell {
  readonly title: string;
  readonly mappings?: ValueMapping[];
  readonly links?: readonly CellLink[];
  readonly width?: number;
  readonly unit?: string;
  readonly more?: DynamicConfigValue[];
}

const COLOURED: DynamicConfigValue = { id: "custom.cellOptions", value: { type: "color-text" } };

/** A table; every column of the answer has a cell here, in the order of the answer. */
export function table(common: Common, answer: Answer, cells: Readonly<Record<string, Cell | string>>): Placed<tables.PanelBuilder> {
  const panel = new tables.PanelBuilder().withTarget(new PostgresQuery(answer.sql)).showHeader(true).unit("none").filterable(true);
  for (const [name, given] of Object.entries(cells)) {
    const cell = typeof given === "string" ? { title: given } : given;
    const column = answer.columns.find((one) => one.name === name);
    const properties: DynamicConfigValue[] = [{ id: "displayName", value: cell.title }];
    if (cell.unit) properties.push({ id: "unit", value: cell.unit });
    else if (column && isNumber(column)) properties.push({ id: "unit", value: unitOf(column) });
    if (column && (column.unit === "seconds" || column.unit === "ratio")) properties.push({ id: "decimals", value: 1 });
    if (cell.mappings) properties.push({ id: "mappings", value: cell.mappings }, COLOURED);
    if (cell.links?.length) properties.push({ id: "links", value: cell.links });
    if (cell.width) properties.push({ id: "custom.width", value: cell.width });
    panel.overrideByName(name, [...properties, ...(cell.more ?? [])]);
  }
  return place(panel, common);
}

export const sortedBy = (panel: Placed<tables.PanelBuilder>, title: string, descending = false): Placed<tables.PanelBuilder> => {
  panel.panel.sortBy([new TableSortByFieldStateBuilder().displayName(title).desc(descending)]);
  return panel;
};

/** Steps of a colour: `[null, "text"], [1, "red"]`: red from 1 on. */
export const thresholds = (...steps: readonly (readonly [from: number | null, color: string])[]): ThresholdsConfigBuilder =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps.map(([value, color]) => ({ value, color })));

/** One big number for each numeric column. No colour says "good": what is good is for the team to say. */
export function numbers(common: Common, answer: Answer, cells: Readonly<Record<string, Cell | string>>): Placed<stat.PanelBuilder> {
  const panel = new stat.PanelBuilder().withTarget(new PostgresQuery(answer.sql)).unit("none")
    .reduceOptions(new ReduceDataOptionsBuilder().values(false).calcs(["lastNotNull"]).fields("/.*/"))
    .graphMode(BigValueGraphMode.None).colorMode(BigValueColorMode.Value).textMode(BigValueTextMode.ValueAndName)
    .orientation(VizOrientation.Auto).thresholds(thresholds([null, "text"]));
  named(panel, answer, cells);
  return place(panel, common);
}

/** Names, units and colours of columns that are drawn or shown as numbers. */
function named(panel: PanelBuilder, answer: Answer, cells: Readonly<Record<string, Cell | string>>): void {
  for (const [name, given] of Object.entries(cells)) {
    const cell = typeof given === "string" ? { title: given } : given;
    const column = answer.columns.find((one) => one.name === name);
    const unit = cell.unit ?? (column ? unitOf(column) : "none");
    panel.overrideByName(name, [{ id: "displayName", value: cell.title }, { id: "unit", value: unit }, ...(cell.more ?? [])]);
  }
}

const legend = (): VizLegendOptionsBuilder =>
  new VizLegendOptionsBuilder().displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom).showLegend(true);
const tooltip = (): VizTooltipOptionsBuilder => new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending);

/** A time series without data. @param stacked  bars on top of each other; else lines with points */
export function chart(unit: string, stacked: boolean): timeseries.PanelBuilder {
  const panel = new timeseries.PanelBuilder().unit(unit).legend(legend()).tooltip(tooltip())
    .axisSoftMin(0).spanNulls(false).colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName));
  return stacked
    ? panel.drawStyle(GraphDrawStyle.Bars).fillOpacity(80).lineWidth(0).stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group("A"))
    : panel.drawStyle(GraphDrawStyle.Line).showPoints(VisibilityMode.Always).pointSize(5).lineWidth(1);
}

/** Bars or lines: one for each numeric column, or for each value of the text columns that `label` names. */
export function drawn(common: Common & { unit: string; stacked?: boolean; label?: string }, answer: Answer,
  cells: Readonly<Record<string, Cell | string>> = {}): Placed<timeseries.PanelBuilder> {
  const panel = chart(common.unit, common.stacked ?? false).withTarget(new PostgresQuery(answer.sql, "time_series")).maxDataPoints(120);
  if (common.label) panel.displayName(`\${__field.labels.${common.label}}`);
  named(panel, answer, cells);
  return place(panel, common);
}

/** What was when: a lane for each value of the column `lane`. */
export function lanes(common: Common, answer: Answer, mappings: ValueMapping[] = []): Placed<statetimeline.PanelBuilder> {
  const panel = new statetimeline.PanelBuilder().withTarget(new PostgresQuery(answer.sql)).unit("none")
    .withTransformation({ id: "partitionByValues", options: { fields: ["lane"], keepFields: false, naming: { asLabels: true } } })
    .displayName("${__field.labels.lane}").mergeValues(true).showValue(VisibilityMode.Auto).alignValue(TimelineValueAlignment.Left)
    .rowHeight(0.8).perPage(25).fillOpacity(70).lineWidth(0).mappings(mappings).spanNulls(false)
    .legend(new VizLegendOptionsBuilder().displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom).showLegend(false))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Single).sort(SortOrder.None))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic));
  return place(panel, common);
}

/** A coloured cell for each step and value of the text column. */
export function cellsOfTime(common: Common & { unit: string; label: string }, answer: Answer, steps: ThresholdsConfigBuilder): Placed<statushistory.PanelBuilder> {
  const panel = new statushistory.PanelBuilder().withTarget(new PostgresQuery(answer.sql, "time_series")).unit(common.unit)
    .displayName(`\${__field.labels.${common.label}}`).thresholds(steps).showValue(VisibilityMode.Auto)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds)).rowHeight(0.9).colWidth(0.9)
    .legend(legend()).tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Single).sort(SortOrder.None));
  return place(panel, common);
}

/** One bar for each row: the text column names it. */
export function bars(common: Common & { unit: string }, answer: Answer): Placed<bargauge.PanelBuilder> {
  const panel = new bargauge.PanelBuilder().withTarget(new PostgresQuery(answer.sql)).unit(common.unit)
    .reduceOptions(new ReduceDataOptionsBuilder().values(true).calcs(["lastNotNull"]).fields(""))
    .orientation(VizOrientation.Horizontal).displayMode(BarGaugeDisplayMode.Basic).thresholds(thresholds([null, "blue"]));
  return place(panel, common);
}
