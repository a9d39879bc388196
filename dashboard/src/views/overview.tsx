// V1, the first page: which version of each service runs in each environment, since when, and how it got there.
import { useEffect, useRef } from "preact/hooks";
import { Id, Sign } from "../components/basics.tsx";
import { Panel } from "../components/panel.tsx";
import { Answered } from "../components/states.tsx";
import { say } from "../components/toast.tsx";
import type { DeploymentsRow, StateRow } from "../data/api.ts";
import { type Answer, address, get } from "../data/client.ts";
import { environments } from "../data/meta.ts";
import { useApi } from "../data/use.ts";
import { clip, exact, plural, shortDuration, shortName } from "../format.ts";
import { go, href, param, params, setParams } from "../state/location.ts";
import { at } from "../state/range.ts";
import { CellDrawer } from "./celldrawer.tsx";
import {
  hasProblem,
  longLagSeconds,
  lookOfCell,
  type Matrix,
  type MatrixRow,
  matrixOf,
  remarksOf,
  runningAttempt,
  type Sort,
  sorted,
  spoken,
  toneOf,
} from "./matrix.ts";

/// The chosen cell: service and environment.
function selection(): { service: string; environment: string } | null {
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
function useChanges(rows: readonly StateRow[]): Set<string> {
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

function Cell({ cell, changed, active }: { cell: StateRow; changed: boolean; active: boolean }) {
  const chosen = selection();
  const pressed = chosen?.service === cell.service_id && chosen.environment === cell.environment_id;
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

function Grid({
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
          {shown.map((row, index) => {
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

function Summary({ matrix, cells }: { matrix: Matrix; cells: readonly StateRow[] }) {
  const late = cells.filter(
    (cell) => (cell.lag_s ?? 0) > longLagSeconds && (cell.behind ?? 0) > 0,
  ).length;
  const incidents = new Set(cells.flatMap((cell) => cell.incidents ?? [])).size;
  const running = cells.filter(runningAttempt).length;
  const failed = cells.filter(
    (cell) => toneOf(cell) === "fail" && (cell.incidents ?? []).length === 0,
  ).length;
  return (
    <span>
      {plural(matrix.rows.length, "service")} · {plural(matrix.environments.length, "environment")}
      {late > 0 && ` · ${late} behind > 2 d`}
      {incidents > 0 && (
        <>
          {" · "}
          <a data-view class="fail" href={href("incidents")}>
            ! {plural(incidents, "open incident")}
          </a>
        </>
      )}
      {failed > 0 && <span class="fail"> · ✕ {failed} failed</span>}
      {running > 0 && ` · ◌ ${plural(running, "deploy")} running`}
    </span>
  );
}

/// To the deployment before the moment that is looked at, or to the next one.
async function step(direction: -1 | 1): Promise<void> {
  const moment = at.value ?? Date.now();
  const filter = { env: params("env"), service: params("service") };
  const window = 90 * 86_400_000;
  const question =
    direction < 0
      ? { from: exact(moment - window), to: exact(moment - 1), limit: 1, ...filter }
      : { from: exact(moment + 1), to: "now", limit: 500, ...filter };
  try {
    const answer = await get<Answer<DeploymentsRow>>(
      address("/deployments", question),
      AbortSignal.timeout(5000),
    );
    const found = direction < 0 ? answer.data[0] : answer.data.at(-1);
    if (found) setParams({ at: found.at });
    else if (direction > 0) setParams({ at: null });
    else say("No earlier deployment within 90 days");
  } catch {
    say("Could not be looked up");
  }
}

const Toggle = ({ name, value, words }: { name: string; value: string; words: string }) => {
  const on = param(name) === value;
  return (
    <button
      type="button"
      class={on ? "button on" : "button"}
      aria-pressed={on}
      onClick={() => setParams({ [name]: on ? null : value })}
    >
      {words}
    </button>
  );
};

export function Overview() {
  const asked = useApi<StateRow>("/state", {
    at: param("at"),
    env: params("env"),
    service: params("service"),
    removed: true,
  });
  const cells = asked.body?.data ?? [];
  const matrix = matrixOf(
    cells,
    environments.value.map((one) => one.environment_id),
  );
  const running = cells.filter((cell) => cell.kind !== "remove");
  const changes = useChanges(running);
  const sort = (param("sort") ?? "name") as Sort;
  const rows = sorted(matrix.rows, sort).filter(
    (row) =>
      (param("differs") !== "1" || row.differs) &&
      (param("problems") !== "1" || [...row.cells.values()].some(hasProblem)),
  );
  const chosen = selection();
  const chosenCell =
    chosen &&
    cells.find(
      (cell) => cell.service_id === chosen.service && cell.environment_id === chosen.environment,
    );
  return (
    <>
      <Panel
        id="matrix"
        title="What runs where"
        asked={asked}
        note={cells.length > 0 && <Summary matrix={matrix} cells={running} />}
        controls={
          <>
            <Toggle name="differs" value="1" words="differs only" />
            <Toggle name="problems" value="1" words="problems only" />
            <Toggle name="group" value="team" words="by team" />
            <select
              aria-label="Sort"
              value={sort}
              onChange={(event) =>
                setParams({
                  sort: event.currentTarget.value === "name" ? null : event.currentTarget.value,
                })
              }
            >
              <option value="name">by name</option>
              <option value="change">by last change</option>
              <option value="lag">by lag</option>
            </select>
            <span class="group" role="group" aria-label="Step through deployments">
              <button
                type="button"
                class="button"
                title="As it was before the last deployment"
                aria-label="To the deployment before"
                onClick={() => step(-1)}
              >
                ◂
              </button>
              <button
                type="button"
                class="button"
                disabled={at.value === null}
                aria-label="To the next deployment"
                onClick={() => step(1)}
              >
                ▸
              </button>
            </span>
          </>
        }
        explain={
          <>
            <p>
              A cell is the last <code>service.deployed</code>, <code>upgraded</code> or{" "}
              <code>rolledback</code> event of a service in an environment, by the time it happened,
              up to the moment that is looked at; events that arrive late change nothing that came
              after them. The version is that of the artifact's package URL.
            </p>
            <p>
              A filled cell runs what the environment before it runs; an outlined one is behind.
              Behind counts the versions published after this one, up to the one that runs in the
              environment before, and not deployments: a rollback there does not make you newer. The
              time in brackets says since when the first missing version was there. ▲ ahead: it has
              a version that the environment before does not have.
            </p>
            <p>
              ✕ and ◌ are later attempts to deploy: pipelines that the deployment rules name. ! are
              incidents open here.
            </p>
          </>
        }
      >
        <Answered asked={asked} needs={["service"]} filters={["env", "service"]} what="No service">
          {() =>
            rows.length === 0 ? (
              <div class="empty" role="status">
                <p>
                  <b>No service {param("problems") === "1" ? "has a problem" : "differs"}.</b> All{" "}
                  {matrix.rows.length} are hidden by the switches above.
                </p>
                <button
                  type="button"
                  class="button"
                  onClick={() => setParams({ differs: null, problems: null })}
                >
                  Show all
                </button>
              </div>
            ) : (
              <Grid matrix={matrix} rows={rows} changes={changes} />
            )
          }
        </Answered>
      </Panel>
      {chosen && (
        <CellDrawer
          service={chosen.service}
          environment={chosen.environment}
          cell={chosenCell ?? null}
        />
      )}
    </>
  );
}
