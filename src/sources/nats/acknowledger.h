// Tells the server what became of each message. The server confirms the last answer of every batch,
// and with it those before, as it takes the messages of a connection in their order: what was not
// confirmed when a connection broke is told again over the next one, so that what is on disk is not
// delivered once more.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "nats/connection.h"
#include "telemetry/metrics.h"

namespace cdviz::sources::nats {

enum class Answer : std::uint8_t {
  ack,          ///< it is on disk
  term,         ///< it stands in the dead letters: never again
  nak,          ///< not taken: deliver it again
  in_progress,  ///< we have it, wait
};

/// Not thread-safe. Outlives the connections.
class Acknowledger {
 public:
  /// Answers kept for the next connection; of more the oldest are forgotten, and their messages
  /// come again.
  static constexpr std::size_t kKept = 20'000;

  Acknowledger(telemetry::Metrics& metrics, const std::string& component);

  /// From now over this connection; tells again what the one before did not confirm.
  /// @param inbox  confirmations come to "<inbox>.ack.<number>"
  void use(cdviz::nats::Connection& connection, std::string inbox);
  /// The connection is of no use any more; what is settled meanwhile is told over the next one.
  void use_none() { connection_ = nullptr; }
  /// The consumer is another one: what was not confirmed concerns nobody any more.
  void forget() {
    unconfirmed_.clear();
    kept_ = 0;
  }
  /// (where, what); for ack and term; an empty address is passed over.
  void settle(std::vector<std::pair<std::string, Answer>> answers);
  /// @param number  what stands behind "<inbox>.ack."
  void confirmed(std::uint64_t number);
  bool all_confirmed() const { return unconfirmed_.empty(); }

  /// @param delay  when to deliver it again
  void nak(const std::string& reply, std::chrono::milliseconds delay);
  void in_progress(const std::string& reply);

 private:
  struct Told {
    std::uint64_t number;
    std::vector<std::pair<std::string, Answer>> answers;
  };
  void tell(Told& told);
  void publish(const std::string& reply, std::string_view body, const std::string& confirm);

  cdviz::nats::Connection* connection_ = nullptr;
  std::string inbox_;
  std::uint64_t number_ = 0;
  std::deque<Told> unconfirmed_;
  std::size_t kept_ = 0;
  telemetry::Counter& acks_;
  telemetry::Counter& terms_;
  telemetry::Counter& naks_;
  telemetry::Counter& waits_;
};

}  // namespace cdviz::sources::nats
