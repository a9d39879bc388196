// The matrix itself: a grid that is walked by arrow keys. Its rows are laid out each by itself (style sheet), drawn anew
// only when something about them changes, and those out of sight a moment later. Elements of a table that are laid out as
// something else are none to some screen readers: so each says its role.
import { untracked } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Id } from "../components/basics.tsx";
import type { StateRow } from "../data/api.ts";
import { useGradual } from "../data/gradual.ts";
import { environments } from "../data/meta.ts";
import { clip } from "../format.ts";
import { href, param } from "../state/location.ts";
import { at } from "../state/range.ts";
import { absence, drawAbsent, drawCell, selection } from "./cell.tsx";
import type { Matrix, MatrixRow, Sort } from "./matrix.ts";

type Changes = ReadonlyMap<string, ReadonlySet<string>>;
const nothing: ReadonlySet<string> = new Set();
const noChanges: Changes = new Map();
const markedMs = 2_000;

interface Known {
  readonly question: string;
  readonly rows: readonly StateRow[];
  /// What runs, by service and environment.
  readonly uids: ReadonlyMap<string, string>;
}

/// By service, the environments in which another deployment runs than in the answer before to the same question; marked
/// for 2 s.
export function useChanges(question: string, rows: readonly StateRow[]): Changes {
  const before = useRef<Known | null>(null);
  const [known, changes] = useMemo(() => {
    const uids = new Map<string, string>();
    const changes = new Map<string, Set<string>>();
    const old = before.current;
    // Another question has other cells, and when the first answer comes nothing has changed.
    const comparable = at.value === null && old?.question === question && old.rows.length > 0;
    for (const cell of rows) {
      const key = `${cell.service_id}\n${cell.environment_id}`;
      uids.set(key, cell.event_uid);
      if (!comparable || old.uids.get(key) === cell.event_uid) continue;
      const there = changes.get(cell.service_id) ?? new Set();
      changes.set(cell.service_id, there.add(cell.environment_id));
    }
    return [{ question, rows, uids }, changes];
  }, [rows]);
  const [seen, setSeen] = useState<Changes>(noChanges);
  useEffect(() => {
    before.current = known;
    if (changes.size === 0) return;
    const later = setTimeout(() => setSeen(changes), markedMs);
    return () => clearTimeout(later);
  }, [known, changes]);
  return seen === changes ? noChanges : changes;
}

/// Arrow keys move among the cells; Tab enters and leaves the grid once (roving tabindex).
function useGrid() {
  const grid = useRef<HTMLTableElement>(null);
  const waysIn = () => grid.current!.querySelectorAll("[tabindex='0']");
  // Other rows, another order: there is one way in all the same.
  useEffect(() => {
    const [first, ...others] = waysIn();
    for (const other of others) other.setAttribute("tabindex", "-1");
    if (!first) grid.current!.querySelector("[tabindex='-1']")?.setAttribute("tabindex", "0");
  });
  const onKeyDown = (event: KeyboardEvent) => {
    const from = (event.target as Element).closest<HTMLTableCellElement>("[role=gridcell]");
    if (!from) return;
    const row = from.parentElement as HTMLTableRowElement;
    const rows = [...grid.current!.querySelectorAll<HTMLTableRowElement>("tbody tr:has(td)")];
    const [down, column] = (
      {
        ArrowUp: [-1, from.cellIndex],
        ArrowDown: [1, from.cellIndex],
        ArrowLeft: [0, Math.max(1, from.cellIndex - 1)],
        ArrowRight: [0, Math.min(row.cells.length - 1, from.cellIndex + 1)],
        Home: [0, 1],
        End: [0, row.cells.length - 1],
      } as Record<string, [number, number]>
    )[event.key] ?? [0, -1];
    if (column < 0) return;
    event.preventDefault();
    const to = rows[rows.indexOf(row) + down]?.cells[column];
    const target = to?.querySelector<HTMLElement>("button") ?? to;
    if (!target) return;
    for (const other of waysIn()) other.setAttribute("tabindex", "-1");
    target.setAttribute("tabindex", "0");
    target.focus();
  };
  return { grid, onKeyDown };
}

