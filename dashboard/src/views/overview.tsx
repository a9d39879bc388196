// V1, the first page: which version of each service runs in each environment, since when, and how it got there.
import { useMemo } from "preact/hooks";
import { Panel } from "../components/panel.tsx";
import { Answered } from "../components/states.tsx";
import { say } from "../components/toast.tsx";
import type { DeploymentsRow, StateRow } from "../data/api.ts";
import { type Answer, address, get, search } from "../data/client.ts";
import { environments } from "../data/meta.ts";
import { useApi } from "../data/use.ts";
import { exact, plural } from "../format.ts";
import { href, param, params, setParams } from "../state/location.ts";
import { at } from "../state/range.ts";
import { selection } from "./cell.tsx";
import { CellDrawer } from "./celldrawer.tsx";
import { Grid, useChanges } from "./grid.tsx";
import {
  longLagSeconds,
  type Matrix,
  matrixOf,
  runningAttempt,
  type Sort,
  sorted,
  toneOf,
} from "./matrix.ts";
import { Scrub } from "./scrub.tsx";

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

const none: readonly StateRow[] = [];

export function Overview() {
  const asked = useApi<StateRow>("/state", {
    at: param("at"),
    env: params("env"),
    service: params("service"),
    removed: true,
  });
  const cells = asked.body?.data ?? none;
  const order = environments.value;
  const matrix = useMemo(
    () =>
      matrixOf(
        cells,
        order.map((one) => one.environment_id),
      ),
    [cells, order],
  );
  const running = useMemo(() => cells.filter((cell) => cell.kind !== "remove"), [cells]);
  const changes = useChanges(search(asked.parameters), running);
  const sort = (param("sort") ?? "name") as Sort;
  const inOrder = useMemo(() => sorted(matrix.rows, sort), [matrix, sort]);
  const differs = param("differs") === "1";
  const problems = param("problems") === "1";
  const rows = useMemo(
    () => inOrder.filter((row) => (!differs || row.differs) && (!problems || row.problems)),
    [inOrder, differs, problems],
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
              <option value="change">by change</option>
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
              <Scrub />
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
                  <b>No service {problems ? "has a problem" : "differs"}.</b> All{" "}
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
