// Suites by day, and what a test case is judged to be. Pure functions.
import type { TestSuitesRow } from "../data/api.ts";
import { day } from "../state/time.ts";

export interface Suite {
  readonly name: string;
  readonly runs: number;
  readonly success: number;
  /// Runs weighted by nothing: the share of all, or null when none was a verdict.
  readonly pass: number | null;
  /// One for each of the days; null: no run on that day.
  readonly days: readonly (TestSuitesRow | null)[];
}

/// The days (UTC, milliseconds since the epoch) of a time, oldest first; at most `most`, the newest.
export function daysOf(from: number, to: number, most = 60): number[] {
  const last = Math.floor((to - 1) / day) * day;
  const first = Math.max(Math.floor(from / day) * day, last - (most - 1) * day);
  const days: number[] = [];
  for (let one = first; one <= last; one += day) days.push(one);
  return days;
}

/// @returns one suite a name, those that fail most first
export function suitesOf(rows: readonly TestSuitesRow[], days: readonly number[]): Suite[] {
  const place = new Map(days.map((one, index) => [one, index]));
  const all = new Map<string, (TestSuitesRow | null)[]>();
  for (const row of rows) {
    const index = place.get(Date.parse(row.day));
    if (index === undefined) continue;
    const cells = all.get(row.name) ?? days.map(() => null);
    cells[index] = row;
    all.set(row.name, cells);
  }
  return [...all]
    .map(([name, cells]) => {
      const ran = cells.filter((cell): cell is TestSuitesRow => cell !== null);
      const judged = ran.filter((cell) => cell.pass_rate !== null);
      const sum = (of: readonly TestSuitesRow[], what: (row: TestSuitesRow) => number) =>
        of.reduce((n, row) => n + what(row), 0);
      // success / rate are the verdicts of that day; without a success it is its runs
      const verdicts = sum(judged, (row) =>
        row.pass_rate! > 0 ? Math.round(row.success / row.pass_rate!) : row.runs,
      );
      const success = sum(ran, (row) => row.success);
      return {
        name,
        runs: sum(ran, (row) => row.runs),
        success,
        pass: verdicts === 0 ? null : success / verdicts,
        days: cells,
      };
    })
    .sort((a, b) => (a.pass ?? 2) - (b.pass ?? 2) || a.name.localeCompare(b.name));
}

/// How a cell looks: by sign and by colour, never by colour alone.
export function lookOfRate(rate: number | null): { sign: string; tone: string } {
  if (rate === null) return { sign: "·", tone: "muted" };
  if (rate >= 1) return { sign: "■", tone: "ok" };
  return rate >= 0.5 ? { sign: "◧", tone: "warn" } : { sign: "✕", tone: "fail" };
}
