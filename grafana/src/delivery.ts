// The five delivery metrics, what they rest on, and how they develop.
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { MatcherConfigBuilder, PanelBuilder as XyPanel, SeriesMapping, XYSeriesConfigBuilder, XYShowMode } from "@grafana/grafana-foundation-sdk/xychart";
import { DAYS, PostgresQuery, ask, list, series } from "./query";
import { choice, dashboard, environment, service, team } from "./dashboard";
import { drawn, numbers, place, table, type Placed } from "./panels";
import { EVENT, ENVIRONMENT, INCIDENT, KIND, SERVICE, range, where } from "./shapes";

const filter = { tier: "${tier:sqlstring}", ...where, team: list("team") };
const asked = { ...range, ...filter };
const PER_DAY = "suffix: per day";

const scatter = (): Placed => {
  const answer = ask("delivery-by-service", asked, { columns: ["service_id", "lead_time_p50_s", "change_fail_rate", "deployments"], rest: "where lead_time_p50_s is not null and change_fail_rate is not null" });
  const by = (name: string) => ({ matcher: new MatcherConfigBuilder().id("byName").options(name).build() });
  const panel = new XyPanel().withTarget(new PostgresQuery(answer.sql)).unit("none").mapping(SeriesMapping.Manual).show(XYShowMode.Points).pointSize({ fixed: 8, min: 6, max: 40 })
    .series([new XYSeriesConfigBuilder().frame({ matcher: new MatcherConfigBuilder().id("byIndex").options(0).build() })
      .x(by("lead_time_p50_s")).y(by("change_fail_rate")).size(by("deployments"))])
    .overrideByName("lead_time_p50_s", [{ id: "displayName", value: "Change lead time" }, { id: "unit", value: "s" }])
    .overrideByName("change_fail_rate", [{ id: "displayName", value: "Change fail rate" }, { id: "unit", value: "percentunit" }])
    .overrideByName("deployments", [{ id: "displayName", value: "Deployments" }])
    .overrideByName("service_id", [{ id: "displayName", value: "Service" }]);
  return place(panel, {
    id: 9, title: "Lead time and failures, one point for each service", size: [12, 10], page: "delivery", nothing: "No service with both known",
    text: "Right: slower. Up: more of the deployments fail. The size is the number of deployments. To see which need help, not to rank teams.",
  });
};

