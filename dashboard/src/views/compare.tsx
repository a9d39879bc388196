// V3: what will change if I promote; what differs between two environments, or one environment at two moments?
import { Ago, Id, lookOf, Sign } from "../components/basics.tsx";
import { Panel } from "../components/panel.tsx";
import { Answered } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import { copy } from "../components/toast.tsx";
import type { CompareRow } from "../data/api.ts";
import { environments } from "../data/meta.ts";
import { useApi } from "../data/use.ts";
import { clip, plural, shortDuration, shortName } from "../format.ts";
import { href, param, params, setParams } from "../state/location.ts";
import { notesOf, relationWords } from "./releasenotes.ts";

/// Without a choice: the last environment before production, and the first of production.
function usual(): [string, string] {
  const all = environments.value;
  const production = all.findIndex((one) => one.tier === "production");
  const b = production > 0 ? production : all.length - 1;
  return [all[Math.max(0, b - 1)]?.environment_id ?? "", all[b]?.environment_id ?? ""];
}

function Side({ name, value }: { name: "a" | "b"; value: string }) {
  const moment = param(`${name}_at`);
  const known = environments.value.some((one) => one.environment_id === value);
  return (
    <span class="side">
      <select
        aria-label={name === "a" ? "Environment" : "Compared with"}
        value={value}
        onChange={(event) => setParams({ [name]: event.currentTarget.value })}
      >
        {!known && value && <option value={value}>{clip(shortName(value), 40)}</option>}
        {environments.value.map((one) => (
          <option key={one.environment_id} value={one.environment_id}>
            {clip(one.label || shortName(one.environment_id), 40)}
          </option>
        ))}
      </select>
      <label class="choice">
        <span class="quiet">at</span>
        <input
          class="moment"
          aria-label={`Moment of ${shortName(value)}`}
          value={moment ?? "now"}
          spellcheck={false}
          onChange={(event) => {
            const text = event.currentTarget.value.trim();
            setParams({ [`${name}_at`]: text === "now" || text === "" ? null : text });
          }}
        />
      </label>
    </span>
  );
}

function Distance({ row }: { row: CompareRow }) {
  const lag = row.lag_s === null ? "" : ` · ${shortDuration(row.lag_s)}`;
  switch (row.relation) {
    case "same":
      return <span class="muted">same</span>;
    case "a is ahead":
      return <span>{`${plural(row.distance ?? 0, "version")}${lag}`}</span>;
    case "b is ahead":
      return (
        <span class="warn">
          <Sign look={lookOf("hotfix")} /> ahead by {plural(row.distance ?? 0, "version")}
        </span>
      );
    default:
      return <span class="muted">{row.relation}</span>;
  }
}

function Changes({ row }: { row: CompareRow }) {
  const changes = row.changes ?? [];
  if (changes.length === 0) return <span class="muted">{row.relation === "same" ? "" : "–"}</span>;
  return (
    <>
      {changes.slice(0, 12).map((change, index) => (
        <span key={change}>
          {index > 0 && " "}
          <a data-view href={href("journey", { id: change })}>
            <Id id={change} />
          </a>
        </span>
      ))}
      {changes.length > 12 && <span class="muted"> and {changes.length - 12} more</span>}
    </>
  );
}

const order: Record<string, number> = {
  "b is ahead": 0,
  "a is ahead": 1,
  "not comparable": 2,
  "only in a": 3,
  "only in b": 4,
  same: 9,
};

export function Compare() {
  const [usualA, usualB] = usual();
  const a = param("a") ?? usualA;
  const b = param("b") ?? usualB;
  const onlyDifferences = param("differs") === "1";
  const asked = useApi<CompareRow>(a && b ? "/compare" : null, {
    a,
    b,
    a_at: param("a_at"),
    b_at: param("b_at"),
    all: true,
  });
  const wanted = params("service");
  const all = (asked.body?.data ?? []).filter(
    (row) => wanted.length === 0 || wanted.includes(row.service_id),
  );
  const rows = all
    .filter((row) => !onlyDifferences || row.relation !== "same")
    .sort(
      (x, y) =>
        (order[x.relation] ?? 5) - (order[y.relation] ?? 5) ||
        x.service_id.localeCompare(y.service_id),
    );
  const names = { a: shortName(a), b: shortName(b) };
  return (
    <>
      <div class="bar">
        <Side name="a" value={a} />
        <button
          type="button"
          class="button"
          aria-label="Swap the two"
          title="Swap"
          onClick={() => setParams({ a: b, b: a, a_at: param("b_at"), b_at: param("a_at") })}
        >
          ⇄
        </button>
        <Side name="b" value={b} />
        <label class="choice">
          <input
            type="checkbox"
            checked={onlyDifferences}
            onChange={(event) => setParams({ differs: event.currentTarget.checked ? "1" : null })}
          />
          only differences
        </label>
      </div>
      <Panel
        id="compare"
        title={`${names.a} and ${names.b}`}
        asked={asked}
        note={all.length > 0 && relationWords(all)}
        controls={
          <button
            type="button"
            class="button"
            disabled={all.length === 0}
            onClick={() => copy(notesOf(names.a, names.b, all), "the release notes")}
          >
            Copy as release notes
          </button>
        }
        explain={
          <p>
            What runs in one environment at a moment, against what runs in the other. The distance
            counts published versions between the two artifacts; the changes are those of the
            artifacts in between, through <code>artifact.packaged</code> and the change it names,
            oldest first. “Ahead” is a version that {names.a} does not have: a hotfix.
          </p>
        }
      >
        <Answered asked={asked} needs={["service"]} filters={["service"]} what="No service">
          {() =>
            rows.length === 0 ? (
              <div class="empty" role="status">
                <p>
                  <b>{wanted.length > 0 ? "No such service in either." : "Nothing differs."}</b>
                </p>
              </div>
            ) : (
              <Table<CompareRow>
                label="Comparison"
                rows={rows}
                keyOf={(row) => row.service_id}
                cells={[
                  {
                    title: "service",
                    by: (row) => shortName(row.service_id),
                    draw: (row) => (
                      <a
                        data-view
                        data-row
                        href={href("timeline", { service: row.service_id, env: [a, b] })}
                      >
                        <Id id={row.service_id} />
                      </a>
                    ),
                  },
                  {
                    title: names.a,
                    draw: (row) => <Version version={row.version_a} since={row.since_a} />,
                  },
                  {
                    title: names.b,
                    draw: (row) => <Version version={row.version_b} since={row.since_b} />,
                  },
                  {
                    title: "distance",
                    by: (row) => row.distance,
                    draw: (row) => <Distance row={row} />,
                  },
                  { title: "changes waiting, oldest first", draw: (row) => <Changes row={row} /> },
                ]}
              />
            )
          }
        </Answered>
      </Panel>
    </>
  );
}

function Version({ version, since }: { version: string | null; since: string | null }) {
  if (!since) return <span class="muted">–</span>;
  return (
    <span class="nowrap">
      <b>
        <bdi>{clip(version ?? "?", 40)}</bdi>
      </b>{" "}
      <span class="muted">
        <Ago time={since} />
      </span>
    </span>
  );
}
