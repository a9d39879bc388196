// A panel: a title, what it shows, and the ⋯ menu that every panel has: its rows as a table, CSV, JSON, its SQL, its
// address, and how it is computed.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { queryOf } from "../data/api.ts";
import { type Answer, address, getText, Problem, search } from "../data/client.ts";
import { meta } from "../data/meta.ts";
import { type Asked, useAsked } from "../data/use.ts";
import { exact } from "../format.ts";
import { hrefHere } from "../state/location.ts";
import { range } from "../state/range.ts";
import { openDialog } from "./dialog.tsx";
import { Popover } from "./popover.tsx";
import { AnswerTable } from "./table.tsx";
import { copy, say } from "./toast.tsx";

/// @param endpoint  with its values in it: "/incidents/INC-1/suspects"
/// @returns the name of its query, and the values that stand in its path
export function queryBehind(
  endpoint: string,
): { query: string; inPath: Record<string, string> } | null {
  const parts = endpoint.split("/");
  const paths = Object.entries(queryOf).sort(
    ([a], [b]) => Number(a.includes("{")) - Number(b.includes("{")),
  );
  for (const [path, query] of paths) {
    const wanted = path.split("/");
    if (wanted.length !== parts.length) continue;
    const inPath: Record<string, string> = {};
    const fits = wanted.every((part, index) => {
      if (!part.startsWith("{")) return part === parts[index];
      inPath[part.slice(1, -1)] = decodeURIComponent(parts[index]!);
      return true;
    });
    if (fits) return { query, inPath };
  }
  return null;
}

const sqlAddress = (asked: Asked<unknown>): string | null => {
  const behind = queryBehind(asked.endpoint);
  return behind && address(`/sql/${behind.query}`, { ...behind.inPath, ...asked.parameters });
};

async function copySql(asked: Asked<unknown>): Promise<void> {
  try {
    await copy(await getText(sqlAddress(asked)!), "the SQL");
  } catch (error) {
    say(error instanceof Problem ? `No SQL: ${error.title}` : "No SQL");
  }
}

/// The whole answer, asked for while the dialog is open.
function AllRows({ asked, label }: { asked: Asked<unknown>; label: string }) {
  const now = useAsked<Answer<unknown>>(asked.endpoint, asked.parameters);
  if (!now.body) return <p class="muted">{now.problem ? now.problem.title : "…"}</p>;
  return <AnswerTable answer={now.body} label={label} />;
}

function Sql({ asked }: { asked: Asked<unknown> }) {
  const behind = queryBehind(asked.endpoint);
  if (!behind) return null;
  return (
    <p class="actions">
      <button type="button" class="button" onClick={() => copySql(asked)}>
        Copy the SQL
      </button>
      <a class="button" href={sqlAddress(asked)!} target="_blank" rel="noopener">
        See the SQL ↗
      </a>
      <span class="muted">
        the query <code>{behind.query}</code> of the library, with this screen's values
      </span>
    </p>
  );
}

interface Props {
  /// Names the panel in links: `#matrix`.
  readonly id: string;
  readonly title: string;
  /// What stands beside the title.
  readonly note?: ComponentChildren;
  /// What the panel was made of; without it there is no menu.
  readonly asked?: Asked<unknown>;
  /// Words: what is counted and how, and what the figures rest on.
  readonly explain?: ComponentChildren;
  readonly controls?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/// Where a panel's rows are as CSV, and what the file is called; null where there is no query behind it.
function csvOf(asked: Asked<unknown>): { address: string; file: string } | null {
  if (!queryBehind(asked.endpoint)) return null;
  return {
    address: `${address(`${asked.endpoint}.csv`)}${search(asked.parameters)}`,
    file: `${fileOf(asked)}.csv`,
  };
}

function fileOf(asked: Asked<unknown>): string {
  const name = (asked.endpoint.split("/")[1] ?? "rows").replace(/\W+/g, "-");
  const day = (time: number) => exact(time).slice(0, 10);
  return `${name}_${day(range.value.from)}_${day(range.value.to)}`;
}

export function Panel({
  id,
  title,
  note,
  asked,
  explain,
  controls,
  class: className,
  children,
}: Props) {
  const csv = asked && csvOf(asked);
  const element = useRef<HTMLElement>(null);
  // A link to this panel: it did not exist yet when the browser looked for it.
  useEffect(() => {
    if (location.hash === `#${id}`) element.current?.scrollIntoView();
  }, [id]);
  return (
    <section
      ref={element}
      class={`panel ${className ?? ""}`}
      id={id}
      aria-labelledby={`${id}-title`}
      data-csv={csv?.address}
      data-file={csv?.file}
    >
      <header>
        <h2 id={`${id}-title`}>{title}</h2>
        {note && <div class="panel-note">{note}</div>}
        {controls && <div class="panel-controls">{controls}</div>}
        {asked && <PanelMenu id={id} title={title} asked={asked} explain={explain} />}
      </header>
      {children}
    </section>
  );
}

export function PanelMenu({
  id,
  title,
  asked,
  explain,
}: Pick<Props, "id" | "title" | "explain"> & { asked: Asked<unknown> }) {
  const csv = csvOf(asked);
  const grafana = meta.value?.features.grafana_url;
  const json = address(asked.endpoint, asked.parameters);
  return (
    <Popover label="⋯" name={`More about ${title}`} class="icon">
      {(close) => (
        <div class="menu">
          <button
            type="button"
            onClick={() => {
              close();
              openDialog(
                `${title}: as a table`,
                () => <AllRows asked={asked} label={title} />,
                true,
              );
            }}
          >
            View as table
          </button>
          {csv && (
            <a href={csv.address} download={csv.file} onClick={close}>
              CSV
            </a>
          )}
          <a href={json} download={`${fileOf(asked)}.json`} onClick={close}>
            JSON
          </a>
          {csv && (
            <button
              type="button"
              onClick={() => {
                close();
                copySql(asked);
              }}
            >
              Copy SQL
            </button>
          )}
          <button
            type="button"
            onClick={() => {
              close();
              copy(`${location.origin}${hrefHere({})}#${id}`, "the link");
            }}
          >
            Copy link to this panel
          </button>
          {grafana && (
            <a href={grafana} target="_blank" rel="noopener noreferrer" onClick={close}>
              Open Grafana ↗
            </a>
          )}
          {explain && (
            <button
              type="button"
              onClick={() => {
                close();
                openDialog(
                  `${title}: how is this computed?`,
                  () => (
                    <div class="prose">
                      {explain}
                      <Sql asked={asked} />
                      <h3>The rows</h3>
                      <AllRows asked={asked} label={title} />
                    </div>
                  ),
                  true,
                );
              }}
            >
              How is this computed?
            </button>
          )}
        </div>
      )}
    </Popover>
  );
}