export const delivery = (): Dashboard => dashboard({
  name: "delivery", title: "Delivery", from: "now-30d", refresh: "5m",
  text: "How fast and how safely changes reach production: five metrics, each with what it rests on. Compare a service with its own past, not with others.",
  variables: [
    choice("tier", "Tier", { production: "Production", staging: "Staging", test: "Test", development: "Development", other: "Other" }),
    environment(), service(), team(),
  ],
  annotated: where,
  panels: [
    numbers({
      id: 1, title: "In this time", size: [24, 5], nothing: "not known", page: "delivery",
      text: "Deployment frequency: deployments without rollbacks / days, from the first event on. Change lead time: median from the merge of a change to its first deployment in the tier. Recovery: median from a failed deployment until the failure ended. Fail rate: failed / deployments. Rework: rollbacks and hotfixes / (deployments + rollbacks). What is not known stays empty.",
    }, ask("delivery", asked, {
      columns: ["deployments_per_day", "lead_time_p50_s", "recovery_p50_s", "change_fail_rate", "rework_rate"], rest: "where period = 'asked' and deployments is not null",
    }), {
      deployments_per_day: { title: "Deployment frequency", unit: PER_DAY, more: [{ id: "decimals", value: 2 }] }, lead_time_p50_s: "Change lead time",
      recovery_p50_s: "Failed deployment recovery time", change_fail_rate: "Change fail rate", rework_rate: "Deployment rework rate",
    }),
    table({
      id: 2, title: "What these numbers rest on, and the equally long time before", size: [24, 5], page: "delivery", nothing: "not known",
      text: "Deployments that were counted, changes and linked deployments behind the lead time with their share of all (coverage), failed deployments and how many of them recovered, unplanned ones. A number from fewer than 5 says little.",
    }, ask("delivery", asked, {
      columns: ["period", "since", "until", "days", "deployments", "rollbacks", "deployments_per_day", "lead_time_p50_s", "lead_time_p90_s", "lead_time_changes", "lead_time_linked",
        "lead_time_coverage", "failed", "change_fail_rate", "recovery_p50_s", "recovery_n", "unplanned", "rework_rate"],
      rest: "where deployments is not null\norder by since desc",
    }), {
      period: "Time", since: "From", until: "Until", days: { title: "Days known", unit: "none" }, deployments: "Deployments", rollbacks: "Rollbacks", deployments_per_day: { title: "Per day", more: [{ id: "decimals", value: 2 }] },
      lead_time_p50_s: "Lead time", lead_time_p90_s: "Lead time, 90 %", lead_time_changes: "Changes", lead_time_linked: "Linked", lead_time_coverage: "Coverage", failed: "Failed",
      change_fail_rate: "Fail rate", recovery_p50_s: "Recovery", recovery_n: "Recovered", unplanned: "Unplanned", rework_rate: "Rework",
    }),
    drawn({
      id: 3, title: "Deployments per day or longer step (UTC)", size: [12, 8], unit: "none", stacked: true, page: "delivery", nothing: "No deployment known in this time",
      text: "Deployments and rollbacks in the chosen tier. A step without any is 0.",
    }, series("delivery-series", filter, DAYS, ["deployments", "rollbacks"]), { deployments: "deployments", rollbacks: "rollbacks" }),
    drawn({
      id: 4, title: "Change lead time (steps in UTC)", size: [12, 8], unit: "s", page: "delivery", nothing: "No change could be linked to a deployment",
      text: "Median of the changes that first reached the tier in each step. A step without a linked change has no point.",
    }, series("delivery-series", filter, DAYS, [], { columns: ["lead_time_p50_s"] }), { lead_time_p50_s: "median" }),
    drawn({
      id: 5, title: "Change fail rate and rework rate (steps in UTC)", size: [12, 8], unit: "percentunit", page: "delivery", nothing: "No deployment known in this time",
      text: "failed / deployments, and (rollbacks + hotfixes) / (deployments + rollbacks), of each step. A step without a deployment has no point.",
    }, series("delivery-series", filter, DAYS, [], { columns: ["change_fail_rate", "rework_rate"] }), { change_fail_rate: "fail rate", rework_rate: "rework rate" }),
    drawn({
      id: 6, title: "Failed deployment recovery time (steps in UTC)", size: [12, 8], unit: "s", page: "delivery", nothing: "No deployment failed and recovered",
      text: "Median time until the failures that began in a step ended: with a rollback, a fix or the end of the incident.",
    }, series("delivery-series", filter, DAYS, [], { columns: ["recovery_p50_s"] }), { recovery_p50_s: "median" }),
    drawn({
      id: 7, title: "Where the lead time goes, week by week (weeks begin on Monday, UTC)", size: [24, 9], unit: "s", stacked: true, page: "delivery",
      nothing: "No change could be linked to a deployment",
      text: "Median of each leg, of the changes that first reached the tier in a week: from created to merged, to the publication of the artifact, to its first deployment in staging, to that in the tier. Medians of legs do not add up to the median of the whole.",
    }, series("lead-time-legs", filter, "interval '168 hours'", [], { columns: ["to_merge_p50_s", "to_publish_p50_s", "to_stage_p50_s", "to_tier_p50_s"] }), {
      to_merge_p50_s: "created → merged", to_publish_p50_s: "merged → published", to_stage_p50_s: "published → staging", to_tier_p50_s: "staging → tier",
    }),
    table({
      id: 8, title: "By service", size: [12, 10], page: "delivery", nothing: "No deployment known in this time",
      text: "Services that were deployed in the time shown. Compare each with its own past.",
    }, ask("delivery-by-service", asked, {
      columns: ["service_id", "team", "deployments", "rollbacks", "lead_time_p50_s", "lead_time_changes", "change_fail_rate", "failed", "recovery_p50_s", "rework_rate"],
    }), {
      service_id: SERVICE, team: "Team", deployments: "Deployments", rollbacks: "Rollbacks", lead_time_p50_s: "Lead time", lead_time_changes: "Changes",
      change_fail_rate: "Fail rate", failed: "Failed", recovery_p50_s: "Recovery", rework_rate: "Rework",
    }),
    scatter(),
    table({
      id: 10, title: "The deployments behind the numbers, and why each counts", size: [24, 11], page: "delivery", nothing: "No deployment known in this time",
      text: "Newest first, at most 500. Filter \"Failed\" or \"Unplanned\" in the column's head to see the rows behind one number.",
    }, ask("delivery-deployments", { ...asked, limit: "500" }, {
      columns: ["at", "kind", "service_id", "version", "environment_id", "change_id", "lead_time_s", "failed", "failed_because", "incident_id", "recovery_s", "unplanned", "unplanned_because", "event_uid"],
    }), {
      at: { title: "When", width: 170 }, kind: KIND, service_id: SERVICE, version: "Version", environment_id: ENVIRONMENT, change_id: "Change", lead_time_s: "Lead time",
      failed: "Failed", failed_because: "Because", incident_id: INCIDENT, recovery_s: "Recovery", unplanned: "Unplanned", unplanned_because: "Because (unplanned)", event_uid: EVENT,
    }),
    table({
      id: 11, title: "Changes that reached the tier", size: [24, 10], page: "delivery", nothing: "No change could be linked to a deployment",
      text: "Each change with the deployment that first brought it, the slowest first, at most 500.",
    }, ask("lead-times", { ...asked, limit: "500" }, {
      columns: ["change_id", "repository_id", "service_id", "version", "environment_id", "merged_at", "deployed_at", "lead_time_s", "from_created_s", "event_uid"],
    }), {
      change_id: "Change", repository_id: "Repository", service_id: SERVICE, version: "Version", environment_id: ENVIRONMENT, merged_at: "Merged", deployed_at: "Deployed",
      lead_time_s: "Lead time", from_created_s: "From created", event_uid: EVENT,
    }),
  ],
});
