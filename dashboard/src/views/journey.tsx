// V4: where is this change or artifact now, how long did each leg take, what stopped it?
import { useState } from "preact/hooks";
import { Ago, Id, lookOf, Moment, Outcome, Outside, Sign, Text } from "../components/basics.tsx";
import { Panel } from "../components/panel.tsx";
import { placeOf } from "../components/search.tsx";
import { Answered } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import type { JourneyRow, LeadTimesRow, SearchRow } from "../data/api.ts";
import { environments, meta } from "../data/meta.ts";
import { useApi } from "../data/use.ts";
import { clip, duration, percent, plural, shortName } from "../format.ts";
import { href, param, setParams } from "../state/location.ts";
import {
  fateOf,
  type Known,
  type Place,
  placesOf,
  stagesOf,
  summaryOf,
  viaWords,
} from "./stages.ts";
import { Strip } from "./strip.tsx";

function Ask({ id }: { id: string }) {
  const [text, setText] = useState(id);
  return (
    <form
      class="ask"
      onSubmit={(event) => {
        event.preventDefault();
        setParams({ id: text.trim() || null, sel: null });
      }}
    >
      <input
        class="wide"
        aria-label="Change, artifact or chain"
        placeholder="change, artifact or chain"
        value={text}
        spellcheck={false}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button type="submit" class="button">
        Follow
      </button>
    </form>
  );
}

/// Without an id: changes that came to production lately, to begin with.
function Lately() {
  const asked = useApi<LeadTimesRow>("/delivery/changes", {
    from: "now-30d",
    to: "now",
    limit: 500,
  });
  return (
    <Panel
      id="journey"
      title="Journey"
      note="a change, from its first commit to production"
      asked={asked}
      controls={<Ask id="" />}
      explain={
        <p>
          The changes that reached production within the last 30 days, the newest first. Any change,
          artifact (package URL), commit or chain can be followed: write its id above, or look for a
          part of its name in the search box.
        </p>
      }
    >
      <Answered asked={asked} needs={["change", "artifact"]} filters={[]} what="No change">
        {(rows) => (
          <Table<LeadTimesRow>
            label="Changes that came to production lately"
            rows={[...rows].sort((a, b) => b.deployed_at.localeCompare(a.deployed_at)).slice(0, 50)}
            keyOf={(row) => JSON.stringify([row.change_id, row.service_id])}
            open={(row) => setParams({ id: row.change_id })}
            cells={[
              {
                title: "change",
                draw: (row) => (
                  <a data-view href={href("journey", { id: row.change_id })}>
                    <Id id={row.change_id} whole />
                  </a>
                ),
              },
              { title: "service", draw: (row) => <Id id={row.service_id} /> },
              { title: "version", draw: (row) => <Text text={row.version} max={40} /> },
              { title: "came to", draw: (row) => <Id id={row.environment_id} /> },
              { title: "deployed", class: "nowrap", draw: (row) => <Ago time={row.deployed_at} /> },
              { title: "lead time", number: true, draw: (row) => duration(row.lead_time_s) },
            ]}
          />
        )}
      </Answered>
    </Panel>
  );
}

