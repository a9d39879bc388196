// What the events of this time are about, from whom, with which outcome: a click narrows to it, another one widens.
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
    .filter((group) => group.rows.length > 0 && keys.includes(group.key));
  return (
    <Panel
      id="facets"
      title="Narrow to"
      asked={asked}
      class="facets"
      explain={<p>Of the events that fit, at most 10,000 of the newest are counted.</p>}
    >
      {asked.body ? (
        <div class={asked.outdated ? "inside dimmed" : "inside"}>
          {groups.map((group) => (
            <details key={group.facet} open={group.rows.length < 30}>
              <summary>{group.facet}</summary>
              <ul>
                {group.rows.slice(0, shownMax).map((row) => {
                  const on = chosen.some(
                    (word) => word.key === group.key && word.value === row.value,
                  );
                  return (
                    <li key={row.value}>
                      <button
                        type="button"
                        class="facet"
                        aria-pressed={on}
                        onClick={() =>
                          setParams({
                            q: toggled(text, { key: group.key, value: row.value }) || null,
                          })
                        }
                      >
                        <Id id={row.value} />
                        <span class="muted">{count(row.n)}</span>
                      </button>
                    </li>
                  );
                })}
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
