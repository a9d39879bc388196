// The five states of whatever is asked for: loading, nothing matches, never received, failed, stale. And partial.
import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Collector } from "../data/api.ts";
import type { Answer } from "../data/client.ts";
import { meta, seenSubjects } from "../data/meta.ts";
import { type Asked, useAsked } from "../data/use.ts";
import { ago } from "../format.ts";
import { href, param, params, setParams } from "../state/location.ts";
import { at, now } from "../state/range.ts";
import { eventOf, examples } from "../views/examples.ts";
import { curlOf } from "./payload.tsx";
import { copy } from "./toast.tsx";

/// Grey rows where the rows will be. Shown after 150 ms only (style sheet): a fast answer shows no flicker.
export const Skeleton = ({ rows = 6, height = 28 }: { rows?: number; height?: number }) => (
  <div class="skeleton" role="status" aria-label="Loading">
    {Array.from({ length: rows }, (_, row) => (
      <div key={row} style={{ height: `${height}px` }} />
    ))}
  </div>
);

/// Which filters are on, in words.
const activeFilters = (names: readonly string[]) =>
  names.flatMap((name) => params(name).map((value) => ({ name, value })));

/// There are such events, but none fits. @param filters  parameters that narrow this view
export function NothingMatches({
  filters = ["env", "service", "q"],
  what = "Nothing",
}: {
  filters?: readonly string[];
  what?: string;
}) {
  const on = activeFilters(filters);
  return (
    <div class="empty" role="status">
      <p>
        <b>{what} matches.</b>{" "}
        {on.length > 0 ? (
          <>
            The view is narrowed to{" "}
            {on.map(({ name, value }, index) => (
              <span key={`${name}=${value}`}>
                {index > 0 && ", "}
                {name} <code>{value}</code>
              </span>
            ))}
            .
          </>
        ) : at.value !== null ? (
          "Nothing was known at this moment yet."
        ) : (
          "Nothing happened in the time that is shown."
        )}
      </p>
      <p class="actions">
        {on.length > 0 && (
          <button
            type="button"
            class="button"
            onClick={() => setParams(Object.fromEntries(filters.map((name) => [name, null])))}
          >
            Clear {on.length === 1 ? "this filter" : "these filters"}
          </button>
        )}
        {at.value !== null && (
          <button type="button" class="button" onClick={() => setParams({ at: null })}>
            Back to now
          </button>
        )}
        {at.value === null && on.length === 0 && param("from") !== "now-90d" && (
          <button
            type="button"
            class="button"
            onClick={() => setParams({ from: "now-90d", to: "now" })}
          >
            Look at the last 90 days
          </button>
        )}
      </p>
    </div>
  );
}

/// A command that sends the first event, ready to be pasted.
function FirstCommand({ subjects }: { subjects: readonly string[] }) {
  const asked = useAsked<{ data: Collector }>("/collector");
  const endpoint = asked.body?.data.endpoints[0];
  const example = examples.find((one) => subjects.includes(one.type.split(".")[2]!));
  if (!endpoint || !example) return null;
  const command = curlOf(endpoint.url, eventOf(example, Date.now(), `try-${Date.now()}`, 0));
  return (
    <div class="command">
      <pre tabIndex={0} role="group" aria-label="A command that sends one">
        {command}
      </pre>
      <button type="button" class="button" onClick={() => copy(command, "the command")}>
        Copy
      </button>
    </div>
  );
}

/// No such event has ever come: says which are needed, and how to send one.
export function NeverReceived({
  subjects,
  children,
}: {
  subjects: readonly string[];
  children?: ComponentChildren;
}) {
  return (
    <div class="empty" role="status">
      <p>
        <b>No {subjects.map((subject) => `${subject}.*`).join(" or ")} events yet.</b>{" "}
        {children ?? "This view fills itself as soon as the first one arrives."}
      </p>
      <FirstCommand subjects={subjects} />
      <p class="actions">
        <a class="button primary" data-view href={href("collector")}>
          Send one now
        </a>
        <a class="button" data-view href={href("events")}>
          See what has arrived
        </a>
      </p>
    </div>
  );
}

/// What failed, and that it is tried again. With something older to show it is a line above that.
export function Failed({ asked, what = "This" }: { asked: Asked<unknown>; what?: string }) {
  const problem = asked.problem!;
  const words = problem.type.endsWith(":database-away")
    ? "The database cannot be reached"
    : problem.title;
  return (
    <div class={asked.body ? "notice fail" : "empty fail"} role="alert">
      <p>
        <span class="sign fail" aria-hidden="true">
          ✕
        </span>{" "}
        <b>{words}.</b>{" "}
        {asked.body ? `${what} is as it was ${ago(asked.since, now.value)}.` : problem.detail}{" "}
        {asked.body && problem.detail}
      </p>
      <button type="button" class="button" onClick={asked.retry} disabled={asked.busy}>
        {asked.busy ? "Trying …" : "Retry"}
      </button>
    </div>
  );
}

interface AnsweredProps<Row> {
  readonly asked: Asked<Answer<Row>>;
  /// The subjects whose events fill this view: ["service"].
  readonly needs: readonly string[];
  /// Words for when they were never received.
  readonly never?: ComponentChildren;
  readonly filters?: readonly string[];
  readonly what?: string;
  readonly skeletonRows?: number;
  /// Something to show although there are no rows.
  readonly showEmpty?: boolean;
  readonly children: (rows: readonly Row[], answer: Answer<Row>) => ComponentChildren;
}

/// Every state of an answer with rows; `children` draws it when there are some.
export function Answered<Row>(props: AnsweredProps<Row>) {
  const { asked } = props;
  const known = useComputed(() => meta.value !== null);
  const answer = asked.body;
  if (!answer)
    return asked.problem ? <Failed asked={asked} /> : <Skeleton rows={props.skeletonRows ?? 6} />;
  const empty = answer.data.length === 0 && !props.showEmpty;
  const everSeen =
    props.needs.length === 0 || props.needs.some((subject) => seenSubjects.value.has(subject));
  return (
    <>
      {asked.problem && <Failed asked={asked} />}
      <div class={asked.outdated ? "dimmed" : ""} aria-busy={asked.outdated}>
        {asked.busy && asked.outdated && <div class="thinbar" aria-hidden="true" />}
        {!empty ? (
          props.children(answer.data, answer)
        ) : known.value && !everSeen ? (
          <NeverReceived subjects={props.needs}>{props.never}</NeverReceived>
        ) : (
          <NothingMatches filters={props.filters} what={props.what} />
        )}
        {answer.meta.truncated && !empty && (
          <p class="note">
            Only the first {answer.data.length} are shown. Narrow the view, or export all as CSV.
          </p>
        )}
      </div>
    </>
  );
}

/// "31 of 34 deployments could be linked to a change": what share of the data a number rests on.
export function Coverage({ covered, total, of }: { covered: number; total: number; of: string }) {
  if (total === 0) return null;
  return (
    <p class={covered < total ? "note partial" : "note"}>
      {covered < total && (
        <span class="sign warn" aria-hidden="true">
          ◐{" "}
        </span>
      )}
      {covered} of {total} {of}
    </p>
  );
}
