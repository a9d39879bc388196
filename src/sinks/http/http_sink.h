// The sink itself; http.cc has its options.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/component.h"
#include "core/sink.h"
#include "net/http_pool.h"
#include "net/outgoing_headers.h"
#include "sinks/http/breaker.h"
#include "sinks/http/known.h"
#include "sinks/http/lanes.h"
#include "sinks/http/request.h"
#include "sinks/http/retries.h"
#include "telemetry/metrics.h"

namespace cdviz::sinks::http {

struct HttpSinkSettings {
  net::HttpPoolSettings pool;
  ContentMode mode = ContentMode::structured;
  std::size_t requests_in_flight_max = 16;
  std::size_t batch_events_max = 500;
  std::size_t batch_bytes_max = std::size_t{1} << 20;
  net::OutgoingHeaders headers = {};
};

/// See core/sink.h. Events with the same subject.id are sent one after the other.
class HttpSink final : public Sink {
 public:
  HttpSink(HttpSinkSettings settings, const Services& services);

  /// All of `batch` or an error; what the other end has of a batch that failed is remembered, and
  /// not sent again when that batch comes again.
  Result<void> write(std::span<const Event> batch, std::stop_token stop) override;
  std::size_t max_batch() const override { return batch_events_max_; }
  std::size_t max_batch_bytes() const override { return batch_bytes_max_; }

 private:
  using Outcomes = std::vector<std::optional<Result<void>>>;
  /// A write under way.
  struct Round {
    Lanes lanes;
    Retries retries;
    std::optional<Error> trouble;  ///< it ends when what is in flight has
  };

  Result<void> write_each(std::span<const Event> batch, const std::stop_token& stop);
  Result<void> write_together(std::span<const Event> batch, const std::stop_token& stop);
  /// Starts requests while there is room. @returns nothing, or why none can be made
  std::optional<Error> start_next(std::span<const Event> batch, Round& round);
  std::optional<std::chrono::milliseconds> pause_of(const Round& round) const;
  std::optional<Result<void>> settle(const net::HttpOutcome& outcome, Round& round);
  Result<void> conclude(std::span<const Event> batch, const Outcomes& outcomes,
                        const std::optional<Error>& trouble);
  Result<void> send(std::size_t tag, Request request);
  Result<void> meaning(const net::HttpOutcome& outcome);
  std::size_t window() const { return breaker_.open() ? 1 : requests_in_flight_max_; }
  void note(bool failed);

  const ContentMode mode_;
  const std::size_t requests_in_flight_max_, batch_events_max_, batch_bytes_max_;
  const net::OutgoingHeaders headers_;
  const std::string place_;
  const Clock& clock_;
  net::HttpPool pool_;
  Known known_;
  Breaker breaker_;
  std::uint64_t connections_ = 0;
  telemetry::Counter& answers_2xx_;
  telemetry::Counter& answers_3xx_;
  telemetry::Counter& answers_4xx_;
  telemetry::Counter& answers_5xx_;
  telemetry::Counter& answers_none_;
  telemetry::Counter& not_sent_again_;
  telemetry::Counter& sent_again_;
  telemetry::Counter& connects_;
  telemetry::Gauge& circuit_open_;
};

}  // namespace cdviz::sinks::http
