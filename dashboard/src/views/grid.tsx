// The matrix itself: a grid that is walked by arrow keys.
import { useEffect, useMemo, useRef } from "preact/hooks";
import { Id, Sign } from "../components/basics.tsx";
import type { StateRow } from "../data/api.ts";
import { environments } from "../data/meta.ts";
import { clip, exact, shortDuration, shortName } from "../format.ts";
import { go, href, param, params, setParams } from "../state/location.ts";
import { at } from "../state/range.ts";
import {
  lookOfCell,
  type Matrix,
  type MatrixRow,
  remarksOf,
  type Sort,
  spoken,
  toneOf,
} from "./matrix.ts";

/// The chosen cell: service and environment.
export function selection(): { service: string; environment: string } | null {
  const [service, environment] = params("sel");
  return service && environment ? { service, environment } : null;
}

function choose(service: string, environment: string, compare: boolean): void {
  const before = selection();
  if (compare && before && before.environment !== environment) {
    go(
      href("compare", {
        a: before.environment,
        b: environment,
        service: before.service === service ? service : null,
      }),
    );
    return;
  }
  const same = before?.service === service && before.environment === environment;
  setParams({ sel: same ? null : [service, environment] });
}

/// What changed since the last answer is marked for 2 s.
export function useChanges(rows: readonly StateRow[]): Set<string> {
  const before = useRef<Map<string, string> | null>(null);
  const now = new Map(
    rows.map((cell) => [`${cell.service_id}\n${cell.environment_id}`, cell.event_uid]),
  );
  const changed = new Set<string>();
  if (before.current && at.value === null)
    for (const [key, uid] of now) if (before.current.get(key) !== uid) changed.add(key);
  useEffect(() => {
    before.current = now;
  });
  return changed;
}

interface CellProps {
  readonly cell: StateRow;
  readonly pressed: boolean;
  readonly changed: boolean;
  readonly active: boolean;
}

/// The same element as long as nothing about it changes: there may be 1,600 of them.
const Cell = ({ cell, pressed, changed, active }: CellProps) =>
  useMemo(() => drawCell({ cell, pressed, changed, active }), [cell, pressed, changed, active]);

function drawCell({ cell, pressed, changed, active }: CellProps) {
  const remarks = remarksOf(cell);
  return (
    <button
      type="button"
      class={`cell ${toneOf(cell)} ${changed ? "changed" : ""}`}
      aria-pressed={pressed}
      tabIndex={active ? 0 : -1}
      title={`${clip(cell.service_id, 500)} · ${clip(cell.environment_id, 500)}\nsince ${exact(Date.parse(cell.since))}`}
      onClick={(event) => choose(cell.service_id, cell.environment_id, event.shiftKey)}
    >
      <span class="hidden">{spoken(cell)}</span>
      <span class="version" aria-hidden="true">
        <Sign look={lookOfCell(cell)} /> <bdi>{clip(cell.version ?? "?", 40)}</bdi>
      </span>
      <span class="age" aria-hidden="true">
        {shortDuration(cell.age_s)}
        {remarks.map((remark) => (
          <span key={remark.look.word + remark.words} class={`remark ${remark.look.tone}`}>
            {remark.look.sign && `${remark.look.sign} `}
            <bdi>{clip(remark.words, 40)}</bdi>
          </span>
        ))}
      </span>
    </button>
  );
}

/// What a screen reader says where nothing runs.
function absence(row: MatrixRow, environment: string): string {
  const removed = row.removed.get(environment);
  const words = removed
    ? `removed ${shortDuration(removed.age_s)} ago, ${removed.previous_version ?? "a version"} ran`
    : "never ran";
  return `${shortName(row.service)}, ${shortName(environment)}, ${words}`;
}

function Absent({ removed }: { removed: StateRow | undefined }) {
  return (
    <span class="none" aria-hidden="true">
      –{removed && <span class="age">removed {shortDuration(removed.age_s)} ago</span>}
    </span>
  );
}

