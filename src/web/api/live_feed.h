// Brings events from the database to those who look at them live: asks each second what was stored,
// while somebody looks. From the table rather than from the collector's own flow, so that events of
// other collectors come too, and an id stays right over a restart.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "web/api/database.h"
#include "web/api/live_hub.h"
#include "web/api/run_query.h"

namespace cdviz::web::api {

/// A thread of its own, with a connection of its own while somebody looks.
class LiveFeed {
 public:
  static constexpr std::chrono::milliseconds kPoll{1'000};
  /// More than this at a look are not sent: everybody is told how many, and asks again.
  static constexpr std::size_t kBurst = 500;
  /// Transactions at the same time may commit in another order than they were numbered: so far back
  /// it looks. What was numbered before that is told as missed.
  static constexpr std::int64_t kLookBack = 256;
  /// So often it looks which sources went quiet or came back.
  static constexpr std::chrono::seconds kSourcesPoll{15};
  /// More cells or sources than this are not named.
  static constexpr std::size_t kNamedMax = 100;
  /// More than this behind Last-Event-ID are not sent again.
  static constexpr std::size_t kResume = 256;

  LiveFeed(LiveHub& hub, Database& database, const Clock& clock);
  ~LiveFeed();
  LiveFeed(const LiveFeed&) = delete;
  LiveFeed& operator=(const LiveFeed&) = delete;

  /// Somebody has joined: look soon. From any thread.
  void wake();
  void stop();

 private:
  void run(const std::stop_token& stop);
  void look(const std::stop_token& stop);
  Result<void> begin();
  Result<void> resume();
  Result<void> follow();
  Result<void> watch_sources();
  void tell_state(const std::vector<const LiveEvent*>& events);
  Result<std::vector<LiveEvent>> since(std::int64_t seq, std::size_t limit);
  Result<std::optional<std::int64_t>> newest();
  Result<DataVersion> version();
  void remember(std::int64_t seq);
  void lost();

  LiveHub& hub_;
  Database& database_;
  const Clock& clock_;
  std::optional<postgres::Connection> connection_;
  bool told_away_ = false;
  std::optional<std::int64_t> cursor_;  ///< the newest that was sent, or was there at the begin
  std::set<std::int64_t> seen_;         ///< behind cursor_ - kLookBack
  std::string version_;                 ///< when follow() looked last
  std::int64_t known_ = 0;              ///< so many events were there at the begin, sent, or missed
  /// Whether each source is quiet, "" for not known; nothing before the first look.
  std::optional<std::map<std::string, std::string, std::less<>>> quiet_;
  std::chrono::steady_clock::time_point sources_at_;
  std::mutex mutex_;
  std::condition_variable_any woken_;
  bool somebody_ = false;
  std::jthread thread_;
};

}  // namespace cdviz::web::api
