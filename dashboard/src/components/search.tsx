// The search box: a change, a commit, an artifact, a version, a service, an incident, by any part of its name.
import { useEffect, useId, useState } from "preact/hooks";
import type { SearchRow } from "../data/api.ts";
import { useApi } from "../data/use.ts";
import { clip, exact, shortName } from "../format.ts";
import { go, href } from "../state/location.ts";
import { own } from "../state/time.ts";
import { kinds } from "../views/pipelines.tsx";
import { Ago } from "./basics.tsx";

/// What ended long ago is looked at in its own time.
const aroundMs = 14 * 86_400_000;

function pipelinePlace({ what, id, last_at: last }: Hit): string {
  const ended = last ? Date.parse(last) : Date.now();
  const past = Date.now() - ended > aroundMs / 2;
  return href("pipelines", {
    kind: what === "pipelinerun" ? null : what,
    sel: id,
    from: past ? exact(ended - aroundMs) : null,
    to: past ? exact(ended + 60_000) : null,
  });
}

type Hit = Pick<SearchRow, "what" | "id" | "name" | "last_at">;

/// Where a hit leads.
export function placeOf(hit: Hit): string {
  if (hit.name === hit.id && own(kinds, hit.what)) return pipelinePlace(hit);
  switch (hit.what) {
    case "service":
      return href("timeline", { service: hit.id, env: null });
    case "environment":
      return href("", { env: hit.id });
    case "incident":
      return href("incidents", { sel: hit.id });
    default:
      return href("journey", { id: hit.id });
  }
}

/// A field with a list of ours, not the browser's.
const field = { role: "combobox", list: undefined } as const;
const waitMs = 200;

export function Search() {
  const list = useId();
  const [text, setText] = useState("");
  const [asked, setAsked] = useState("");
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text.trim()), waitMs);
    return () => clearTimeout(timer);
  }, [text]);
  const answer = useApi<SearchRow>(asked ? "/search" : null, { q: asked });
  const hits = asked && !answer.outdated ? (answer.body?.data ?? []).slice(0, 20) : [];
  const shown = open && asked !== "";
  const choose = (index: number) => {
    // Hits of what was typed before are no answer to what stands there now.
    const hit = asked === text.trim() ? hits[index] : undefined;
    go(hit ? placeOf(hit) : href("journey", { id: text.trim() }));
    setOpen(false);
    setText("");
    (document.activeElement as HTMLElement | null)?.blur();
  };
  return (
    <div class="search">
      <input
        id="search"
        type="search"
        {...field}
        aria-label="Search"
        aria-expanded={shown}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={shown && hits.length > 0 ? `${list}-${active}` : undefined}
        placeholder="Search  /"
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setOpen(true);
          setActive(0);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") setActive((n) => Math.min(n + 1, hits.length - 1));
          else if (event.key === "ArrowUp") setActive((n) => Math.max(n - 1, 0));
          else if (event.key === "Enter" && text.trim()) choose(active);
          else if (event.key === "Escape") {
            setText("");
            event.currentTarget.blur();
          } else return;
          event.preventDefault();
        }}
      />
      <div id={list} role="listbox" aria-label="Hits" class="hits" hidden={!shown}>
        {hits.map((hit, index) => (
          <div
            key={`${hit.what} ${hit.id}`}
            id={`${list}-${index}`}
            role="option"
            aria-selected={index === active}
            class="hit"
            onMouseDown={(event) => {
              event.preventDefault(); // before the field loses the focus
              choose(index);
            }}
          >
            <span class="what">{hit.what}</span>
            <bdi title={clip(hit.id, 2000)}>{clip(hit.name || shortName(hit.id), 60)}</bdi>
            <span class="muted">
              <bdi>{hit.name && hit.name !== hit.id ? clip(shortName(hit.id), 40) : ""}</bdi>{" "}
              {hit.last_at && <Ago time={hit.last_at} />}
            </span>
          </div>
        ))}
      </div>
      {shown && hits.length === 0 && (
        <p class="hits none" role="status">
          {answer.problem
            ? answer.problem.title
            : answer.busy || answer.outdated
              ? "…"
              : "Nothing is called like this. Enter looks for its journey."}
        </p>
      )}
    </div>
  );
}
