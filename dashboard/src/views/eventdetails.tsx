// One event, whole: as a tree, as JSON, the headers that came with it, and whether it keeps the specification.
import { Id, Text } from "../components/basics.tsx";
import { Payload } from "../components/payload.tsx";
import { Failed } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import { JsonTree } from "../components/tree.tsx";
import type { EventRow } from "../data/api.ts";
import { useApi } from "../data/use.ts";
import { exact, plural } from "../format.ts";
import { href, param, setParams } from "../state/location.ts";
import { own } from "../state/time.ts";

interface Violation {
  readonly pointer?: string;
  readonly rule?: string;
  readonly message?: string;
}

/// What the collector keeps beside an event.
interface Notes {
  readonly violations?: readonly Violation[];
  readonly normalised?: readonly string[];
  readonly original?: string;
  readonly headers?: readonly (readonly [string, string])[];
}

interface Part {
  readonly words: (notes: Notes) => string;
  readonly Body: (given: { event: EventRow; notes: Notes }) => preact.JSX.Element;
}

function Headers({ notes }: { notes: Notes }) {
  const headers = notes.headers ?? [];
  if (headers.length === 0)
    return (
      <p class="note">
        No header was kept. A source keeps <code>traceparent</code> and <code>tracestate</code>, the
        extensions of CloudEvents, and what its <code>headers_to_keep</code> names.
      </p>
    );
  return (
    <Table
      label="Headers that came with it"
      rows={headers.map(([name, value], index) => ({ name, value, index }))}
      keyOf={(row) => String(row.index)}
      cells={[
        { title: "header", draw: (row) => <Text text={row.name} max={200} /> },
        { title: "value", class: "mono", draw: (row) => <Text text={row.value} max={1000} /> },
      ]}
    />
  );
}

function Validation({ notes }: { notes: Notes }) {
  const violations = notes.violations ?? [];
  const changed = notes.normalised ?? [];
  return (
    <>
      {violations.length === 0 ? (
        <p class="note">It keeps every rule of the specification.</p>
      ) : (
        <Table<Violation>
          label="Rules that it breaks"
          rows={violations}
          keyOf={(row) => `${row.pointer} ${row.rule} ${row.message}`}
          cells={[
            { title: "where", class: "mono", draw: (row) => <Text text={row.pointer || "/"} /> },
            { title: "rule", draw: (row) => <Text text={row.rule} /> },
            { title: "what", draw: (row) => <Text text={row.message} max={400} /> },
          ]}
        />
      )}
      {changed.length > 0 && (
        <p class="note">
          The collector mended its {changed.join(", ")} as <code>normalise</code> of the source
          says.
        </p>
      )}
      {notes.original !== undefined && <Payload text={notes.original} label="As it was received" />}
    </>
  );
}

const parts: Readonly<Record<string, Part>> = {
  tree: {
    words: () => "Tree",
    Body: ({ event }) => <JsonTree value={event.payload} label="The event as a tree" />,
  },
  json: {
    words: () => "JSON",
    Body: ({ event }) => (
      <Payload
        text={JSON.stringify(event.payload)}
        url={`${location.origin}/webhook/000`}
        label="The event as it came"
      />
    ),
  },
  headers: {
    words: (notes) => `Headers${notes.headers ? ` (${notes.headers.length})` : ""}`,
    Body: Headers,
  },
  validation: {
    words: (notes) => {
      const n = notes.violations?.length ?? 0;
      return n === 0 ? "Validation: ok" : `Validation: ${plural(n, "rule")} broken`;
    },
    Body: Validation,
  },
};

/// Asked for when it is unfolded. Which part is shown stands in the address (`part`).
export function Details({ uid }: { uid: string }) {
  const asked = useApi<EventRow>(`/events/${encodeURIComponent(uid)}`);
  if (asked.problem && !asked.body) return <Failed asked={asked} />;
  const event = asked.body?.data[0];
  if (!event) return <p class="note">{asked.busy ? "…" : "It is not there any more."}</p>;
  const notes = (event.notes ?? {}) as Notes;
  const payload = event.payload as { context?: { chainId?: string } };
  const wanted = param("part") ?? "tree";
  const chosen = own(parts, wanted) ? wanted : "tree";
  const { Body } = parts[chosen]!;
  return (
    <div class="details">
      <p>
        <Id id={event.type} whole /> <span class="muted">id</span> <Id id={event.event_id} whole />{" "}
        <span class="muted">from</span> <Id id={event.source} whole />{" "}
        <span class="muted">stored</span> {exact(Date.parse(event.ingested_at))}{" "}
        {payload.context?.chainId && (
          <a data-view href={href("journey", { id: payload.context.chainId })}>
            its chain
          </a>
        )}
      </p>
      <div class="group" role="group" aria-label="What is shown of it">
        {Object.entries(parts).map(([name, part]) => (
          <button
            key={name}
            type="button"
            class={`button ${name === chosen ? "on" : ""}`}
            aria-pressed={name === chosen}
            onClick={() => setParams({ part: name === "tree" ? null : name }, true)}
          >
            {name === "validation" && notes.violations ? (
              <span class="warn">▲ {part.words(notes)}</span>
            ) : (
              part.words(notes)
            )}
          </button>
        ))}
      </div>
      <Body event={event} notes={notes} />
    </div>
  );
}
