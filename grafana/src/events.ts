// What was received, from whom, and whether the record holds.
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { STEP, ask, list, typed } from "./query";
import { dashboard, environment, service, source, subject, typedText } from "./dashboard";
import { bars, drawn, pageLink, field, patterns, table } from "./panels";
import { ENVIRONMENT, EVENT, OUTCOME, SERVICE, range, where } from "./shapes";

const filter = { ...where, subject: list("subject"), source: list("source"), q: typed("q") };

export const events = (): Dashboard => dashboard({
  name: "events", title: "Events", from: "now-24h", refresh: "1m",
  text: "Every event that was stored, who sends what, who went silent, and what was refused.",
  variables: [environment(), service(), subject(), source(), typedText("q", "Text")], annotated: where,
  panels: [
    drawn({
      id: 1, title: "Events", size: [24, 8], unit: "none", stacked: true, label: "subject", page: "events", nothing: "No event in this time",
      text: "Events by what they are about, counted in equal steps (UTC).",
    }, ask("event-histogram", { ...range, ...filter, step: STEP }, { also: { time: "time" }, columns: ["subject", "n"], rest: "order by time" })),
    table({
      id: 2, title: "Events, newest first", size: [24, 14], page: "events", nothing: "No event in this time",
      text: "At most 500. \"Late\": from when it happened to when it was stored; more than an hour is late or replayed, less than 0 means that a clock is wrong. The payload is in cdviz: it is not for every reader.",
    }, ask("events", { ...range, ...filter, limit: "500" }, {
      columns: ["time", "subject", "predicate", "subject_id", "service_id", "environment_id", "version", "outcome", "reason", "source", "late_s", "violation_count", "type_version", "chain_id", "event_id", "event_uid"],
    }), {
      time: { title: "When", width: 170 }, subject: "Subject", predicate: "What", subject_id: "Id of the subject", service_id: SERVICE, environment_id: ENVIRONMENT,
      version: "Version deployed", outcome: OUTCOME, reason: "Why, or what", source: "From", violation_count: "Violations",
      late_s: { title: "Late", more: [
        { id: "thresholds", value: { mode: "absolute", steps: [{ value: null, color: "orange" }, { value: 0, color: "text" }, { value: 3600, color: "orange" }] } },
        { id: "custom.cellOptions", value: { type: "color-text" } },
      ] },
      type_version: "Version of the type", chain_id: { title: "Chain", links: [...pageLink("This chain in cdviz", "journey", `&id=${field("chain_id")}`)] }, event_id: "Id", event_uid: EVENT,
    }),
    table({
      id: 3, title: "Who sends, and who went silent", size: [14, 10], page: "events", nothing: "No event was ever received",
      text: "All sources, now, whatever the time above. Quiet: silent three times as long as at this moment of the last three weeks, and 15 minutes at least; empty: not known yet.",
    }, ask("sources", {}, {
      also: { state: "case when quiet then 'quiet' when not quiet then 'ok' end" },
      columns: ["source", "last_event_at", "silent_s", "usual_silence_s", "events_today", "events", "first_event_at"],
    }), {
      state: { title: "State", mappings: patterns(["^quiet$", "red"], ["^ok$", "green"]), width: 80 }, source: "Source", last_event_at: "Last event", silent_s: "Silent for",
      usual_silence_s: "Usually", events_today: "Today (UTC)", events: "Ever", first_event_at: "First event",
    }),
    bars({
      id: 4, title: "What comes (whole days, UTC)", size: [10, 10], unit: "none", page: "events", nothing: "No event in this time",
      text: "Events by subject, in the days (UTC) of the time shown.",
    }, ask("event-types", range, { also: { subject: "subject", events: "sum(n)::bigint" }, rest: "group by subject\norder by events desc, subject" })),
    table({
      id: 5, title: "Refused", size: [24, 8], page: "collector", nothing: "Nothing was refused",
      text: "Documents that a collector could not use, newest first, whatever the time above. Their bytes are in that collector's dead letters under the number shown.",
    }, ask("refused", { limit: "200" }, { columns: ["at", "component", "component_kind", "code", "reason", "source", "event_id", "bytes", "collector", "number"] }), {
      at: { title: "When", width: 170 }, component: "Component", component_kind: "Kind", code: "Code", reason: "Why", source: "From", event_id: "Id",
      bytes: { title: "Size", unit: "bytes" }, collector: "Collector", number: "Number",
    }),
    table({
      id: 6, title: "Violations of the specification", size: [12, 8], page: "events", nothing: "None in this time",
      text: "Events that break a rule of the specification or had to be mended, newest first, at most 200. They are stored all the same.",
    }, ask("violations", { ...range, source: list("source"), limit: "200" }, {
      also: { rules: "(select string_agg(distinct violation ->> 'rule', ', ') from jsonb_array_elements(coalesce(violations, '[]')) violation)" },
      columns: ["time", "source", "subject", "predicate", "violation_count", "event_id", "event_uid"],
    }), {
      rules: "Rules", time: { title: "When", width: 170 }, source: "From", subject: "Subject", predicate: "What", violation_count: "Violations", event_id: "Id", event_uid: EVENT,
    }),
    table({
      id: 7, title: "Same key, another content", size: [12, 8], page: "events", nothing: "None ever",
      text: "Events with the source and id of another event, whatever the time above. The first counts; the other is kept aside.",
    }, ask("conflicts", { limit: "200" }, { columns: ["last_seen_at", "source", "event_id", "seen", "first_seen_at", "event_uid"] }), {
      last_seen_at: { title: "Last", width: 170 }, source: "From", event_id: "Id", seen: "Times", first_seen_at: "First", event_uid: EVENT,
    }),
  ],
});
