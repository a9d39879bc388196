// The collector's own health, from a Prometheus that scrapes its /metrics (docs/operating.md lists the metrics).
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import * as stat from "@grafana/grafana-foundation-sdk/stat";
import { BigValueColorMode, BigValueGraphMode, BigValueTextMode, ReduceDataOptionsBuilder } from "@grafana/grafana-foundation-sdk/common";
import { PROMETHEUS, metric } from "./query";
import { dashboard } from "./dashboard";
import { chart, place, thresholds, type Common, type Placed } from "./panels";

type Queries = readonly (readonly [expression: string, legend: string])[];

const letters = "ABCDEF";
const per = (metricName: string, by: string): string => `sum by (${by}) (rate(${metricName}[$__rate_interval]))`;
const quantile = (q: number, metricName: string, by: string): string =>
  `histogram_quantile(${q}, sum by (le, ${by}) (rate(${metricName}_bucket[$__rate_interval])))`;

const over = (common: Common & { unit: string; stacked?: boolean }, queries: Queries): Placed => {
  const panel = chart(common.unit, common.stacked ?? false);
  queries.forEach(([expression, legend], index) => panel.withTarget(metric(expression, legend, letters[index] ?? "Z")));
  return place(panel, common, { ...PROMETHEUS });
};

const now = (common: Common & { unit: string; alarm?: number; below?: number }, expression: string, legend = "__auto"): Placed => {
  const steps = common.alarm !== undefined ? thresholds([null, "text"], [common.alarm, "red"])
    : common.below !== undefined ? thresholds([null, "red"], [common.below, "text"]) : thresholds([null, "text"]);
  const panel = new stat.PanelBuilder().withTarget(metric(expression, legend)).unit(common.unit).thresholds(steps)
    .reduceOptions(new ReduceDataOptionsBuilder().values(false).calcs(["lastNotNull"]).fields(""))
    .graphMode(BigValueGraphMode.Area).colorMode(BigValueColorMode.Value).textMode(BigValueTextMode.Auto);
  return place(panel, common, { ...PROMETHEUS });
};

