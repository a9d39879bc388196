// From the steps of a journey to its stages, the legs between them, and where it is now. Pure functions.
import type { JourneyRow } from "../data/api.ts";

/// What became of an artifact in one environment.
export interface Place {
  readonly environment: string;
  readonly service: string;
  /// The first deployment there, milliseconds since the epoch; null: it never came there.
  readonly at: number | null;
  /// When something else took its place; null: it runs there, or never did.
  readonly left: number | null;
  /// How it came the last time: deploy, upgrade, rollback.
  readonly kind: string | null;
  /// Deployments of it there, oldest first.
  readonly deployments: readonly JourneyRow[];
  /// Attempts by runs, oldest first.
  readonly attempts: readonly JourneyRow[];
  readonly incidents: readonly JourneyRow[];
}

export interface Stage {
  readonly key: string;
  readonly title: string;
  /// What the title names, where it does not say so itself.
  readonly what: string;
  readonly at: number;
  /// When it was done; equal to `at` for what takes no time.
  readonly end: number;
  /// Its look: an outcome, a kind, or a step.
  readonly look: string;
  readonly rows: readonly JourneyRow[];
  /// For the stage of an environment.
  readonly place?: Place;
}

const time = (row: JourneyRow): number => Date.parse(row.at);
const endOf = (row: JourneyRow): number => time(row) + (row.duration_s ?? 0) * 1000;

/// What became of a run. Without an outcome: it finished (its duration is known), or runs.
export const fateOf = (row: Pick<JourneyRow, "outcome" | "duration_s">): string =>
  row.outcome ?? (row.duration_s === null ? "running" : "finished");

const isDeployment = (row: JourneyRow) => row.subject === "service";
const isRunAt = (row: JourneyRow) =>
  row.step === "ran" &&
  row.environment_id !== null &&
  ["pipelinerun", "deployment", "taskrun"].includes(row.subject) &&
  row.service_id !== null;
const isRun = (row: JourneyRow) => row.step === "ran" && !isRunAt(row);

/// What a version that ran there is told by its last deployment: it ran until then if that is not about now.
function leftAt(row: JourneyRow, clock: number): number | null {
  if (row.duration_s === null) return null;
  const end = endOf(row);
  // The server's clock counted it "until now": whatever ends within the last minutes of that is running still.
  return end < clock - 120_000 ? end : null;
}

export interface Known {
  readonly environment: string;
  readonly production: boolean;
}

/// A place while its rows are gathered.
type Growing = { -readonly [Part in keyof Place]: Place[Part] } & {
  readonly deployments: JourneyRow[];
  readonly attempts: JourneyRow[];
  readonly incidents: JourneyRow[];
};

/// @param known  environments in the order of delivery: where it never came is told of those in which its service runs
/// @param runsIn  where a service runs, by its id
/// @param clock  when the answer was made, milliseconds since the epoch
export function placesOf(
  rows: readonly JourneyRow[],
  known: readonly Known[],
  runsIn: (service: string) => readonly string[],
  clock: number,
): Place[] {
  const all = new Map<string, Growing>();
  const place = (service: string, environment: string) => {
    const key = `${service}\n${environment}`;
    let one = all.get(key);
    if (!one) {
      one = {
        environment,
        service,
        at: null,
        left: null,
        kind: null,
        deployments: [],
        attempts: [],
        incidents: [],
      };
      all.set(key, one);
    }
    return one;
  };
  const services = new Set(
    rows.filter(isDeployment).map((row) => row.service_id ?? row.subject_id),
  );
  for (const service of services)
    for (const environment of runsIn(service)) place(service, environment);
  for (const row of rows) {
    if (row.environment_id === null) continue;
    if (isDeployment(row)) {
      const one = place(row.service_id ?? row.subject_id, row.environment_id);
      one.deployments.push(row);
      one.at ??= time(row);
      one.left = leftAt(row, clock);
      one.kind = row.step;
    } else if (isRunAt(row)) place(row.service_id!, row.environment_id).attempts.push(row);
  }
  for (const row of rows)
    if (row.subject === "incident" && row.environment_id !== null)
      for (const one of all.values())
        if (
          one.environment === row.environment_id &&
          (row.service_id === null || row.service_id === one.service)
        )
          one.incidents.push(row);
  const rank = (environment: string) => {
    const index = known.findIndex((one) => one.environment === environment);
    return index < 0 ? known.length : index;
  };
  return [...all.values()].sort(
    (x, y) =>
      x.service.localeCompare(y.service) ||
      rank(x.environment) - rank(y.environment) ||
      x.environment.localeCompare(y.environment),
  );
}

/// The worst outcome of some runs: what stopped it.
function fate(rows: readonly JourneyRow[]): string {
  const outcomes = rows.map(fateOf);
  for (const bad of ["failure", "error", "running", "cancel"])
    if (outcomes.includes(bad)) return bad;
  return outcomes[0] ?? "success";
}

