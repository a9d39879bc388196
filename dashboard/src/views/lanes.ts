// From rows of /timeline/lanes to lanes and bars. Pure functions.
import type { LanesRow } from "../data/api.ts";
import type { TimeScale } from "../marks/axis.tsx";

export type LanesBy = "service" | "environment";

export interface Lane {
  readonly key: string;
  readonly service: string;
  readonly environment: string;
  /// What the lane is called within its group.
  readonly name: string;
  /// The group's name at its first lane, else "".
  readonly head: string;
  /// Oldest first.
  readonly rows: readonly LanesRow[];
}

/// @param by  what groups the lanes
/// @param order  environments in the order of delivery
export function lanesOf(rows: readonly LanesRow[], by: LanesBy, order: readonly string[]): Lane[] {
  const all = new Map<string, LanesRow[]>();
  for (const row of rows) {
    const key = `${row.service_id}\n${row.environment_id}`;
    const lane = all.get(key);
    if (lane) lane.push(row);
    else all.set(key, [row]);
  }
  const place = (environment: string) => {
    const known = order.indexOf(environment);
    return known < 0 ? order.length : known;
  };
  const lanes = [...all].map(([key, bars]) => ({
    key,
    service: bars[0]!.service_id,
    environment: bars[0]!.environment_id,
    rows: bars.sort((a, b) => a.valid_from.localeCompare(b.valid_from)),
  }));
  const byService = (a: { service: string }, b: { service: string }) =>
    a.service.localeCompare(b.service);
  const byPlace = (a: { environment: string }, b: { environment: string }) =>
    place(a.environment) - place(b.environment) || a.environment.localeCompare(b.environment);
  lanes.sort((a, b) =>
    by === "service" ? byService(a, b) || byPlace(a, b) : byPlace(a, b) || byService(a, b),
  );
  let group = "";
  return lanes.map((lane) => {
    const mine = by === "service" ? lane.service : lane.environment;
    const head = mine === group ? "" : mine;
    group = mine;
    return { ...lane, head, name: by === "service" ? lane.environment : lane.service };
  });
}

export interface Bar {
  readonly row: LanesRow;
  readonly x: number;
  readonly width: number;
  /// Neighbours alternate in shade.
  readonly shade: boolean;
  /// How many versions it stands for: more than 1 when they are too short to draw apart.
  readonly merged: number;
}

/// Shorter bars are merged with their neighbours and counted.
const widthMin = 2;

export function barsOf(rows: readonly LanesRow[], scale: TimeScale, width: number): Bar[] {
  const bars: Bar[] = [];
  rows.forEach((row, index) => {
    const x = Math.max(0, scale(Date.parse(row.valid_from)));
    const end = Math.min(width, row.valid_to ? scale(Date.parse(row.valid_to)) : width);
    if (end < 0 || x > width) return;
    const wide = Math.max(0, end - x);
    const before = bars.at(-1);
    if (
      before &&
      wide < widthMin &&
      before.width < widthMin * 2 &&
      before.x + before.width >= x - 1
    )
      bars[bars.length - 1] = { ...before, width: end - before.x, merged: before.merged + row.n };
    else bars.push({ row, x, width: Math.max(wide, 1), shade: index % 2 === 1, merged: row.n });
  });
  return bars;
}

/// The version that ran in a lane at a moment, or null.
export function versionAt(lane: Lane, moment: number): string | null {
  const row = lane.rows.findLast((one) => Date.parse(one.valid_from) <= moment);
  if (!row || (row.valid_to && Date.parse(row.valid_to) <= moment)) return null;
  return row.version ?? "?";
}
