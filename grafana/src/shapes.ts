// Answers that more than one dashboard shows.
import { AT, DAYS, FROM, TO, ask, fromMultipleOf, list, type Answer } from "./query";
import type { Values } from "./library";
import {
  KINDS, OUTCOMES, STATES, dashboardLink, field, lanes, link, pageLink, patterns, table, type Cell, type Common, type Placed,
} from "./panels";

export const range: Values = { from: FROM, to: TO };
export const where: Values = { environment: list("environment"), service: list("service") };

export const SERVICE: Cell = {
  title: "Service",
  links: [
    link("Deployments of this service", dashboardLink("deployments", `&var-service=${field("service_id")}`)),
    ...pageLink("Its timeline in cdviz", "timeline", `&service=${field("service_id")}`),
  ],
};
export const ENVIRONMENT: Cell = {
  title: "Environment",
  links: [
    link("Deployments to this environment", dashboardLink("deployments", `&var-environment=${field("environment_id")}`)),
    ...pageLink("This environment in cdviz", "timeline", `&env=${field("environment_id")}`),
  ],
};
export const EVENT: Cell = { title: "Event", width: 110, links: [...pageLink("This event in cdviz", "events", `&sel=${field("event_uid")}`)] };
export const KIND: Cell = { title: "What", mappings: KINDS, width: 120 };
export const OUTCOME: Cell = { title: "Outcome", mappings: OUTCOMES, width: 120 };
export const URI: Cell = { title: "Where to look", links: [{ title: "Open", url: "${__value.raw}", targetBlank: true }] };
export const INCIDENT: Cell = {
  title: "Incident",
  links: [
    link("Suspects of this incident", dashboardLink("incidents", `&var-incident=${field("incident_id")}`)),
    ...pageLink("This incident in cdviz", "incidents", `&sel=${field("incident_id")}`),
  ],
};

// Where there are more bars than anybody can see, the library makes one of several.
const LABEL = "coalesce(version, '?') || case when n > 1 then ' (' || n || ')' else '' end";

/**
 * What ran when, one lane for each service and environment. A state timeline draws a value until the next point of its
 * lane: so a lane begins with what ran already at the begin of the time, a gap is a point without a version, and what runs
 * still has a point at the end of the time (or now, if that is earlier).
 */
export const timeline = (): Answer => {
  const end = `least(${TO}, now())`;
  return ask("lanes", { ...range, ...where, marks: "2000" }, {
    also: { time: "time", lane: "concat(service_id, ' · ', environment_id)", version: "version" },
    from: `(
  select greatest(valid_from, ${FROM}) as time, service_id, environment_id, environment_rank, ${LABEL} as version from answer
  union all
  select least(coalesce(valid_to, 'infinity'), ${end}), service_id, environment_id, environment_rank, case when coalesce(valid_to, 'infinity') > ${end} then ${LABEL} end
  from (select *, lead(valid_from) over (partition by service_id, environment_id order by valid_from) as next_from from answer) last
  where next_from is null or next_from <> valid_to
) points`,
    rest: "order by service_id, environment_rank, environment_id, time",
  });
};

export const timelinePanel = (id: number, height: number): Placed => lanes({
  id, title: "What ran when", size: [24, height], page: "timeline", nothing: "No deployment known in this time",
  text: "A bar is the time that a version ran, one lane for each service and environment; a gap is a time when nothing ran. What ran before the begin of the time is carried in. Where there would be more than about 2,000 bars, one stands for several, with their number behind the last version. 25 lanes a page.",
}, timeline());

/** Changes of what runs, newest first. */
export const deploymentsTable = (common: Common, limit: number, more: Values = {}): Placed => table(common,
  ask("deployments", { ...range, ...where, limit: String(limit), ...more }, {
    columns: ["at", "kind", "service_id", "version", "previous_version", "environment_id", "team", "actor", "source", "event_uid"],
  }), {
    at: { title: "When", width: 170 }, kind: KIND, service_id: SERVICE, version: "Version", previous_version: "Instead of", environment_id: ENVIRONMENT,
    team: "Team", actor: "By", source: "Reported by", event_uid: EVENT,
  });

/** Attempts to deploy that did not succeed, or not yet. */
export const attemptsTable = (common: Common): Placed => table(common,
  ask("attempts", { ...range, ...where, limit: "1000" }, {
    columns: ["started_at", "service_id", "version", "environment_id", "state", "outcome", "reason", "name", "run_id", "finished_at", "uri"],
    rest: "where outcome is distinct from 'success'",
  }), {
    started_at: { title: "Started", width: 170 }, service_id: SERVICE, version: "Version", environment_id: ENVIRONMENT, state: { title: "State", mappings: STATES, width: 110 },
    outcome: OUTCOME, reason: "Why", name: "Pipeline", run_id: "Run", finished_at: "Finished", uri: URI,
  });

export const driftTable = (common: Common): Placed => table(common,
  ask("drift", { at: AT, ...where }, {
    columns: ["service_id", "environment_id", "version", "since", "upstream_environment_id", "upstream_version", "behind", "ahead", "lag_s"],
  }), {
    service_id: SERVICE, environment_id: ENVIRONMENT, version: "Version", since: "Since", upstream_environment_id: "Compared with",
    upstream_version: "Runs there", behind: { title: "Behind", unit: "suffix: versions" }, ahead: { title: "Ahead", unit: "suffix: versions" }, lag_s: "For",
  });

export const incidentsTable = (common: Common, more: Values = {}): Placed => table(common,
  ask("incidents", { ...range, ...where, limit: "200", ...more }, {
    also: { status: "case when open then 'open' else 'resolved' end" },
    columns: ["incident_id", "service_id", "environment_id", "began_at", "resolved_at", "time_to_restore_s", "description", "suspect", "suspect_because", "ticket_uri"],
  }), {
    status: { title: "Status", mappings: patterns(["^open$", "red"], ["^resolved$", "green"]), width: 90 },
    incident_id: INCIDENT, service_id: SERVICE, environment_id: ENVIRONMENT, began_at: "Began", resolved_at: "Resolved", time_to_restore_s: "Lasted",
    description: "What", suspect: "Suspect", suspect_because: "Because", ticket_uri: URI,
  });

/** Deployments per day or longer step, one series for each environment. */
export const deploymentBars = (): Answer => ask("deployment-series", { ...range, ...where, step: DAYS, from: fromMultipleOf(DAYS) },
  { also: { time: "time" }, columns: ["environment_id", "deployments"], rest: "where deployments > 0\norder by time" });
