// The balance sheet: what came in and what became of it, per source and per sink, as metrics
// (https://prometheus.io/docs/practices/naming/). When nothing is under way:
//   source: received = accepted + filtered + rejected
//   sink:   what left the queue for it = sent + dead letters + filtered
// A batch that could not be stored was given back to its sender: it is in `returned` and in nothing
// else.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "telemetry/metrics.h"

namespace cdviz::pipeline {

/// Counters that differ in one label whose values come from outside (an SQLSTATE, a rule): the
/// first kReasons values get a counter each, the rest share "other", so that nobody can fill the
/// memory of Prometheus. Thread-safe.
class ReasonCounters {
 public:
  static constexpr std::size_t kReasons = 64;

  ReasonCounters(telemetry::Metrics& metrics, std::string name, std::string help,
                 telemetry::Labels labels, std::string label);
  /// Takes a lock: for failures, not for every event.
  void add(std::string_view reason, std::uint64_t count = 1);
  /// Of all reasons.
  std::uint64_t total() const { return total_.load(std::memory_order_relaxed); }

 private:
  telemetry::Metrics& metrics_;
  const std::string name_, help_;
  const telemetry::Labels labels_;
  const std::string label_;
  std::mutex mutex_;
  std::map<std::string, telemetry::Counter*, std::less<>> counters_;
  std::atomic<std::uint64_t> total_ = 0;
};

/// One for each source name; a successor after a reload goes on with it.
struct SourceBalance {
  SourceBalance(telemetry::Metrics& metrics, const std::string& name, const std::string& type);
  telemetry::Counter& received;
  telemetry::Counter& received_bytes;
  telemetry::Counter& accepted;
  telemetry::Counter& filtered;
  telemetry::Counter& returned;
  ReasonCounters rejected;
  telemetry::Counter& with_violations;
  ReasonCounters violations;
  ReasonCounters normalised;
  ReasonCounters mismatches;
  telemetry::Gauge& up;
};

/// One for each sink name; a successor after a reload goes on with it.
struct SinkBalance {
  SinkBalance(telemetry::Metrics& metrics, const std::string& name, const std::string& type);
  telemetry::Counter& sent;
  telemetry::Counter& sent_bytes;
  telemetry::Counter& filtered;
  telemetry::Counter& retries;
  ReasonCounters dead_letters;
  ReasonCounters errors_retriable;
  ReasonCounters errors_final;
  telemetry::Histogram& send_duration;
  telemetry::Histogram& batch_events;
  telemetry::Histogram& latency;
  telemetry::Gauge& up;
};

/// All balances by name. Not thread-safe: used when components are started.
class Ledger {
 public:
  explicit Ledger(telemetry::Metrics& metrics) : metrics_(metrics) {}
  /// The same name and type give the same balance. It lives as long as this object.
  SourceBalance& source(const std::string& name, const std::string& type);
  SinkBalance& sink(const std::string& name, const std::string& type);

 private:
  telemetry::Metrics& metrics_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<SourceBalance>> sources_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<SinkBalance>> sinks_;
};

/// The whole number that a counter stands at.
std::uint64_t value_of(const telemetry::Counter& counter);

}  // namespace cdviz::pipeline
