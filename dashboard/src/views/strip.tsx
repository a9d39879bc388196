// The stages of a journey from left to right, and below them how the time went: a list, readable without the picture.
import { Id, lookOf, Sign } from "../components/basics.tsx";
import { clip, duration, exact, plural, shortDateTime } from "../format.ts";
import { setParams } from "../state/location.ts";
import { zone } from "../state/settings.ts";
import type { Place, Stage } from "./stages.ts";

/// A stage's facts in a few words.
function facts(stage: Stage): string[] {
  if (stage.place) {
    const { place } = stage;
    return [
      place.left === null ? "runs here" : `ran ${duration((place.left - stage.at) / 1000)}`,
      ...place.incidents.map((incident) => `! ${clip(incident.subject_id, 20)}`),
    ];
  }
  if (stage.key === "change") return stage.rows.map((row) => row.step).slice(-1);
  if (stage.key === "artifact") return [...new Set(stage.rows.map((row) => row.step))];
  const suites = stage.rows.filter((row) => row.subject === "testsuiterun");
  const tasks = stage.rows.filter((row) => row.subject === "taskrun");
  return [
    ...(tasks.length > 0 ? [plural(tasks.length, "task")] : []),
    ...suites.map((row) => `${lookOf(row.outcome).sign} ${clip(row.name ?? "", 24)}`),
  ].slice(0, 4);
}

/// Where more is told of a stage.
function open(stage: Stage): void {
  const { place } = stage;
  document
    .getElementById(place ? "places" : "steps")
    ?.scrollIntoView({ block: "start", behavior: "smooth" });
  setParams({ stage: stage.key }, true);
}

const looks: Readonly<Record<string, string>> = {
  merged: "success",
  packaged: "success",
  signed: "success",
  published: "success",
  created: "running",
  reviewed: "running",
  abandoned: "cancel",
};

function Node({ stage }: { stage: Stage }) {
  const gone = stage.place && stage.place.left !== null && stage.place.incidents.length > 0;
  const look = lookOf(gone ? "failure" : (looks[stage.look] ?? stage.look));
  return (
    <button
      type="button"
      class={`stage ${look.tone}`}
      data-row
      title={`${clip(stage.title, 300)}\n${exact(stage.at)}${stage.end > stage.at ? ` – ${exact(stage.end)}` : ""}`}
      onClick={() => open(stage)}
    >
      <b>
        <Sign look={look} /> <span class="hidden">{look.word}: </span>
        {stage.what && <span class="muted">{stage.what} </span>}
        <Id id={stage.title} />
      </b>
      <span class="muted">{shortDateTime(stage.place ? stage.at : stage.end, zone.value)}</span>
      {stage.end - stage.at > 1000 && (
        <span class="muted">took {duration((stage.end - stage.at) / 1000)}</span>
      )}
      {facts(stage).map((fact) => (
        <span key={fact} class="muted">
          {fact}
        </span>
      ))}
    </button>
  );
}

export function Strip({ stages, never }: { stages: readonly Stage[]; never: readonly Place[] }) {
  const first = stages[0];
  const last = stages.at(-1);
  if (!first || !last) return null;
  const whole = Math.max(1, last.end - first.at);
  // Side by side in time: a stage's own length, then the wait until the next begins.
  const legs = stages.flatMap((stage, index) => {
    const next = stages[index + 1];
    const wait = next ? Math.max(0, next.at - stage.end) : 0;
    return [
      { key: stage.key, length: stage.end - stage.at, work: true, words: stage.title },
      { key: `${stage.key} wait`, length: wait, work: false, words: next?.title ?? "" },
    ].filter((leg) => leg.length > 0);
  });
  return (
    <>
      <ol class="strip" aria-label="Stages, oldest first">
        {stages.map((stage, index) => {
          const previous = stages[index - 1];
          const wait = previous ? (stage.at - previous.end) / 1000 : null;
          return (
            <li key={stage.key}>
              {wait !== null && (
                <span class="leg">
                  {wait > 0 ? duration(wait) : ""} <span aria-hidden="true">→</span>
                </span>
              )}
              <Node stage={stage} />
            </li>
          );
        })}
        {never.map((place) => (
          <li key={place.environment} class="muted">
            <span class="leg" aria-hidden="true" />
            <span class="stage never">
              <b>
                <Id id={place.environment} />
              </b>
              <span>{place.attempts.length > 0 ? "tried, never came" : "never"}</span>
            </span>
          </li>
        ))}
      </ol>
      <div class="legs" aria-hidden="true">
        {legs.map((leg) => (
          <i
            key={leg.key}
            class={leg.work ? "work" : "wait"}
            title={`${leg.work ? "" : "waiting for "}${clip(leg.words, 80)}: ${duration(leg.length / 1000)}`}
            style={{ flexGrow: Math.max(0.004, leg.length / whole) }}
          />
        ))}
      </div>
      <p class="legend">
        <span>
          <i class="work" />
          something was done
        </span>
        <span>
          <i class="wait" />
          waiting
        </span>
        <span>{duration(whole / 1000)} in all</span>
      </p>
    </>
  );
}
