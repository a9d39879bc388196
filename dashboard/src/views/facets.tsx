// What the events of this time are about, from whom, with which outcome: a click narrows to it, another one widens; with
// the Alt key, or by the sign beside it, it leaves it out.
import { Id } from "../components/basics.tsx";
import { Panel } from "../components/panel.tsx";
import { Skeleton } from "../components/states.tsx";
import type { EventFacetsRow } from "../data/api.ts";
import type { Parameters } from "../data/client.ts";
import { useApi } from "../data/use.ts";
import { count } from "../format.ts";
import { setParams } from "../state/location.ts";
import { type Key, keys, toggled, understand } from "./eventquery.ts";

/// The query's names, and the words of the box.
const words: Record<string, Key> = {
  subject: "subject",
  predicate: "predicate",
  source: "source",
  environment: "env",
  service: "service",
  outcome: "outcome",
  valid: "valid",
};
const shownMax = 8;

function Value({
  word: key,
  row: { value, n },
  text,
}: {
  word: Key;
  /// n: null for what is left out, and so not counted
  row: { value: string; n: number | null };
  text: string;
}) {
  const chosen = understand(text).words.find((word) => word.key === key && word.value === value);
  const turn = (not: boolean) =>
    setParams({ q: toggled(text, { key, value, ...(not && { not }) }) || null });
  return (
    <li class={chosen?.not ? "without" : undefined}>
      <button
        type="button"
        class="facet"
        aria-pressed={chosen !== undefined && !chosen.not}
        title="Only these; with Alt none of these"
        onClick={(event) => turn(event.altKey)}
      >
        <Id id={value} />
        <span class="muted">{n === null ? "left out" : count(n)}</span>
      </button>
      <button
        type="button"
        class="facet-not"
        aria-label={`Without ${value}`}
        aria-pressed={chosen?.not === true}
        title="None of these"
        onClick={() => turn(true)}
      >
        −
      </button>
    </li>
  );
}

export function Facets({ question, text }: { question: Parameters; text: string }) {
  const asked = useApi<EventFacetsRow>("/events/facets", question);
  const chosen = understand(text).words;
  const rows = asked.body?.data ?? [];
  const groups = Object.entries(words)
    .map(([facet, key]) => ({
      facet,
      key,
      rows: rows.filter((row) => row.facet === facet).sort((a, b) => b.n - a.n),
    }))
    .filter(
      (group) =>
        keys.includes(group.key) &&
        (group.rows.length > 0 || chosen.some((word) => word.not && word.key === group.key)),
    );
  return (
    <Panel
      id="facets"
      title="Narrow to"
      asked={asked}
      class="facets"
      explain={
        <p>
          Of the events that fit, at most 10,000 of the newest are counted. A click shows only
          these, with the Alt key none of these, as − does.
        </p>
      }
    >
      {asked.body ? (
        <div class={asked.outdated ? "inside dimmed" : "inside"}>
          {groups.map((group) => (
            <details key={group.facet} open={group.rows.length < 30}>
              <summary>{group.facet}</summary>
              <ul>
                {group.rows.slice(0, shownMax).map((row) => (
                  <Value key={row.value} word={group.key} row={row} text={text} />
                ))}
                {chosen
                  .filter(
                    (word) =>
                      word.not &&
                      word.key === group.key &&
                      !group.rows.some((row) => row.value === word.value),
                  )
                  .map((word) => (
                    <Value
                      key={word.value}
                      word={group.key}
                      row={{ value: word.value, n: null }}
                      text={text}
                    />
                  ))}
              </ul>
            </details>
          ))}
          {groups.length === 0 && <p class="muted">Nothing to narrow.</p>}
        </div>
      ) : asked.problem ? (
        <p class="note">{asked.problem.title}</p>
      ) : (
        <Skeleton rows={6} height={16} />
      )}
    </Panel>
  );
}