/// Change, runs, artifact: what comes before the first environment.
function before(rows: readonly JourneyRow[]): Stage[] {
  const stages: Stage[] = [];
  const changes = rows.filter((row) => row.subject === "change");
  if (changes.length > 0) {
    const ids = new Set(changes.map((row) => row.subject_id));
    const merged = changes.filter((row) => row.step === "merged");
    const last = merged.at(-1) ?? changes.at(-1)!;
    stages.push({
      key: "change",
      title: ids.size === 1 ? last.subject_id : `${ids.size} changes`,
      what: "change",
      at: Math.min(...changes.map(time)),
      end: Math.max(...(merged.length > 0 ? merged : changes).map(time)),
      look: last.step,
      rows: changes,
    });
  }
  const runs = rows.filter(isRun);
  const pipelines = runs.filter((row) => row.subject === "pipelinerun");
  const inner = runs.filter((row) => row.subject !== "pipelinerun");
  const heads = pipelines.length > 0 ? pipelines : inner.slice(0, 1);
  heads.forEach((head, index) => {
    const next = heads[index + 1];
    // What belongs to a run began while it ran: the steps do not name their parent.
    const mine = inner.filter(
      (row) =>
        pipelines.length === 0 ||
        (time(row) >= time(head) && (next === undefined || time(row) < time(next))),
    );
    stages.push({
      key: `run ${head.subject_id}`,
      title: head.name ?? head.subject_id,
      what: "run",
      at: time(head),
      end: pipelines.length > 0 ? endOf(head) : Math.max(...[head, ...mine].map(endOf)),
      look: pipelines.length > 0 ? fateOf(head) : fate(mine),
      rows: [head, ...mine.filter((row) => row !== head)],
    });
  });
  const artifacts = rows.filter((row) => row.subject === "artifact");
  if (artifacts.length > 0) {
    const order = ["packaged", "signed", "published"];
    const last = artifacts.filter((row) => order.includes(row.step)).at(-1) ?? artifacts.at(-1)!;
    stages.push({
      key: "artifact",
      title: last.name ?? last.subject_id,
      what: "version",
      at: Math.min(...artifacts.map(time)),
      end: time(last),
      look: last.step,
      rows: artifacts,
    });
  }
  return stages.sort((a, b) => a.at - b.at);
}

/// The way of one service's artifact, oldest stage first; then the environments where it never came.
export function stagesOf(rows: readonly JourneyRow[], places: readonly Place[]): Stage[] {
  const reached = places
    .filter((place) => place.at !== null)
    .sort((a, b) => a.at! - b.at!)
    .map(
      (place): Stage => ({
        key: `${place.service} ${place.environment}`,
        title: place.environment,
        what: "",
        at: place.at!,
        end: place.at!,
        look: place.kind!,
        rows: place.deployments,
        place,
      }),
    );
  return [...before(rows), ...reached];
}

export interface Summary {
  /// From the merge to the first deployment to production, seconds; null when one of them is not known.
  readonly leadTime: number | null;
  /// Share of that time in which nothing ran for it, 0 to 1.
  readonly waiting: number | null;
}

/// @param rows  of the whole journey
export function summaryOf(
  rows: readonly JourneyRow[],
  places: readonly Place[],
  known: readonly Known[],
): Summary {
  const production = new Set(known.filter((one) => one.production).map((one) => one.environment));
  const merged = rows.filter((row) => row.step === "merged").map(time);
  const there = places
    .filter((place) => production.has(place.environment) && place.at !== null)
    .map((place) => place.at!);
  if (merged.length === 0 || there.length === 0) return { leadTime: null, waiting: null };
  const from = Math.max(...merged);
  const to = Math.min(...there);
  if (to <= from) return { leadTime: null, waiting: null };
  // Runs may overlap: their union is the time in which something was done.
  const spans = rows
    .filter((row) => row.step === "ran")
    .map((row) => [Math.max(from, time(row)), Math.min(to, endOf(row))] as const)
    .filter(([a, b]) => b > a)
    .sort(([a], [b]) => a - b);
  let worked = 0;
  let until = from;
  for (const [a, b] of spans) {
    worked += Math.max(0, b - Math.max(a, until));
    until = Math.max(until, b);
  }
  return {
    leadTime: (to - from) / 1000,
    waiting: spans.length === 0 ? null : 1 - worked / (to - from),
  };
}

/// How the steps are known to belong together: `7 by field, 2 by link`.
export function viaWords(rows: readonly JourneyRow[]): string {
  const kinds = new Map<string, number>();
  for (const row of rows) {
    const kind = row.via.split(":")[0]!;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return [...kinds].map(([kind, n]) => `${n} by ${kind}`).join(", ");
}
