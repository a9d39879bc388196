// From deployment to deployment through the past: a slider of which each step is one, for the matrix as of then.
import { useState } from "preact/hooks";
import { lookOf } from "../components/basics.tsx";
import type { DeploymentsRow } from "../data/api.ts";
import { useApi } from "../data/use.ts";
import { ago, clip, exact, shortName } from "../format.ts";
import { params, setParams } from "../state/location.ts";
import { at, now } from "../state/range.ts";
import { day } from "../state/time.ts";

/// So far it reaches: back from now, or around a moment that is older.
const reachMs = 30 * day;
const rowsMax = 500;

/// What a step is called.
export function stepWords(row: DeploymentsRow | undefined, clock: number): string {
  if (!row) return "before the first";
  const what = `${shortName(row.service_id)} ${row.version ?? ""}`.trim();
  const how =
    row.kind === "deploy" || row.kind === "upgrade" ? "to" : `${lookOf(row.kind).word} in`;
  return clip(
    `${what} ${how} ${shortName(row.environment_id)}, ${ago(Date.parse(row.at), clock)}`,
    90,
  );
}

/// The step of a moment: how many deployments had happened. @param times  ascending
export function stepAt(times: readonly number[], moment: number | null): number {
  if (moment === null) return times.length;
  const next = times.findIndex((time) => time > moment);
  return next < 0 ? times.length : next;
}

export function Scrub() {
  // Nobody pays for it before somebody reaches for it.
  const [wanted, setWanted] = useState(false);
  const reach = () => setWanted(true);
  const moment = at.value;
  const old = moment !== null && moment < now.value - reachMs;
  const asked = useApi<DeploymentsRow>(wanted || moment !== null ? "/deployments" : null, {
    from: old ? exact(moment - reachMs / 2) : "now-30d",
    to: old ? exact(moment + reachMs / 2) : "now",
    env: params("env"),
    service: params("service"),
    limit: rowsMax,
  });
  const rows = [...(asked.body?.data ?? [])].reverse();
  const last = rows.length;
  const step = stepAt(
    rows.map((row) => Date.parse(row.at)),
    moment,
  );
  const current = step === last && !old ? "now" : stepWords(rows[step - 1], now.value);
  const look = (next: number) => {
    const row = rows[next - 1];
    const first = rows[0];
    if (next >= last && !old) setParams({ at: null }, true);
    else if (row) setParams({ at: row.at }, true);
    else if (first) setParams({ at: exact(Date.parse(first.at) - 1000) }, true);
  };
  return (
    <label class="scrub" onPointerEnter={reach}>
      <input
        type="range"
        aria-label="Moment, by deployments"
        aria-valuetext={current}
        title="Through the past, deployment by deployment"
        min={0}
        max={Math.max(1, last)}
        value={last === 0 ? 1 : step}
        onFocus={reach}
        onPointerDown={reach}
        onInput={(event) => look(event.currentTarget.valueAsNumber)}
      />
      {moment !== null && last > 0 && (
        <span class="muted nowrap-clip" aria-hidden="true">
          {current}
        </span>
      )}
    </label>
  );
}