/// Arrow keys move among the cells; Tab enters and leaves the grid once (roving tabindex).
function useGrid() {
  const grid = useRef<HTMLTableElement>(null);
  // Other rows, another order: there is one way in all the same.
  useEffect(() => {
    const [first, ...others] = grid.current!.querySelectorAll("[tabindex='0']");
    for (const other of others) other.setAttribute("tabindex", "-1");
    if (!first) grid.current!.querySelector("[tabindex='-1']")?.setAttribute("tabindex", "0");
  });
  const cellAt = (row: number, column: number) =>
    grid.current?.querySelector<HTMLElement>(`[data-at="${row},${column}"]`);
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Record<string, [number, number]> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      Home: [0, -1000],
      End: [0, 1000],
    };
    const step = steps[event.key];
    const from = (event.target as Element).closest<HTMLElement>("[data-at]")?.dataset["at"];
    if (!step || !from) return;
    event.preventDefault();
    const [row, column] = from.split(",").map(Number) as [number, number];
    const last = Number(grid.current?.dataset["columns"]) - 1;
    const to = cellAt(row + step[0], Math.max(0, Math.min(last, column + step[1])));
    const target = to?.querySelector<HTMLElement>("button") ?? to;
    if (!target) return;
    for (const other of grid.current!.querySelectorAll("[tabindex='0']"))
      other.setAttribute("tabindex", "-1");
    target.setAttribute("tabindex", "0");
    target.focus();
  };
  return { grid, onKeyDown };
}

/// Narrower than this no cell is readable: the table scrolls instead.
const columnWidth = 124;

export function Grid({
  matrix,
  rows,
  changes,
}: {
  matrix: Matrix;
  rows: readonly MatrixRow[];
  changes: Set<string>;
}) {
  const { grid, onKeyDown } = useGrid();
  const sort = (param("sort") ?? "name") as Sort;
  const labels = new Map(environments.value.map((one) => [one.environment_id, one]));
  let team: string | null | undefined;
  const grouped = param("group") === "team";
  const shown = grouped
    ? [...rows].sort((a, b) => (a.team ?? "~").localeCompare(b.team ?? "~"))
    : rows;
  const columns = matrix.environments.length;
  const chosen = selection();
  return (
    <div class="scroll" role="group" aria-label="Matrix" tabIndex={0}>
      <table
        ref={grid}
        class="matrix"
        style={{ minWidth: `${130 + columns * columnWidth}px` }}
        role="grid"
        aria-label="What runs where"
        data-columns={columns}
        onKeyDown={onKeyDown}
      >
        <thead>
          <tr>
            <th scope="col" aria-sort={sort === "name" ? "ascending" : undefined}>
              Service
            </th>
            {matrix.environments.map((environment) => {
              const known = labels.get(environment);
              return (
                <th key={environment} scope="col">
                  <a
                    data-view
                    href={href("timeline", { env: environment })}
                    title={`${clip(environment, 500)}: its timeline`}
                  >
                    <Id id={known?.label || environment} />
                  </a>
                  {known && !known.configured && known.tier !== "other" && (
                    <span class="tier">{known.tier}</span>
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {shown.flatMap((row, index) => {
            const head = grouped && (index === 0 || row.team !== team);
            team = row.team;
            return [
              head ? (
                <tr key={`team ${row.team}`} class="group-head">
                  <th scope="rowgroup" colSpan={columns + 1}>
                    {row.team ?? "no team"}
                  </th>
                </tr>
              ) : null,
              <tr key={row.service}>
                <th scope="row">
                  <a
                    data-view
                    data-row
                    href={href("timeline", { service: row.service, env: null })}
                    title={`${clip(row.service, 500)}: its timeline`}
                  >
                    <Id id={row.service} />
                  </a>
                  {!grouped && row.team && <span class="team">{clip(row.team, 30)}</span>}
                </th>
                {matrix.environments.map((environment, column) => {
                  const cell = row.cells.get(environment);
                  const first = index === 0 && column === 0;
                  return (
                    <td
                      key={environment}
                      role="gridcell"
                      data-at={`${index},${column}`}
                      tabIndex={cell ? undefined : first ? 0 : -1}
                      aria-label={cell ? undefined : absence(row, environment)}
                    >
                      {cell ? (
                        <Cell
                          cell={cell}
                          pressed={
                            chosen?.service === row.service && chosen.environment === environment
                          }
                          active={first}
                          changed={changes.has(`${row.service}\n${environment}`)}
                        />
                      ) : (
                        <Absent removed={row.removed.get(environment)} />
                      )}
                    </td>
                  );
                })}
              </tr>,
            ];
          })}
        </tbody>
      </table>
    </div>
  );
}