/// Where it is now: a line for each environment.
function Places({ places }: { places: readonly Place[] }) {
  const many = new Set(places.map((place) => place.service)).size > 1;
  return (
    <Table<Place>
      label="Where it is now"
      rows={places}
      keyOf={(place) => `${place.service} ${place.environment}`}
      cells={[
        ...(many ? [{ title: "service", draw: (place: Place) => <Id id={place.service} /> }] : []),
        {
          title: "environment",
          draw: (place) => (
            <b>
              <Id id={place.environment} />
            </b>
          ),
        },
        {
          title: "now",
          draw: (place) =>
            place.at === null ? (
              <span class="muted">never came here</span>
            ) : place.left === null ? (
              <Outcome name={place.kind}>runs here</Outcome>
            ) : (
              <span class="muted">
                <Sign look={lookOf("remove")} /> gone since <Ago time={place.left} />
              </span>
            ),
        },
        { title: "came", class: "nowrap", draw: (place) => <Moment time={place.at} /> },
        {
          title: "ran",
          number: true,
          draw: (place) =>
            place.at === null
              ? "–"
              : duration(place.deployments.reduce((sum, row) => sum + (row.duration_s ?? 0), 0)),
        },
        {
          title: "what happened",
          draw: (place) => (
            <>
              {place.attempts
                .filter((run) => run.outcome !== "success")
                .map((run) => (
                  <span key={run.subject_id} class="evidence">
                    <Outcome name={fateOf(run)} /> <Id id={run.name} /> <Ago time={run.at} />{" "}
                    <Outside uri={run.uri}>run</Outside>
                  </span>
                ))}
              {place.incidents.map((incident) => (
                <span key={incident.subject_id} class="evidence">
                  <Outcome name={incident.outcome ?? "incident"}>
                    <a data-view href={href("incidents", { sel: incident.subject_id })}>
                      <Id id={incident.subject_id} />
                    </a>
                  </Outcome>{" "}
                  <Text text={incident.name} max={60} />
                </span>
              ))}
            </>
          ),
        },
        {
          title: "",
          draw: (place) => (
            <a
              data-view
              href={href("", { sel: [place.service, place.environment], service: place.service })}
            >
              history
            </a>
          ),
        },
      ]}
    />
  );
}

function Steps({ rows }: { rows: readonly JourneyRow[] }) {
  const list = rows.map((row, index) => ({
    row,
    since: index === 0 ? null : (Date.parse(row.at) - Date.parse(rows[index - 1]!.at)) / 1000,
    index,
  }));
  return (
    <Table
      label="Every step"
      rows={list}
      keyOf={({ index }) => String(index)}
      cells={[
        { title: "when", class: "nowrap", draw: ({ row }) => <Moment time={row.at} /> },
        {
          title: "after",
          number: true,
          draw: ({ since }) => (since ? `+${duration(since)}` : ""),
        },
        {
          title: "step",
          draw: ({ row }) => <Outcome name={row.step === "ran" ? fateOf(row) : row.step} />,
        },
        { title: "what", draw: ({ row }) => <span class="muted">{clip(row.subject, 40)}</span> },
        { title: "id", draw: ({ row }) => <Text text={row.subject_id} max={48} /> },
        { title: "name", draw: ({ row }) => <Text text={row.name} max={80} /> },
        { title: "environment", draw: ({ row }) => <Id id={row.environment_id} /> },
        { title: "took", number: true, draw: ({ row }) => duration(row.duration_s) },
        { title: "known by", draw: ({ row }) => <Text text={row.via} max={60} /> },
        {
          title: "",
          draw: ({ row }) => (
            <>
              {row.event_uid && (
                <a data-view href={href("events", { sel: row.event_uid })}>
                  event
                </a>
              )}{" "}
              <Outside uri={row.uri}>{row.step === "ran" ? "run" : "open"}</Outside>
            </>
          ),
        },
      ]}
    />
  );
}

