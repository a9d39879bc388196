// Who looks at events live: Server-Sent Events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html). Never waits for anybody: who is
// too slow is told how much it missed.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "net/body_stream.h"

namespace cdviz::web::api {

/// An event as it goes over a stream.
struct LiveEvent {
  std::int64_t seq = 0;  ///< its place in the order of storing
  std::string subject, predicate, source, subject_id, event_id, chain_id, environment_id,
      service_id;
  std::string json = {};  ///< of the row, one line
};

/// Which events; what is empty does not matter.
struct LiveFilter {
  std::vector<std::string> subjects = {}, predicates = {}, sources = {}, environments = {},
                           services = {};
  std::string text = {};  ///< contained in one of the ids or the source, upper and lower case alike

  bool takes(const LiveEvent& event) const;
};

/// Safe to use from any thread.
class LiveHub {
 public:
  static constexpr std::size_t kStreamsMax = 100;
  static constexpr std::size_t kWaitingMax = 256;  ///< messages that a client has not taken
  static constexpr std::size_t kWaitingBytesMax = std::size_t{128} * 1024;
  static constexpr std::chrono::seconds kPing{15};

  explicit LiveHub(const Clock& clock) : clock_(clock) {}

  /// @param after  Last-Event-ID: goes on behind it, once resume() was called
  /// @returns null when there are kStreamsMax, or after stop()
  std::shared_ptr<net::BodyStream> join(LiveFilter filter, std::optional<std::int64_t> after);

  /// How many there are, without those that have gone.
  std::size_t size();

  /// Those that wait to go on behind an event, each once. Until resume() they get nothing.
  struct Returning {
    std::uint64_t client;
    std::int64_t after;
  };
  std::vector<Returning> returning();
  /// What one of them missed, in order; `more`: it is too much to be sent.
  void resume(std::uint64_t client, const std::vector<LiveEvent>& missed, bool more);

  /// @param in_order  false for one that became visible late: it has no id, so that a client goes
  /// on where it was
  void deliver(const LiveEvent& event, bool in_order);
  /// Everybody missed so many.
  void skip(std::uint64_t count);
  /// A message to everybody. @param data  one line of JSON
  void tell(std::string_view event, std::string_view data);
  /// Keeps connections open that had nothing to say for kPing, and tells the slow what they missed.
  void beat();
  /// Ends all streams, and lets nobody in any more.
  void stop();

 private:
  struct Client {
    std::uint64_t number;
    std::shared_ptr<net::BodyStream> stream;
    LiveFilter filter;
    std::optional<std::int64_t> after;
    std::uint64_t missed = 0;
    std::chrono::steady_clock::time_point spoke_at;
  };
  bool write(Client& client, std::string_view message);
  void send(Client& client, std::string_view message);
  bool admit_gap(Client& client);
  void sweep();

  const Clock& clock_;
  std::mutex mutex_;
  std::list<Client> clients_;
  std::uint64_t last_number_ = 0;
  bool stopped_ = false;
};

}  // namespace cdviz::web::api