interface RowProps {
  readonly row: MatrixRow;
  readonly columns: readonly string[];
  /// The environment of this row's chosen cell.
  readonly chosen: string | undefined;
  readonly changed: ReadonlySet<string>;
  /// Says its team: it does not stand under the name of one.
  readonly withTeam: boolean;
  /// What its link keeps of this page's address.
  readonly kept: string;
}

/// The same element as long as nothing about it changes.
const Row = (props: RowProps) => useMemo(() => drawRow(props), Object.values(props));

function drawRow({ row, columns, chosen, changed, withTeam }: RowProps) {
  return (
    <tr role="row">
      <th scope="row" role="rowheader">
        <a
          data-view
          data-row
          href={untracked(() => href("timeline", { service: row.service, env: null }))}
          title={`${clip(row.service, 500)}: its timeline`}
        >
          <Id id={row.service} />
        </a>
        {withTeam && row.team && <span class="team">{clip(row.team, 30)}</span>}
      </th>
      {columns.map((environment) => {
        const cell = row.cells.get(environment);
        return cell ? (
          <td key={environment} role="gridcell">
            {drawCell(cell, chosen === environment, changed.has(environment))}
          </td>
        ) : (
          <td
            key={environment}
            role="gridcell"
            tabIndex={-1}
            aria-label={absence(row, environment)}
          >
            {drawAbsent(row.removed.get(environment))}
          </td>
        );
      })}
    </tr>
  );
}

function Head({ columns, sort }: { columns: readonly string[]; sort: Sort }) {
  const labels = new Map(environments.value.map((one) => [one.environment_id, one]));
  return (
    <thead role="rowgroup">
      <tr role="row">
        <th scope="col" role="columnheader" aria-sort={sort === "name" ? "ascending" : undefined}>
          Service
        </th>
        {columns.map((environment) => {
          const known = labels.get(environment);
          return (
            <th key={environment} scope="col" role="columnheader">
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
  );
}

const byTeam = (a: MatrixRow, b: MatrixRow) => (a.team ?? "~").localeCompare(b.team ?? "~");

export function Grid({
  matrix,
  rows,
  changes,
}: {
  matrix: Matrix;
  rows: readonly MatrixRow[];
  changes: Changes;
}) {
  const { grid, onKeyDown } = useGrid();
  const sort = (param("sort") ?? "name") as Sort;
  const grouped = param("group") === "team";
  const ordered = useMemo(() => (grouped ? [...rows].sort(byTeam) : rows), [rows, grouped]);
  const drawn = useGradual(ordered, (row) => row.service);
  const columns = matrix.environments;
  const chosen = selection();
  const kept = href("timeline", { service: null, env: null });
  return (
    <div class="scroll" role="group" aria-label="Matrix" tabIndex={0}>
      <table
        ref={grid}
        class="matrix"
        style={{ "--columns": columns.length }}
        role="grid"
        aria-label="What runs where"
        onKeyDown={onKeyDown}
      >
        <Head columns={columns} sort={sort} />
        <tbody role="rowgroup">
          {drawn.flatMap((row, index) => [
            grouped && row.team !== drawn[index - 1]?.team && (
              <tr key={`team ${row.team}`} class="group-head" role="row">
                <th scope="rowgroup" role="rowheader" aria-colspan={columns.length + 1}>
                  {row.team ?? "no team"}
                </th>
              </tr>
            ),
            <Row
              key={row.service}
              row={row}
              columns={columns}
              chosen={chosen?.service === row.service ? chosen.environment : undefined}
              changed={changes.get(row.service) ?? nothing}
              withTeam={!grouped}
              kept={kept}
            />,
          ])}
        </tbody>
      </table>
    </div>
  );
}