/// Nothing is known under this id: what is called like it.
function Similar({ id }: { id: string }) {
  const asked = useApi<SearchRow>("/search", { q: id });
  const hits = (asked.body?.data ?? []).slice(0, 20);
  return (
    <div class="empty" role="status">
      <p>
        <b>
          No change, artifact or chain has the id “<bdi>{clip(id, 120)}</bdi>”.
        </b>
      </p>
      {hits.length > 0 && (
        <>
          <p>These are called like it:</p>
          <ul class="plain">
            {hits.map((hit) => (
              <li key={`${hit.what} ${hit.id}`}>
                <span class="muted">{hit.what}</span>{" "}
                <a
                  data-view
                  href={
                    ["pipelinerun", "taskrun", "build"].includes(hit.what) &&
                    hit.name &&
                    hit.name !== hit.id
                      ? href("pipelines", { kind: hit.what, sel: hit.name })
                      : placeOf(hit)
                  }
                >
                  <Text text={hit.name || shortName(hit.id)} max={80} />
                </a>{" "}
                <span class="muted">
                  <Id id={hit.id} whole />
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      <p class="actions">
        <a class="button" data-view href={href("events", { q: id, from: "now-90d" })}>
          Look among the events
        </a>
        <a class="button" data-view href={href("journey")}>
          Changes that came to production lately
        </a>
      </p>
    </div>
  );
}

function Followed({ id }: { id: string }) {
  const asked = useApi<JourneyRow>("/journey", { id });
  const rows = asked.body?.data ?? [];
  const known: Known[] = environments.value.map((one) => ({
    environment: one.environment_id,
    production: one.tier === "production",
  }));
  const services = new Map(
    (meta.value?.services ?? []).map((one) => [one.service_id, one.environments]),
  );
  const clock = Date.parse(asked.body?.meta.now ?? "") || Date.now();
  const places = placesOf(rows, known, (service) => services.get(service) ?? [], clock);
  const { leadTime, waiting } = summaryOf(rows, places, known);
  const artifacts = [
    ...new Set(rows.filter((row) => row.subject === "artifact").map((row) => row.subject_id)),
  ];
  const version = rows.find((row) => row.subject === "artifact")?.name;
  const signed = rows.some((row) => row.step === "signed");
  const title = version && places[0] ? `${shortName(places[0].service)} ${version}` : id;
  return (
    <>
      <Panel
        id="journey"
        title={clip(title, 80)}
        asked={asked}
        controls={<Ask key={id} id={id} />}
        note={
          rows.length > 0 && (
            <>
              {signed && <Outcome name="success">signed</Outcome>}{" "}
              {leadTime !== null && (
                <>
                  lead time to production <b>{duration(leadTime)}</b>
                </>
              )}
              {waiting !== null && <> · waiting {percent(waiting, 0)} of it</>}
            </>
          )
        }
        explain={
          <>
            <p>
              Every step that belongs to this change, artifact or chain, and how that is known: “id”
              is the one asked for, “field” a reference in an event (an artifact names its change, a
              deployment its artifact), “chain” the same chain of events, “link” a link that an
              event carries.
            </p>
            <p>
              The lead time is from the merge to the first deployment in an environment of
              production. Waiting is the share of it in which no run of this journey was running.
              Where its service runs and it never came is told too.
            </p>
          </>
        }
      >
        <Answered
          asked={asked}
          needs={["change", "artifact", "pipelinerun"]}
          filters={[]}
          showEmpty={asked.body?.data.length === 0 && meta.value !== null && !isEmptyWorld()}
        >
          {() =>
            rows.length === 0 ? (
              <Similar id={id} />
            ) : (
              <div class="inside journey">
                {artifacts.map((one) => (
                  <p key={one} class="muted">
                    <Id id={one} whole />
                  </p>
                ))}
                {[...new Set(places.map((place) => place.service))].map((service) => {
                  const mine = places.filter((place) => place.service === service);
                  return (
                    <Strip
                      key={service}
                      stages={stagesOf(rows, mine)}
                      never={mine.filter((place) => place.at === null)}
                    />
                  );
                })}
                {places.length === 0 && <Strip stages={stagesOf(rows, [])} never={[]} />}
              </div>
            )
          }
        </Answered>
      </Panel>
      {places.length > 0 && (
        <Panel id="places" title="Where it is now" asked={asked}>
          <Places places={places} />
        </Panel>
      )}
      {rows.length > 0 && (
        <Panel
          id="steps"
          title="Every step"
          note={`${plural(rows.length, "step")}: ${viaWords(rows)}`}
          asked={asked}
        >
          <Steps rows={rows} />
        </Panel>
      )}
    </>
  );
}

/// Nothing that a journey is made of was ever received.
const isEmptyWorld = (): boolean =>
  !(meta.value?.event_kinds ?? []).some((kind) =>
    ["change", "artifact", "pipelinerun"].includes(kind.subject),
  );

export function Journey() {
  const id = param("id");
  return id ? <Followed id={id} /> : <Lately />;
}