export const collector = (): Dashboard => dashboard({
  name: "collector", title: "Collector", from: "now-6h", refresh: "30s", from_metrics: true,
  text: "Whether events come in, are safe, and get on: the collector's own metrics, as a Prometheus scrapes them.",
  variables: [],
  panels: [
    now({ id: 1, title: "Lost events", size: [4, 4], unit: "none", alarm: 1, text: "Acknowledged events that are gone, since the start. Must stay 0." }, "sum(cdviz_lost_events_total)"),
    now({ id: 2, title: "Accepting", size: [4, 4], unit: "none", below: 1, text: "1 while the queue of every collector takes events, 0 when one is full or fails." }, "min(cdviz_queue_accepting)"),
    now({ id: 3, title: "Oldest event that waits", size: [4, 4], unit: "s", alarm: 600, text: "Age of the oldest event that a sink has still to get: how far the slowest sink is behind." }, "max(cdviz_queue_oldest_event_age_seconds)"),
    now({ id: 4, title: "Queue used", size: [4, 4], unit: "percentunit", alarm: 0.8, text: "Bytes in the queue / its capacity, of the fullest collector. When it is full, senders are told to come again." }, "max(cdviz_queue_stored_bytes / cdviz_queue_capacity_bytes)"),
    now({ id: 5, title: "Dead letters", size: [4, 4], unit: "none", page: "collector", text: "Events that could not be used or delivered and wait for a decision: cdviz-collector dead-letters list." }, "sum(cdviz_dead_letters)"),
    now({ id: 6, title: "Components that do not work", size: [4, 4], unit: "none", alarm: 1, text: "Sources and sinks that wait or have stopped." }, "count(cdviz_component_up) - sum(cdviz_component_up)"),
    over({ id: 7, title: "Events received, by source", size: [12, 8], unit: "cps", stacked: true, nothing: "No metrics", text: "Events received per second: accepted, filtered and rejected together." },
      [[per("cdviz_received_events_total", "component_id"), "{{component_id}}"]]),
    over({ id: 8, title: "What became of them", size: [12, 8], unit: "cps", nothing: "No metrics",
      text: "Per second: safe in the queue, dropped by a rule of the configuration, refused, and given back to the sender because they could not be stored. The first three together are the events received." },
    [["sum(rate(cdviz_accepted_events_total[$__rate_interval]))", "accepted"], ["sum(rate(cdviz_filtered_events_total[$__rate_interval]))", "filtered"],
      ["sum(rate(cdviz_rejected_events_total[$__rate_interval]))", "rejected"], ["sum(rate(cdviz_returned_events_total[$__rate_interval]))", "returned"]]),
    over({ id: 9, title: "Events delivered, by sink", size: [12, 8], unit: "cps", stacked: true, nothing: "No metrics", text: "Events per second that the other end confirmed." },
      [[per("cdviz_sent_events_total", "component_id"), "{{component_id}}"]]),
    over({ id: 10, title: "Waiting in the queue, by sink", size: [12, 8], unit: "none", nothing: "No metrics", text: "Events that a sink has still to get." },
      [["sum by (sink) (cdviz_queue_events)", "{{sink}}"]]),
    over({ id: 11, title: "Errors, by kind", size: [12, 8], unit: "cps", nothing: "No error since the start",
      text: "Per second: writes of a sink that failed, by code; requests turned away before their body was read, by reason; groups that could not be committed to disk." },
    [[per("cdviz_send_errors_total", "component_id, error_type"), "{{component_id}}: {{error_type}}"], [per("cdviz_denied_requests_total", "reason"), "denied: {{reason}}"],
      ["sum(rate(cdviz_queue_commit_errors_total[$__rate_interval]))", "commit"], [per("cdviz_retries_total", "component_id"), "{{component_id}}: tried again"]]),
    over({ id: 12, title: "Refused and dead letters, by reason", size: [12, 8], unit: "none", stacked: true, nothing: "Nothing was refused since the start",
      text: "Documents refused at the door, and events that went to the dead letters, within each step." },
    [["sum by (reason) (increase(cdviz_rejected_events_total[$__rate_interval]))", "refused: {{reason}}"], ["sum by (reason) (increase(cdviz_dead_letter_events_total[$__rate_interval]))", "dead letter: {{reason}}"]]),
    over({ id: 13, title: "From arrival to confirmation", size: [12, 8], unit: "s", nothing: "No metrics", text: "From an event's arrival to a sink's confirmation: half of the events, and 99 %." },
      [[quantile(0.5, "cdviz_end_to_end_latency_seconds", "component_id"), "{{component_id}}: half"], [quantile(0.99, "cdviz_end_to_end_latency_seconds", "component_id"), "{{component_id}}: 99 %"]]),
    over({ id: 14, title: "Time to answer, to commit, to write", size: [12, 8], unit: "s", nothing: "No metrics", text: "99 % of the requests, of the commits to disk, and of the writes to a sink took at most so long." },
      [[quantile(0.99, "cdviz_http_request_duration_seconds", "component_id"), "request {{component_id}}"], [quantile(0.99, "cdviz_fsync_duration_seconds", "component_id"), "commit {{component_id}}"],
        [quantile(0.99, "cdviz_send_duration_seconds", "component_id"), "write {{component_id}}"]]),
    over({ id: 15, title: "Memory", size: [8, 7], unit: "bytes", nothing: "No metrics", text: "Memory in RAM of each collector." }, [["process_resident_memory_bytes and on (instance, job) cdviz_build_info", "{{instance}}"]]),
    over({ id: 16, title: "Processor", size: [8, 7], unit: "percentunit", nothing: "No metrics", text: "Share of one core that each collector used." },
      [["rate(process_cpu_seconds_total[$__rate_interval]) and on (instance, job) cdviz_build_info", "{{instance}}"]]),
    over({ id: 17, title: "Connections", size: [8, 7], unit: "none", nothing: "No metrics", text: "Open HTTP connections, and those closed at a limit per second." },
      [["sum by (instance) (cdviz_http_connections)", "{{instance}}"], ["sum by (instance) (rate(cdviz_http_connections_refused_total[$__rate_interval]))", "{{instance}}: refused"]]),
  ],
});
