// What could not be used: why, and its bytes as they came.
import { Ago, Id, Text } from "../components/basics.tsx";
import { Panel } from "../components/panel.tsx";
import { Payload } from "../components/payload.tsx";
import { Failed, Skeleton } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import type { DeadLetter, WholeDeadLetter } from "../data/api.ts";
import { useAsked } from "../data/use.ts";
import { bytes, clip, count } from "../format.ts";
import { param, setParams } from "../state/location.ts";

function Whole({ number }: { number: number }) {
  const asked = useAsked<{ data: WholeDeadLetter }>(`/collector/dead-letters/${number}`);
  if (asked.problem && !asked.body) return <Failed asked={asked} />;
  const letter = asked.body?.data;
  if (!letter) return <p class="note">…</p>;
  return (
    <div class="details">
      <p>
        <Text text={letter.reason} max={2000} />
      </p>
      {letter.headers.length > 0 && (
        <details>
          <summary>Headers</summary>
          <pre>
            {letter.headers
              .map((one) => `${clip(one.name, 200)}: ${clip(one.value, 2000)}`)
              .join("\n")}
          </pre>
        </details>
      )}
      {letter.body !== null ? (
        <Payload text={letter.body} label="The document as it came" />
      ) : (
        <>
          <p class="note">It is no text: this is its base64.</p>
          <Payload text={letter.body_base64 ?? ""} label="The document in base64" />
        </>
      )}
      {letter.body_truncated && (
        <p class="note">
          Only its first MiB is here; the whole: cdviz-collector dead-letters show {number}
        </p>
      )}
      <p class="muted">
        When what stood in the way is mended:{" "}
        <code>cdviz-collector dead-letters replay {number}</code>
      </p>
    </div>
  );
}

export function DeadLetters({ total }: { total: number }) {
  const asked = useAsked<{ data: readonly DeadLetter[] }>("/collector/dead-letters", {
    limit: 100,
  });
  const letters = asked.body?.data ?? [];
  const selected = param("sel");
  const reasons = new Map<string, number>();
  for (const letter of letters) reasons.set(letter.code, (reasons.get(letter.code) ?? 0) + 1);
  return (
    <Panel
      id="refused"
      title="Refused and rejected"
      asked={asked}
      note={
        <span>
          {total === 0 ? "none" : `${count(total)} dead letters`}
          {[...reasons]
            .sort((a, b) => b[1] - a[1])
            .slice(0, 6)
            .map(([code, n]) => ` · ${clip(code, 40)} ${n}`)}
        </span>
      }
      explain={
        <p>
          What a source could not use, or a sink refused for good, is kept with its bytes and the
          reason, and can be sent again when what stood in the way is mended. Nothing is dropped.
        </p>
      }
    >
      {!asked.body ? (
        asked.problem ? (
          <Failed asked={asked} />
        ) : (
          <Skeleton rows={2} />
        )
      ) : letters.length === 0 ? (
        <p class="note">Nothing was refused.</p>
      ) : (
        <Table<DeadLetter>
          label="Dead letters"
          rows={letters}
          keyOf={(row) => String(row.number)}
          open={(row) =>
            setParams({ sel: selected === String(row.number) ? null : String(row.number) }, true)
          }
          selected={(row) => String(row.number) === selected}
          below={(row) => (String(row.number) === selected ? <Whole number={row.number} /> : null)}
          cells={[
            { title: "when", draw: (row) => <Ago time={row.at} /> },
            { title: "by", draw: (row) => `${row.component_kind} ${clip(row.component, 60)}` },
            { title: "code", draw: (row) => <code>{clip(row.code, 40)}</code> },
            { title: "reason", draw: (row) => <Text text={row.reason} max={140} /> },
            { title: "event", draw: (row) => <Id id={row.event_id} /> },
            { title: "size", number: true, draw: (row) => bytes(row.body_bytes) },
            {
              title: "",
              draw: (row) => (
                <button
                  type="button"
                  class="plain-button"
                  aria-expanded={String(row.number) === selected}
                  onClick={() =>
                    setParams(
                      { sel: selected === String(row.number) ? null : String(row.number) },
                      true,
                    )
                  }
                >
                  payload
                </button>
              ),
            },
          ]}
        />
      )}
    </Panel>
  );
}
