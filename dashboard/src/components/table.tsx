// Rows and columns. A view's own tables say how each cell is drawn; any answer can be shown as it is.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Answer, Column } from "../data/client.ts";
import { count, duration, percent } from "../format.ts";
import { param, setParams } from "../state/location.ts";
import { Moment, Text } from "./basics.tsx";

export interface Cell<Row> {
  readonly title: ComponentChildren;
  readonly draw: (row: Row) => ComponentChildren;
  /// To sort by; without it the column is not sortable.
  readonly by?: (row: Row) => string | number | null;
  readonly number?: boolean;
  readonly class?: string;
}

interface Props<Row> {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly cells: readonly Cell<Row>[];
  readonly keyOf: (row: Row) => string;
  /// A click on the row, or Enter when it has the focus (j, k).
  readonly open?: (row: Row) => void;
  readonly selected?: (row: Row) => boolean;
  /// The parameter of the address that says by which column it is sorted: `pass`, `-p50` for downwards. Without it
  /// the order is forgotten with the view.
  readonly sortParam?: string;
  /// What stands below a row that is open.
  readonly below?: (row: Row) => ComponentChildren | null;
}

function compare(a: string | number | null, b: string | number | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return typeof a === "number" && typeof b === "number"
    ? a - b
    : String(a).localeCompare(String(b));
}

interface Sort {
  readonly column: number;
  readonly down: boolean;
}

/// By the first word of a column's title, which is what people read in the address.
const wordOf = (cell: Cell<never>): string =>
  typeof cell.title === "string" ? (cell.title.split(" ")[0] ?? "") : "";

function useSort(cells: readonly Cell<never>[], name: string | undefined) {
  const [own, setOwn] = useState<Sort | null>(null);
  if (name === undefined) return [own, setOwn] as const;
  const wanted = param(name) ?? "";
  const down = wanted.startsWith("-");
  const word = down ? wanted.slice(1) : wanted;
  const column = word === "" ? -1 : cells.findIndex((cell) => wordOf(cell) === word);
  const set = (next: Sort | null) =>
    setParams({ [name]: next && `${next.down ? "-" : ""}${wordOf(cells[next.column]!)}` }, true);
  return [column < 0 ? null : { column, down }, set] as const;
}

export function Table<Row>({
  label,
  rows,
  cells,
  keyOf,
  open,
  selected,
  below,
  sortParam,
}: Props<Row>) {
  const [sort, setSort] = useSort(cells as unknown as readonly Cell<never>[], sortParam);
  const by = sort ? cells[sort.column]?.by : undefined;
  const sorted = by
    ? [...rows].sort((a, b) => (sort!.down ? -1 : 1) * compare(by(a), by(b)))
    : rows;
  return (
    <div class="scroll" role="group" aria-label={label} tabIndex={0}>
      <table class="rows">
        <thead>
          <tr>
            {cells.map((cell, column) => (
              <th
                key={column}
                scope="col"
                class={`${cell.number ? "number" : ""} ${cell.class ?? ""}`}
                aria-sort={
                  sort?.column === column ? (sort.down ? "descending" : "ascending") : undefined
                }
              >
                {cell.by ? (
                  <button
                    type="button"
                    class="sort"
                    onClick={() =>
                      setSort(
                        sort?.column === column
                          ? sort.down === Boolean(cell.number)
                            ? { column, down: !sort.down }
                            : null
                          : { column, down: Boolean(cell.number) },
                      )
                    }
                  >
                    {cell.title}
                    <span aria-hidden="true" class="arrow">
                      {sort?.column === column ? (sort.down ? "↓" : "↑") : ""}
                    </span>
                  </button>
                ) : (
                  cell.title || <span class="hidden">more</span>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.flatMap((row) => {
            const under = below?.(row);
            const key = keyOf(row);
            return [
              <tr
                key={key}
                data-row={open ? "" : undefined}
                tabIndex={open ? -1 : undefined}
                class={`${open ? "opens" : ""} ${selected?.(row) ? "selected" : ""}`}
                onClick={(event) => {
                  if (!open || (event.target as Element).closest("a,button,input")) return;
                  if (getSelection()?.toString()) return; // somebody marks text
                  open(row);
                }}
                onKeyDown={(event) => {
                  if (open && event.key === "Enter" && event.target === event.currentTarget)
                    open(row);
                }}
              >
                {cells.map((cell, column) => (
                  <td key={column} class={`${cell.number ? "number" : ""} ${cell.class ?? ""}`}>
                    {cell.draw(row)}
                  </td>
                ))}
              </tr>,
              under ? (
                <tr key={`${key} below`} class="below">
                  <td colSpan={cells.length}>{under}</td>
                </tr>
              ) : null,
            ];
          })}
        </tbody>
      </table>
    </div>
  );
}

/// One value of any answer, as its column's type and unit say.
function value(column: Column, cell: unknown): ComponentChildren {
  if (cell === null || cell === undefined) return <span class="muted">–</span>;
  if (column.type === "timestamptz") return <Moment time={String(cell)} long />;
  if (column.unit === "seconds" && typeof cell === "number") return duration(cell);
  if (column.unit === "ratio" && typeof cell === "number") return percent(cell);
  if (typeof cell === "number") return count(cell, 3);
  if (typeof cell === "boolean") return cell ? "yes" : "no";
  if (Array.isArray(cell)) return <Text text={cell.map((one) => one ?? "–").join(", ")} />;
  return <Text text={typeof cell === "object" ? JSON.stringify(cell) : String(cell)} />;
}

const numeric = (column: Column) =>
  /int|double|numeric/.test(column.type) && !column.type.endsWith("]");

interface Numbered {
  readonly row: Record<string, unknown>;
  readonly index: number;
}

/// Any answer as a table: the equal of every chart for those who do not see it.
export function AnswerTable({ answer, label }: { answer: Answer<unknown>; label: string }) {
  const rows = answer.data as readonly Record<string, unknown>[];
  const numbered: readonly Numbered[] = rows.map((row, index) => ({ row, index }));
  if (rows.length === 0) return <p class="muted">No rows.</p>;
  return (
    <Table<Numbered>
      label={label}
      rows={numbered}
      keyOf={({ index }) => String(index)}
      cells={answer.columns.map((column) => ({
        title: (
          <span title={[column.text, column.unit && `(${column.unit})`].filter(Boolean).join(" ")}>
            {column.name}
          </span>
        ),
        number: numeric(column),
        draw: ({ row }) => value(column, row[column.name]),
        by: ({ row }) => {
          const cell = row[column.name];
          return typeof cell === "number" || typeof cell === "string" ? cell : null;
        },
      }))}
    />
  );
}
