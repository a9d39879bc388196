// What is open, what may have caused it, how long it takes.
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { DAYS, ask, series } from "./query";
import { dashboard, environment, incident, service } from "./dashboard";
import { drawn, numbers, table, thresholds } from "./panels";
import { ENVIRONMENT, EVENT, KIND, SERVICE, deploymentBars, incidentsTable, range, where } from "./shapes";

export const incidents = (): Dashboard => dashboard({
  name: "incidents", title: "Incidents", from: "now-30d", refresh: "1m",
  text: "Which incidents are open or were, which deployments are suspected, and how long it takes to restore the service.",
  variables: [environment(), service(), incident()], annotated: where,
  panels: [
    numbers({
      id: 1, title: "In this time", size: [24, 4], nothing: "No incident known in this time", page: "incidents",
      text: "Incidents that were open at some time of those shown, how many of them are open now, and the median time to restore of those that are resolved.",
    }, ask("incident-spans", { ...range, ...where, limit: "100000" }, {
      also: {
        incidents: "count(*)", still_open: "count(*) filter (where resolved_at is null)",
        restore_p50_s: "percentile_cont(0.5) within group (order by time_to_restore_s)", restored: "count(time_to_restore_s)",
      },
      rest: "having count(*) > 0",
    }), {
      incidents: "Incidents", still_open: { title: "Open now", more: [{ id: "thresholds", value: thresholds([null, "text"], [1, "red"]).build() }] },
      restore_p50_s: { title: "Median time to restore", unit: "s" }, restored: "Of so many that were resolved",
    }),
    incidentsTable({
      id: 2, title: "Incidents", size: [24, 11], page: "incidents", nothing: "No incident known in this time",
      text: "Open ones first, at most 200, each with the deployment that is suspected most: named by the event, else of the same service at most 2 hours before, else in the same environment at most 1 hour before.",
    }),
    table({
      id: 3, title: "Suspects of ${incident}", size: [24, 7], page: "incidents", nothing: "No suspect, or no incident chosen",
      text: "Deployments that may have caused the incident chosen above, the strongest suspicion first, with what to go back to.",
    }, ask("incident-suspects", { id: "${incident:sqlstring}" }, {
      columns: ["suspicion", "because", "service_id", "version", "previous_version", "environment_id", "kind", "deployed_at", "before_s", "actor", "event_uid"],
    }), {
      suspicion: { title: "Rank", width: 70 }, because: "Because", service_id: SERVICE, version: "Version", previous_version: "Before it", environment_id: ENVIRONMENT,
      kind: KIND, deployed_at: "Deployed", before_s: "Before the incident", actor: "By", event_uid: EVENT,
    }),
    drawn({
      id: 4, title: "Incidents per day or longer step (UTC)", size: [12, 9], unit: "none", stacked: true, page: "incidents", nothing: "No incident known in this time",
      text: "Incidents by the step in which they began. A step without any is 0.",
    }, series("incident-series", where, DAYS, ["incidents"]), { incidents: "incidents" }),
    drawn({
      id: 5, title: "Time to restore (steps in UTC)", size: [12, 9], unit: "s", page: "incidents", nothing: "No incident was resolved",
      text: "Median and longest time to restore of the incidents that began in a step and are resolved. A step without any has no point.",
    }, series("incident-series", where, DAYS, [], { columns: ["restore_p50_s", "restore_max_s"] }), { restore_p50_s: "median", restore_max_s: "longest" }),
    drawn({
      id: 6, title: "What changed meanwhile: deployments per day or longer step (UTC)", size: [24, 8], unit: "none", stacked: true, label: "environment_id", page: "timeline",
      nothing: "No deployment known in this time",
      text: "Deployments and upgrades by environment, with the incidents as bands.",
    }, deploymentBars()),
  ],
});
