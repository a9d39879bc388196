// From rows of /state to a matrix: which cell says what. Pure functions.

import { type Look, lookOf } from "../components/basics.tsx";
import type { StateRow } from "../data/api.ts";
import { shortDuration, shortName } from "../format.ts";

export interface MatrixRow {
  readonly service: string;
  readonly team: string | null;
  /// What runs, by environment.
  readonly cells: ReadonlyMap<string, StateRow>;
  /// What was removed, by environment.
  readonly removed: ReadonlyMap<string, StateRow>;
  /// The cells do not all run the same version.
  readonly differs: boolean;
  readonly problems: boolean;
  readonly lastChange: number;
  /// The longest lag of its cells, seconds.
  readonly lag: number;
}

export interface Matrix {
  /// In the order of delivery.
  readonly environments: readonly string[];
  readonly rows: readonly MatrixRow[];
}

/// Waiting longer than this is counted as a problem in the summary line.
export const longLagSeconds = 2 * 86_400;

const failedAttempt = (cell: StateRow): boolean =>
  cell.attempt_state === "finished" &&
  cell.attempt_outcome !== null &&
  cell.attempt_outcome !== "success";

export const runningAttempt = (cell: StateRow): boolean =>
  cell.attempt_state === "running" ||
  cell.attempt_state === "queued" ||
  cell.attempt_state === "stuck";

export const hasProblem = (cell: StateRow): boolean =>
  (cell.incidents ?? []).length > 0 ||
  failedAttempt(cell) ||
  cell.attempt_state === "stuck" ||
  cell.kind === "rollback";

export function matrixOf(state: readonly StateRow[], order: readonly string[] = []): Matrix {
  const ranks = new Map<string, number>();
  const byService = new Map<string, Map<string, StateRow>>();
  const gone = new Map<string, Map<string, StateRow>>();
  for (const cell of state) {
    ranks.set(
      cell.environment_id,
      Math.min(cell.environment_rank, ranks.get(cell.environment_id) ?? Infinity),
    );
    if (cell.kind === "remove") {
      const removed = gone.get(cell.service_id) ?? new Map<string, StateRow>();
      removed.set(cell.environment_id, cell);
      gone.set(cell.service_id, removed);
      if (!byService.has(cell.service_id)) byService.set(cell.service_id, new Map());
      continue;
    }
    const row = byService.get(cell.service_id) ?? new Map<string, StateRow>();
    row.set(cell.environment_id, cell);
    byService.set(cell.service_id, row);
  }
  const place = (id: string) => {
    const known = order.indexOf(id);
    return known < 0 ? 1e9 + (ranks.get(id) ?? 0) : known;
  };
  const environments = [...ranks.keys()].sort((a, b) => place(a) - place(b) || a.localeCompare(b));
  const rows = [...byService].map(([service, cells]): MatrixRow => {
    const all = [...cells.values()];
    const versions = new Set(all.map((cell) => cell.artifact_id ?? cell.version));
    return {
      service,
      team: all[0]?.team ?? null,
      cells,
      removed: gone.get(service) ?? new Map(),
      differs: versions.size > 1 || cells.size < environments.length,
      problems: all.some(hasProblem),
      lastChange: Math.max(0, ...all.map((cell) => Date.parse(cell.since))),
      lag: Math.max(0, ...all.map((cell) => cell.lag_s ?? 0)),
    };
  });
  return { environments, rows };
}

export type Sort = "name" | "change" | "lag";

export function sorted(rows: readonly MatrixRow[], by: Sort): MatrixRow[] {
  const name = (a: MatrixRow, b: MatrixRow) =>
    shortName(a.service).localeCompare(shortName(b.service));
  return [...rows].sort((a, b) =>
    by === "change"
      ? b.lastChange - a.lastChange || name(a, b)
      : by === "lag"
        ? b.lag - a.lag || name(a, b)
        : name(a, b),
  );
}

/// What a cell says besides its version and age, in the order of importance.
export interface Remark {
  readonly look: Look;
  readonly words: string;
}

export function remarksOf(cell: StateRow): Remark[] {
  const remarks: Remark[] = [];
  for (const incident of cell.incidents ?? [])
    remarks.push({ look: lookOf("incident"), words: shortName(incident) });
  const wanted = cell.attempt_version ? ` ${cell.attempt_version}` : "";
  if (failedAttempt(cell))
    remarks.push({ look: lookOf("failure"), words: `${wanted} failed`.trim() });
  else if (cell.attempt_state === "stuck")
    remarks.push({ look: lookOf("stuck"), words: `${wanted} stuck`.trim() });
  else if (runningAttempt(cell))
    remarks.push({ look: lookOf("running"), words: `${wanted} …`.trim() });
  if (cell.kind === "rollback")
    remarks.push({
      look: lookOf("rollback"),
      words: cell.previous_version ? `back from ${cell.previous_version}` : "rolled back",
    });
  if ((cell.ahead ?? 0) > 0) remarks.push({ look: lookOf("hotfix"), words: `${cell.ahead} ahead` });
  if ((cell.behind ?? 0) > 0) {
    const lag = cell.lag_s === null ? "" : ` (${shortDuration(cell.lag_s)})`;
    remarks.push({
      look: { sign: "", word: "", tone: "muted" },
      words: `${cell.behind} behind${lag}`,
    });
  }
  return remarks;
}

/// The sign before the version.
export function lookOfCell(cell: StateRow): Look {
  if (cell.kind === "rollback") return lookOf("rollback");
  if ((cell.ahead ?? 0) > 0) return lookOf("hotfix");
  return lookOf("deploy");
}

/// What colours the cell: the worst that is true of it. "behind" is an outline, everything else a fill.
export function toneOf(cell: StateRow): "fail" | "warn" | "rollback" | "ok" | "behind" {
  if ((cell.incidents ?? []).length > 0 || failedAttempt(cell)) return "fail";
  if (cell.kind === "rollback") return "rollback";
  if (runningAttempt(cell) || (cell.ahead ?? 0) > 0) return "warn";
  return (cell.behind ?? 0) > 0 ? "behind" : "ok";
}

/// What a screen reader says: "checkout, prod-eu, 1.17.0, rolled back 25 h ago, 1 behind".
export function spoken(cell: StateRow): string {
  const words = [
    shortName(cell.service_id),
    shortName(cell.environment_id),
    cell.version ?? "unknown version",
    `${cell.kind === "rollback" ? "rolled back" : "deployed"} ${shortDuration(cell.age_s)} ago`,
  ];
  for (const remark of remarksOf(cell)) {
    if (remark.look.word === "rolled back") continue;
    const kind = ["incident", "stuck"].includes(remark.look.word) ? `${remark.look.word} ` : "";
    words.push(
      remark.look.word === "running"
        ? `deploying ${remark.words.replace(" …", "")}`
        : `${kind}${remark.words}`,
    );
  }
  return words.join(", ");
}
