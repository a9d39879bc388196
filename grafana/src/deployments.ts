// What was deployed, when and by whom; what each version replaced.
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { DAYS, ask, fromMultipleOf } from "./query";
import { dashboard, environment, service } from "./dashboard";
import { drawn, numbers } from "./panels";
import { attemptsTable, deploymentBars, deploymentsTable, driftTable, range, timelinePanel, where } from "./shapes";

const steps = { ...range, ...where, step: DAYS, from: fromMultipleOf(DAYS) };

export const deployments = (): Dashboard => dashboard({
  name: "deployments", title: "Deployments", from: "now-14d", refresh: "1m",
  text: "What was deployed, rolled back and removed, by whom, and what it replaced.",
  variables: [environment(), service()], annotated: where,
  panels: [
    numbers({
      id: 1, title: "In this time", size: [24, 4], nothing: "No deployment known in this time",
      text: "Changes of what runs in whole days (UTC) of the time shown: deployments and upgrades, rollbacks, removals, and environments that changed.",
    }, ask("deployment-series", steps, {
      also: { deployments: "sum(deployments)::bigint", rollbacks: "sum(rollbacks)::bigint", removals: "sum(removals)::bigint", environments: "count(distinct environment_id)" },
      rest: "having count(*) > 0",
    }), { deployments: "Deployments", rollbacks: "Rollbacks", removals: "Removals", environments: "Environments" }),
    drawn({
      id: 2, title: "Deployments per day or longer step (UTC)", size: [12, 9], unit: "none", stacked: true, label: "environment_id", page: "timeline",
      nothing: "No deployment known in this time",
      text: "Deployments and upgrades, without rollbacks and removals, stacked by environment. A step is a day, or longer where the time shown is long.",
    }, deploymentBars()),
    drawn({
      id: 3, title: "Rollbacks per day or longer step (UTC)", size: [12, 9], unit: "none", stacked: true, label: "environment_id",
      nothing: "No rollback known in this time",
      text: "Rollbacks by environment: reported as such, or an earlier version that came back.",
    }, ask("deployment-series", steps, { also: { time: "time" }, columns: ["environment_id", "rollbacks"], rest: "where rollbacks > 0\norder by time" })),
    timelinePanel(4, 13),
    deploymentsTable({
      id: 5, title: "Every change", size: [24, 12], page: "timeline", nothing: "No deployment known in this time",
      text: "Changes of what runs, newest first, at most 500. ● deploy: nothing ran before; ↶ rollback: reported, or an earlier version that came back.",
    }, 500),
    attemptsTable({
      id: 7, title: "Attempts that failed, or are under way", size: [24, 8], page: "timeline", nothing: "Every attempt in this time succeeded",
      text: "Runs that deploy (deployment events, and pipelines that a rule takes for deployments) and have not succeeded, newest first, of the last 1,000 attempts.",
    }),
    driftTable({
      id: 6, title: "What waits to be promoted", size: [24, 9], page: "compare", nothing: "Nothing is behind",
      text: "Each service against the nearest environment before that has it, at the end of the time shown.",
    }),
  ],
});
