// Which version the data have that an answer is made of: an answer that was kept is right as long
// as it has the same one. Each family of events moves its own part, so that a thousand test cases
// do not make the matrix be asked again.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "postgres/connection.h"

namespace cdviz::web::api {

/// Sets of families of events, as bits. The query "data-moves" says what belongs to which.
using Families = std::uint8_t;
inline constexpr Families kTests = 1;   ///< suites and cases
inline constexpr Families kRuns = 2;    ///< pipelines, tasks, builds, and types nobody knows
inline constexpr Families kOthers = 4;  ///< services, artifacts, changes, incidents, …
inline constexpr Families kEverything = kTests | kRuns | kOthers;

/// What the query "data-moves" says.
struct DataMoves {
  std::string whole;        ///< the same text, the same data
  std::string standing;     ///< the part of it that events do not move
  std::int64_t events = 0;  ///< how many are stored
  std::optional<std::int64_t> newest = {};
  std::vector<std::pair<std::int64_t, Families>> came = {};  ///< by their place in storing
  bool all_came = true;  ///< false: there were more than were asked for
};

/// The version of each family, kept up from one DataMoves to the next. Not thread-safe.
class FamilyVersions {
 public:
  /// So far back it asks: two collectors may commit in another order than they were numbered.
  static constexpr std::int64_t kLookBack = 256;

  /// Where to ask from: nothing for the newest.
  std::optional<std::int64_t> since() const;
  /// Moves the families of what came; all of them, when it cannot be told what came.
  void saw(const DataMoves& moves);
  /// The version of answers that depend on these.
  std::string of(Families families) const;

 private:
  std::string whole_;
  std::string standing_;
  std::int64_t events_ = 0;
  std::array<std::string, 3> by_family_;
  std::optional<std::int64_t> cursor_;
  std::set<std::int64_t> seen_;  ///< behind cursor_ - kLookBack
};

/// The same, asked of the database. Safe to use from any thread.
class DataVersions {
 public:
  /// A version that is known for longer is asked again before it is used.
  static constexpr std::chrono::milliseconds kFresh{1'000};

  explicit DataVersions(const Clock& clock) : clock_(clock) {}

  /// The version, if it was asked for within kFresh. Does not wait for the database.
  std::optional<std::string> known(Families families) const;
  /// The version of what the next statement will see, or of something older: then a client asks
  /// once too often, and never keeps what is old. One thread asks at a time; the others wait, and
  /// take what it saw.
  Result<std::string> ask(postgres::Connection& connection, Families families);

 private:
  Result<DataMoves> read(postgres::Connection& connection);

  const Clock& clock_;
  std::mutex asking_;
  mutable std::mutex mutex_;
  FamilyVersions versions_;  ///< guarded by mutex_; changed by who has asking_ too
  std::optional<std::chrono::steady_clock::time_point> seen_at_;
};

}  // namespace cdviz::web::api
