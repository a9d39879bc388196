// One connection that stores events through cdviz_store.ingest(): one call, one transaction.
#pragma once

#include <optional>
#include <span>
#include <stop_token>

#include "postgres/connection.h"
#include "sinks/postgres/parts.h"
#include "telemetry/metrics.h"

namespace cdviz::sinks::postgres {

/// Where writers count what became of events. Safe from any thread.
struct Counters {
  telemetry::Counter& inserted;
  telemetry::Counter& duplicates;
  telemetry::Counter& connects;
};

/// What became of a part.
struct Written {
  std::size_t committed = 0;   ///< so many of its first events are stored for good
  std::optional<Error> error;  ///< why the next one, or one behind it, is not
};

/// One thread at a time.
class Writer {
 public:
  Writer(const cdviz::postgres::ConnectSettings& settings, const TransactionLimits& limits,
         const Counters& counters)
      : settings_(settings), limits_(limits), counters_(counters) {}

  /// Connects unless the connection that is there can still be used.
  Result<void> connect(const std::stop_token& stop);

  /// Stores events in their order, in as few transactions as the limits allow. connect() first.
  Written write(std::span<const Event* const> events, const std::stop_token& stop);

  /// The connection. connect() first.
  cdviz::postgres::Connection& connection() { return *connection_; }

 private:
  Result<void> store(std::span<const Event* const> events, const std::stop_token& stop);

  const cdviz::postgres::ConnectSettings& settings_;
  const TransactionLimits limits_;
  const Counters counters_;
  std::optional<cdviz::postgres::Connection> connection_;
  cdviz::postgres::JsonArray events_;
  cdviz::postgres::JsonArray notes_;
};

/// The error, with what a user can do about it in its message.
Error with_advice(Error error);

}  // namespace cdviz::sinks::postgres
