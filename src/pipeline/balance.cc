#include "pipeline/balance.h"

#include <utility>

namespace cdviz::pipeline {
namespace {

telemetry::Labels labels_of(const std::string& name, const std::string& type) {
  return {{"component_id", name}, {"component_type", type}};
}

telemetry::Labels with(telemetry::Labels labels, const std::string& label, std::string value) {
  labels.insert_or_assign(label, std::move(value));
  return labels;
}

telemetry::Gauge& up_gauge(telemetry::Metrics& metrics, const telemetry::Labels& labels) {
  return metrics.gauge("cdviz_component_up",
                       "1 while the component works, 0 while it waits or has stopped.", labels);
}

ReasonCounters send_errors(telemetry::Metrics& metrics, const telemetry::Labels& labels,
                           const char* retriable) {
  return {metrics, "cdviz_send_errors_total", "Failed writes to a sink, by the error's code.",
          with(labels, "retriable", retriable), "error_type"};
}

}  // namespace

ReasonCounters::ReasonCounters(telemetry::Metrics& metrics, std::string name, std::string help,
                               telemetry::Labels labels, std::string label)
    : metrics_(metrics),
      name_(std::move(name)),
      help_(std::move(help)),
      labels_(std::move(labels)),
      label_(std::move(label)) {}

void ReasonCounters::add(std::string_view reason, std::uint64_t count) {
  if (reason.empty()) reason = "unknown";
  const std::lock_guard lock(mutex_);
  auto at = counters_.find(reason);
  if (at == counters_.end() && counters_.size() >= kReasons) {
    reason = "other";
    at = counters_.find(reason);
  }
  if (at == counters_.end()) {
    auto& counter = metrics_.counter(name_, help_, with(labels_, label_, std::string(reason)));
    at = counters_.emplace(reason, &counter).first;
  }
  at->second->Increment(static_cast<double>(count));
  total_.fetch_add(count, std::memory_order_relaxed);
}

SourceBalance::SourceBalance(telemetry::Metrics& m, const std::string& name,
                             const std::string& type)
    : received(m.counter("cdviz_received_events_total",
                         "Events received: accepted, filtered and rejected together.",
                         labels_of(name, type))),
      received_bytes(m.counter("cdviz_received_bytes_total", "Bytes of the events received.",
                               labels_of(name, type))),
      accepted(m.counter("cdviz_accepted_events_total", "Events that are safe in the queue.",
                         labels_of(name, type))),
      filtered(m.counter("cdviz_filtered_events_total",
                         "Events dropped by a rule of the configuration.", labels_of(name, type))),
      returned(m.counter("cdviz_returned_events_total",
                         "Events given back to the sender because they could not be stored; not in "
                         "the events received.",
                         labels_of(name, type))),
      rejected(m, "cdviz_rejected_events_total",
               "Events refused at the door, kept as dead letters, by the rule they broke.",
               labels_of(name, type), "reason"),
      with_violations(m.counter("cdviz_events_with_violations_total",
                                "Events that were accepted though they violate the specification.",
                                labels_of(name, type))),
      violations(m, "cdviz_event_violations_total",
                 "Violations of the specification in accepted events, by the rule.",
                 labels_of(name, type), "rule"),
      normalised(m, "cdviz_normalised_events_total",
                 "Accepted events that were mended on the way in, by what was done.",
                 labels_of(name, type), "step"),
      mismatches(m, "cdviz_cloudevents_mismatches_total",
                 "CloudEvents attributes that differ from the event's own context, which counts.",
                 labels_of(name, type), "attribute"),
      up(up_gauge(m, labels_of(name, type))) {}

SinkBalance::SinkBalance(telemetry::Metrics& m, const std::string& name, const std::string& type)
    : sent(m.counter("cdviz_sent_events_total", "Events that the other end confirmed.",
                     labels_of(name, type))),
      sent_bytes(m.counter("cdviz_sent_bytes_total", "Bytes of the events that were confirmed.",
                           labels_of(name, type))),
      filtered(m.counter("cdviz_sink_filtered_events_total",
                         "Events that the sink's filter kept from it.", labels_of(name, type))),
      retries(
          m.counter("cdviz_retries_total", "Writes that were tried again.", labels_of(name, type))),
      dead_letters(m, "cdviz_dead_letter_events_total", "Events that went to the dead letters.",
                   labels_of(name, type), "reason"),
      errors_retriable(send_errors(m, labels_of(name, type), "true")),
      errors_final(send_errors(m, labels_of(name, type), "false")),
      send_duration(m.histogram("cdviz_send_duration_seconds", "Time of one write to a sink.",
                                labels_of(name, type))),
      batch_events(m.histogram("cdviz_batch_events", "Events in a batch.", labels_of(name, type),
                               telemetry::count_buckets())),
      latency(m.histogram("cdviz_end_to_end_latency_seconds",
                          "From the event's arrival to the sink's confirmation.",
                          labels_of(name, type))),
      up(up_gauge(m, labels_of(name, type))) {}

SourceBalance& Ledger::source(const std::string& name, const std::string& type) {
  auto& balance = sources_[{name, type}];
  if (!balance) balance = std::make_unique<SourceBalance>(metrics_, name, type);
  return *balance;
}

SinkBalance& Ledger::sink(const std::string& name, const std::string& type) {
  auto& balance = sinks_[{name, type}];
  if (!balance) balance = std::make_unique<SinkBalance>(metrics_, name, type);
  return *balance;
}

std::uint64_t value_of(const telemetry::Counter& counter) {
  return static_cast<std::uint64_t>(counter.Value());
}

}  // namespace cdviz::pipeline
