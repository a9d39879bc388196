// The five metrics of delivery: what each is called, which figures it stands on, and when it got better. Pure functions.
// https://dora.dev/guides/dora-metrics/
import type { DeliveryRow, DeliverySeriesRow, LeadTimeLegsRow } from "../data/api.ts";
import { count, duration, percent, plural, signed } from "../format.ts";

/// The figures that both the two periods and each step of the series have.
type Figure =
  | "deployments_per_day"
  | "lead_time_p50_s"
  | "recovery_p50_s"
  | "change_fail_rate"
  | "rework_rate";

export interface Metric {
  /// In the address: `sel=lead-time`.
  readonly id: string;
  readonly title: string;
  readonly figure: Figure;
  readonly text: (value: number) => string;
  /// What the figure rests on, in words; null: nothing is known.
  readonly basis: (row: DeliveryRow) => string | null;
  /// How many things it was computed from; below 5 it says little.
  readonly n: (row: DeliveryRow) => number;
  /// The change against the time before, in words; both are known.
  readonly change: (now: number, before: number) => string;
  readonly better: "up" | "down";
  /// What the rows behind it are asked with.
  readonly rows: { readonly endpoint: string; readonly parameters: Record<string, boolean> };
  readonly how: string;
}

const points = (ratio: number) => `${count(ratio * 100, 1)} pt`;
const difference = (now: number, before: number) => signed(Math.round(now - before), duration);
const deployments = "/delivery/deployments";

export const metrics: readonly Metric[] = [
  {
    id: "frequency",
    title: "Deployment frequency",
    figure: "deployments_per_day",
    text: (value) => `${count(value, value < 10 ? 1 : 0)} / day`,
    basis: (row) =>
      row.deployments === null
        ? null
        : `${plural(row.deployments, "deployment")} in ${plural(Math.round((row.days ?? 0) * 10) / 10, "day")}`,
    n: (row) => row.deployments ?? 0,
    change: (now, before) =>
      before === 0
        ? "none before"
        : signed(Math.round((now / before - 1) * 100), (one) => `${count(one)} %`),
    better: "up",
    rows: { endpoint: deployments, parameters: {} },
    how: "Deployments that changed what runs in the environments of the tier, divided by the days of the time, counted from the first event on. Rollbacks and deployments of what ran there already do not count.",
  },
  {
    id: "lead-time",
    title: "Change lead time",
    figure: "lead_time_p50_s",
    text: duration,
    basis: (row) =>
      row.deployments === null
        ? null
        : `${count(row.lead_time_linked)} of ${plural(row.deployments, "deployment")} linked, ${plural(row.lead_time_changes ?? 0, "change")}`,
    n: (row) => row.lead_time_changes ?? 0,
    change: difference,
    better: "down",
    rows: { endpoint: "/delivery/changes", parameters: {} },
    how: "Median of the time from a change's merge to the first deployment that brought it to the tier. A version that was skipped counts with the one that carried its changes. Only deployments whose artifact names its change can be counted: the share stands below the figure.",
  },
  {
    id: "recovery",
    title: "Failed deployment recovery",
    figure: "recovery_p50_s",
    text: duration,
    basis: (row) =>
      row.failed === null
        ? null
        : `${count(row.failed)} failed, ${count(row.recovery_n)} recovered`,
    n: (row) => row.recovery_n ?? 0,
    change: difference,
    better: "down",
    rows: { endpoint: deployments, parameters: { failed: true } },
    how: "Median of the time from a deployment that failed to what ended the failure: the rollback, the deployment that mended it, or the end of the incident. What has not recovered yet is not in the median.",
  },
  {
    id: "fail-rate",
    title: "Change fail rate",
    figure: "change_fail_rate",
    text: percent,
    basis: (row) =>
      row.deployments === null
        ? null
        : `${count(row.failed)} of ${plural(row.deployments, "deployment")}`,
    n: (row) => row.deployments ?? 0,
    change: (now, before) => signed(Math.round((now - before) * 1000) / 1000, points),
    better: "down",
    rows: { endpoint: deployments, parameters: { failed: true } },
    how: "Failed deployments / deployments. A deployment failed when it was rolled back, or when an incident names it. Rollbacks are not in the divisor.",
  },
  {
    id: "rework",
    title: "Deployment rework rate",
    figure: "rework_rate",
    text: percent,
    basis: (row) =>
      row.deployments === null
        ? null
        : `${count(row.unplanned)} of ${plural(row.deployments + (row.rollbacks ?? 0), "deployment")}`,
    n: (row) => row.deployments ?? 0,
    change: (now, before) => signed(Math.round((now - before) * 1000) / 1000, points),
    better: "down",
    rows: { endpoint: deployments, parameters: { unplanned: true } },
    how: "Rollbacks and hotfixes / deployments and rollbacks. A hotfix is a deployment within an open incident of its service, or a version that skipped the tier before.",
  },
];

