// Queries of panels: a question of the library within the few words that bring its answer into a panel's shape.
import type * as cog from "@grafana/grafana-foundation-sdk/cog";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { bind, question, type Column, type Values } from "./library";

/** Grafana's own words for the time that a dashboard shows; only macros without an argument are used (README, traps). */
export const FROM = "$__timeFrom()::timestamptz";
export const TO = "$__timeTo()::timestamptz";

/** The moment that a dashboard shows: its end, or now if that is later. */
export const AT = `least(${TO}, now())`;

/**
 * A variable with several values as text[]. "All" has the value `null` and becomes null, which the library takes for
 * "whatever": so it also finds what no list names, and no list grows with the number of services.
 */
export const list = (variable: string): string =>
  `nullif(array_remove(array[\${${variable}:sqlstring}]::text[], null), '{}')`;

/** A variable with one value; "All" is null. */
export const one = (variable: string): string => `(${list(variable)})[1]`;

/** The text that somebody typed; nothing is null. */
export const typed = (variable: string): string => `nullif(\${${variable}:sqlstring}, '')`;

/** A step of the panel's own, as long as a pixel deserves, in whole days (UTC). */
export const DAYS = "make_interval(secs => 86400 * greatest(1, ceil($__interval_ms / 86400000.0)))";

/** A step as long as a pixel deserves, from a minute on. */
export const STEP = "make_interval(secs => greatest(60, $__interval_ms / 1000.0))";

/** The begin of the time at a full multiple of a step since Monday, 1970-01-05, 00:00 UTC. */
export const fromMultipleOf = (step: string): string => `date_bin(${step}, ${FROM}, timestamptz '1970-01-05 00:00Z')`;

/** PostgreSQL's query as Grafana's data source reads it; the Foundation SDK has none of its own. */
interface PostgresDataquery extends cog.Dataquery {
  refId: string;
  datasource: { type: string; uid: string };
  editorMode: "code";
  format: "table" | "time_series";
  rawQuery: true;
  rawSql: string;
}

/** The data source that the variable `datasource` of each dashboard names. */
export const POSTGRES = { type: "grafana-postgresql-datasource", uid: "${datasource}" } as const;
export const PROMETHEUS = { type: "prometheus", uid: "${prometheus}" } as const;

export class PostgresQuery implements cog.Builder<cog.Dataquery> {
  constructor(
    readonly sql: string,
    private readonly format: "table" | "time_series" = "table",
    private readonly id = "A",
  ) {}

  build(): PostgresDataquery {
    return {
      _implementsDataqueryVariant: () => {},
      refId: this.id,
      datasource: { ...POSTGRES },
      editorMode: "code",
      format: this.format,
      rawQuery: true,
      rawSql: this.sql,
    };
  }
}

/** A panel's query: its SQL and the columns of the answer that it is made of. */
export interface Answer {
  readonly sql: string;
  /** The columns of the library that the panel shows under their own names. */
  readonly columns: readonly Column[];
}

/** A question with its parameters, marked so that a test finds the library's part of a statement. */
export const asked = (name: string, values: Values): string =>
  `(\n-- database/queries/${name}.sql\n${bind(name, values)}\n-- end of ${name}.sql\n)`;

/** What to do with an answer. */
export interface Shape {
  /** Columns of the library to show, in order. */
  readonly columns?: readonly string[];
  /** More columns: name to SQL. */
  readonly also?: Readonly<Record<string, string>>;
  /** SQL after `from`; `answer` is the library's. */
  readonly from?: string;
  /** SQL after that: where, group by, order by. */
  readonly rest?: string;
}

// Grafana shows a list as PostgreSQL writes it, with braces and quotes.
const shown = (column: Column): string =>
  column.type.endsWith("[]") ? `array_to_string(${column.name}, ', ') as ${column.name}` : column.name;

/** `with answer as (the library's answer) select … from answer …`. */
export function ask(name: string, values: Values, shape: Shape = {}): Answer {
  const all = question(name).columns;
  const columns = (shape.columns ?? (shape.also ? [] : all.map((column) => column.name))).map((wanted) => {
    const column = all.find((candidate) => candidate.name === wanted);
    if (!column) throw new Error(`${name}.sql has no column ${wanted}`);
    return column;
  });
  const also = Object.entries(shape.also ?? {}).map(([as, sql]) => `${sql} as ${as}`);
  const sql = `with answer as ${asked(name, values)}\nselect ${[...also, ...columns.map(shown)].join(", ")}\nfrom ${shape.from ?? "answer"}`;
  return { sql: shape.rest ? `${sql}\n${shape.rest}` : sql, columns };
}

/**
 * A question in steps, with a row for every step of the time: Grafana draws a line from point to point, also across steps
 * that have none. Without any row there is nothing to know, and no row at all.
 *
 * @param counts  columns that are 0 where a step has no row; those in `shape.columns` are null there
 */
export function series(name: string, values: Values, step: string, counts: readonly string[], shape: Shape = {}): Answer {
  const also = Object.fromEntries(counts.map((count) => [count, `coalesce(${count}, 0)`]));
  return ask(name, { from: fromMultipleOf(step), to: TO, step, ...values }, {
    columns: shape.columns ?? [],
    also: { time: "time", ...also, ...shape.also },
    from: `generate_series(${fromMultipleOf(step)}, ${TO}, ${step}) grid (time) left join answer using (time)`,
    rest: "where exists (select from answer)\norder by time",
  });
}

/** A query of the collector's own metrics. */
export const metric = (expression: string, legend: string, id = "A", instant = false): DataqueryBuilder => {
  const query = new DataqueryBuilder().refId(id).expr(expression).legendFormat(legend).datasource({ ...PROMETHEUS });
  return instant ? query.instant().format(PromQueryFormat.Table) : query.range();
};
