// One cell of the matrix. There may be 1,600 of them, so it is drawn by functions: each component less is time.
import { Sign } from "../components/basics.tsx";
import type { StateRow } from "../data/api.ts";
import { clip, exact, shortDuration, shortName } from "../format.ts";
import { go, href, params, setParams } from "../state/location.ts";
import { lookOfCell, type MatrixRow, remarksOf, spoken, toneOf } from "./matrix.ts";

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

/// @param changed  since the answer before
export function drawCell(cell: StateRow, pressed: boolean, changed: boolean) {
  return (
    <button
      type="button"
      class={`cell ${toneOf(cell)}${changed ? " changed" : ""}`}
      aria-pressed={pressed}
      tabIndex={-1}
      title={`${clip(cell.service_id, 500)} · ${clip(cell.environment_id, 500)}\nsince ${exact(Date.parse(cell.since))}`}
      onClick={(event) => choose(cell.service_id, cell.environment_id, event.shiftKey)}
    >
      <span class="hidden">{spoken(cell)}</span>
      <span class="version" aria-hidden="true">
        {Sign({ look: lookOfCell(cell) })} <bdi>{clip(cell.version ?? "?", 40)}</bdi>
      </span>
      <span class="age" aria-hidden="true">
        {shortDuration(cell.age_s)}
        {remarksOf(cell).map(({ look, words }) => (
          <span class={`remark ${look.tone}`}>
            {look.sign && `${look.sign} `}
            <bdi>{clip(words, 40)}</bdi>
          </span>
        ))}
      </span>
    </button>
  );
}

/// What a screen reader says where nothing runs.
export function absence(row: MatrixRow, environment: string): string {
  const removed = row.removed.get(environment);
  const words = removed
    ? `removed ${shortDuration(removed.age_s)} ago, ${removed.previous_version ?? "a version"} ran`
    : "never ran";
  return `${shortName(row.service)}, ${shortName(environment)}, ${words}`;
}

/// Where nothing runs.
export const drawAbsent = (removed: StateRow | undefined) => (
  <span class="none" aria-hidden="true">
    –{removed && <span class="age">removed {shortDuration(removed.age_s)} ago</span>}
  </span>
);