/// Fewer of what a figure stands on say little: it is grey.
export const fewBelow = 5;

export interface Shown {
  readonly value: string;
  /// It stands on too few to say much.
  readonly few: boolean;
  readonly n: number;
  readonly basis: string | null;
  /// The change against the equally long time before; null when one of the two is not known.
  readonly change: { readonly words: string; readonly verdict: "better" | "worse" | "same" } | null;
}

/// What a card shows. No data is "–", never 0.
/// @param before  the equally long time before, if it is known
export function shown(metric: Metric, row: DeliveryRow | undefined, before?: DeliveryRow): Shown {
  const value = row?.[metric.figure] ?? null;
  const n = row ? metric.n(row) : 0;
  // A rate of nothing is no rate, whatever the answer says.
  if (!row || value === null || (metric.figure !== "deployments_per_day" && n === 0))
    return { value: "–", few: false, n: 0, basis: row ? metric.basis(row) : null, change: null };
  const past = before && metric.n(before) > 0 ? before[metric.figure] : null;
  const words = past === null ? null : metric.change(value, past);
  const up = past !== null && value > past;
  const few = n < fewBelow;
  // Of few against few nothing can be said.
  const sure = !few && before !== undefined && metric.n(before) >= fewBelow;
  return {
    value: metric.text(value),
    few,
    n,
    basis: metric.basis(row),
    change:
      words === null
        ? null
        : {
            words,
            verdict:
              words === "±0" || !sure
                ? "same"
                : up === (metric.better === "up")
                  ? "better"
                  : "worse",
          },
  };
}

/// Length of a step of the series, in the API's words: about 8 to 30 steps.
export function stepOf(from: number, to: number): string {
  const days = (to - from) / 86_400_000;
  if (days <= 2) return "3h";
  if (days <= 14) return "1d";
  if (days <= 45) return "3d";
  return days <= 210 ? "7d" : "28d";
}

const unitMs: Record<string, number> = { h: 3_600_000, d: 86_400_000 };
export const stepMs = (step: string): number =>
  Number.parseInt(step, 10) * (unitMs[step.at(-1) ?? ""] ?? 0);

/// The series with the steps in which nothing happened: null there, never 0, except for what is counted.
export function filled(
  rows: readonly DeliverySeriesRow[],
  figure: Figure,
  from: number,
  to: number,
  step: number,
): (number | null)[] {
  const steps = Math.min(500, Math.max(1, Math.ceil((to - from) / step)));
  const values: (number | null)[] = Array.from({ length: steps }, () =>
    figure === "deployments_per_day" && rows.length > 0 ? 0 : null,
  );
  for (const row of rows) {
    const index = Math.round((Date.parse(row.time) - from) / step);
    if (index >= 0 && index < steps) values[index] = row[figure];
  }
  return values;
}

/// Rows of /delivery/legs as stacked bars. What is not known has no bar.
/// @param tier  where the last leg ends
export function legsOf(rows: readonly LeadTimeLegsRow[], tier: string) {
  const legs = [
    ["created → merged", "to_merge_p50_s"],
    ["merged → published", "to_publish_p50_s"],
    ["published → staging", "to_stage_p50_s"],
    [`staging → ${tier}`, "to_tier_p50_s"],
  ] as const;
  const bins = rows.flatMap((row) =>
    legs.flatMap(([series, figure]) => {
      const n = row[figure];
      return row.time === null || n === null || n < 0
        ? []
        : [{ time: Date.parse(row.time), series, n }];
    }),
  );
  return { bins, names: legs.map(([name]) => name) };
}
