// The search box of the events: words that are completed, and how they were understood.
import { useEffect, useState } from "preact/hooks";
import { meta } from "../data/meta.ts";
import { clip } from "../format.ts";
import { setParams } from "../state/location.ts";
import { keys, toggled, understand } from "./eventquery.ts";

/// The links between the pages name what they look for in the box's own words.
export function SearchBox({ text }: { text: string }) {
  const [typed, setTyped] = useState(text);
  useEffect(() => setTyped(text), [text]);
  const { words, problems } = understand(typed);
  const last = typed.split(/\s/).at(-1) ?? "";
  return (
    <form
      class="eventbox"
      role="search"
      aria-label="Events"
      onSubmit={(event) => {
        event.preventDefault();
        setParams({ q: typed.trim() || null });
      }}
    >
      <input
        type="search"
        aria-label="Filter events"
        placeholder='checkout  type:service.*  env:prod-eu  outcome:failure  "a phrase"'
        spellcheck={false}
        autocomplete="off"
        list="event-words"
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onChange={(event) => setParams({ q: event.currentTarget.value.trim() || null })}
      />
      <datalist id="event-words">
        {completions(last).map((word) => (
          <option key={word} value={typed.slice(0, typed.length - last.length) + word} />
        ))}
      </datalist>
      <button type="submit" class="button">
        Filter
      </button>
      <p class="note understood" role="status">
        {words.length === 0
          ? "Every event of this time."
          : words.map((word, index) => (
              <span key={`${word.not} ${word.key} ${word.value} ${index}`}>
                <button
                  type="button"
                  class={word.not ? "chip warn" : "chip"}
                  title={word.not ? "Let it in again" : "Take it out"}
                  onClick={() => setParams({ q: toggled(typed, word) || null })}
                >
                  {word.not && "without "}
                  {word.key ?? "text"}: <bdi>{clip(word.value, 60)}</bdi> ✕
                </button>{" "}
              </span>
            ))}
        {problems.map((problem) => (
          <span key={problem} class="fail">
            {" "}
            {problem}
          </span>
        ))}
      </p>
    </form>
  );
}

/// What the word that is being typed may become.
function completions(word: string): string[] {
  const minus = word.startsWith("-") ? "-" : "";
  const [key, begin] = word.slice(minus.length).split(":");
  if (begin === undefined)
    return key ? keys.filter((one) => one.startsWith(key)).map((one) => `${minus}${one}:`) : [];
  const known = meta.value;
  if (!known) return [];
  const values: Record<string, readonly string[]> = {
    type: known.event_kinds.map((kind) => `${kind.subject}.${kind.predicate}`),
    subject: [...new Set(known.event_kinds.map((kind) => kind.subject))],
    predicate: [...new Set(known.event_kinds.map((kind) => kind.predicate))],
    source: known.sources.map((one) => one.source),
    env: known.environments.map((one) => one.environment_id),
    service: known.services.map((one) => one.service_id),
    outcome: ["success", "failure", "error", "cancel", "skip"],
    valid: ["true", "false"],
  };
  return (values[key ?? ""] ?? [])
    .filter((one) => one.startsWith(begin))
    .slice(0, 20)
    .map((one) => `${minus}${key}:${/\s/.test(one) ? `"${one}"` : one}`);
}
