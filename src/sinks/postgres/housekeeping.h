// What the sink does in the database besides storing events: now and then maintain(), which makes
// partitions ahead and applies the retention, and the list of refused documents
// (database/migrations/0005_operations.sql).
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "core/sink.h"
#include "postgres/connection.h"

namespace cdviz::sinks::postgres {

/// Belongs to one sink and its thread.
class Housekeeping {
 public:
  /// Between two calls of maintain(), which itself does nothing until an hour has passed.
  static constexpr std::chrono::minutes kPause{10};

  /// @param collector  tells the dead letters of this collector from those of others
  explicit Housekeeping(std::string collector) : collector_(std::move(collector)) {}

  /// Maintains the database if it is time to. A failure is not the events' concern: it is left to
  /// the next time, and stands in `cdviz-collector database status`.
  void maintain(cdviz::postgres::Connection& connection, std::chrono::steady_clock::time_point now,
                const std::stop_token& stop);

  Result<void> note(cdviz::postgres::Connection& connection, std::span<const Refusal> refusals,
                    const std::stop_token& stop);

 private:
  const std::string collector_;
  std::optional<std::chrono::steady_clock::time_point> next_;
};

/// One refusal as cdviz_store.note_refused() takes it: texts are made such that jsonb can store
/// them.
std::string json_of(const Refusal& refusal);

}  // namespace cdviz::sinks::postgres
