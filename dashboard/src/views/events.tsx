// V5: what exactly was received; does the record hold; what is arriving now?
import { Panel } from "../components/panel.tsx";
import { Answered } from "../components/states.tsx";
import type { EventHistogramRow, EventsRow } from "../data/api.ts";
import { useApi } from "../data/use.ts";
import { clip, plural, shortName } from "../format.ts";
import { colourOf, Histogram } from "../marks/histogram.tsx";
import { param } from "../state/location.ts";
import { range, rangeText } from "../state/range.ts";
import { SearchBox } from "./eventbox.tsx";
import { Details } from "./eventdetails.tsx";
import { Log, pageSize } from "./eventlog.tsx";
import { parametersOf, understand } from "./eventquery.ts";
import { Facets } from "./facets.tsx";

const bins = 120;

export function Events() {
  const text = param("q") ?? "";
  const filter = parametersOf(understand(text).words);
  const question = { ...rangeText.value, ...filter };
  const selected = param("sel");
  const asked = useApi<EventsRow>("/events", { ...question, limit: pageSize });
  const shown = range.value;
  const stepMs = Math.max(1000, Math.ceil((shown.to - shown.from) / bins / 1000) * 1000);
  const histogram = useApi<EventHistogramRow>("/events/histogram", {
    ...question,
    step: `${stepMs / 1000}s`,
  });
  const rows = histogram.body?.data ?? [];
  const totals = new Map<string, number>();
  for (const row of rows) totals.set(row.subject, (totals.get(row.subject) ?? 0) + row.n);
  const series = [...totals].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  const total = [...totals.values()].reduce((sum, n) => sum + n, 0);
  const linked =
    selected !== null &&
    asked.body !== null &&
    !asked.body.data.some((row) => row.event_uid === selected);
  return (
    <>
      <SearchBox text={text} />
      <Panel
        id="histogram"
        title="When"
        asked={histogram}
        note={
          histogram.body && (
            <span class="legend">
              {plural(total, "event")}
              {series.slice(0, 6).map((name, index) => (
                <span key={name}>
                  <i class={colourOf(index)} />
                  {index === 5 && series.length > 6 ? "others" : clip(name, 24)}
                </span>
              ))}
            </span>
          )
        }
        explain={
          <p>
            Events by the time they happened, not by when they arrived. Dragging chooses a part of
            the time.
          </p>
        }
      >
        <Answered
          asked={histogram}
          needs={[]}
          filters={["q"]}
          what="No event"
          skeletonRows={2}
          showEmpty
        >
          {() => (
            <div class="inside">
              <Histogram
                label="Events"
                range={shown}
                stepMs={stepMs}
                series={series}
                bins={rows.map((row) => ({
                  time: Date.parse(row.time),
                  series: row.subject,
                  n: row.n,
                }))}
              />
            </div>
          )}
        </Answered>
      </Panel>
      <div class="explorer">
        <Panel
          id="events"
          title="Events"
          asked={asked}
          explain={
            <p>
              Everything that was stored, byte for byte as it came, by the time it happened, newest
              first. Lag is from then to when it was stored: more than an hour is late or replayed,
              less than nothing is a clock that is wrong. ▲ breaks a rule of the specification and
              was accepted all the same.
            </p>
          }
        >
          {linked && <div class="linked">{<Details uid={selected} />}</div>}
          <Answered asked={asked} needs={[]} filters={["q"]} what="No event" skeletonRows={10}>
            {(page, answer) => (
              <Log
                rows={page}
                next={answer.meta.next}
                question={question}
                outdated={asked.outdated}
              />
            )}
          </Answered>
        </Panel>
        <Facets question={question} text={text} />
      </div>
      <p class="hidden" role="status">
        {asked.body
          ? `${asked.body.data.length} events shown${text ? ` for ${shortName(text)}` : ""}`
          : ""}
      </p>
    </>
  );
}
