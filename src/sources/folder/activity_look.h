// One look at a whole folder, compared with what was reported of it:
//
//   a path is new              created; moved, if the file of a path that is gone stands there now
//   its file has changed       modified, unless the content is the same
//   it is gone                 deleted
//
// A file counts once it has settled: nothing has touched it for a while. What cannot be read, and
// what cannot be seen because a folder cannot be read, is left as it was.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include <sys/stat.h>

#include "activity/ledger.h"
#include "core/clock.h"
#include "core/result.h"
#include "sources/folder/activity_source.h"
#include "sources/folder/descriptor.h"
#include "sources/folder/walk.h"
#include "sources/folder/watch.h"

namespace cdviz::sources::folder {

/// Files that do not rest: since when each has looked as it does now. Lives longer than a look.
using Restless =
    std::unordered_map<std::string, std::pair<std::string, std::chrono::steady_clock::time_point>>;

class ActivityLook final : private Visitor {
 public:
  /// New paths that are compared with those that are gone; of more, moves are not noticed.
  static constexpr std::size_t kFreshMax = 10'000;

  /// All outlive the look. @param tells  false: what is there is remembered, not told
  ActivityLook(const ActivitySettings& settings, const activity::ArtifactEvents& events,
               activity::Ledger& ledger, const Clock& clock, Watch& watch, Restless& restless,
               bool tells, std::stop_token stop);

  /// @returns Fault::retry when the folder is not there, or is not the one that it was
  Result<void> run();

  // ---- after run()
  std::size_t files() const { return files_; }
  /// Some files have not settled: look again after that.
  bool again() const { return again_; }
  /// Files and folders that could not be read.
  std::size_t unreadable_count() const { return unreadable_count_; }
  const std::string& unreadable_path() const { return unreadable_path_; }

 private:
  struct Fresh {
    std::string path;
    struct stat status;
    std::optional<activity::Known> last;
  };

  bool enter(const std::string& path) override;
  bool look(const Place& place) override;
  void unreadable(const std::string& path, int error) override;

  Result<void> check_root();
  Result<void> look_at(const Place& place, const struct stat& status);
  Result<void> go_through_ledger();
  Result<void> vanished(const std::string& path, const activity::Known& known);
  Result<void> take(const std::string& path, const struct stat& status,
                    const std::optional<activity::Known>& last);
  bool has_settled(const std::string& path, const struct stat& status, const std::string& mark);
  std::optional<std::string> checksum_of(const std::string& path, const std::string& mark);
  bool is_in_scope(const std::string& path) const;
  bool is_hidden_from_us(const std::string& path) const;

  const ActivitySettings& settings_;
  const activity::ArtifactEvents& events_;
  activity::Ledger& ledger_;
  const Clock& clock_;
  Watch& watch_;
  Restless& restless_;
  Restless still_restless_;
  const bool tells_;
  const std::stop_token stop_;
  Descriptor root_;
  activity::SeenKeys seen_;
  std::vector<Fresh> fresh_;
  std::unordered_map<std::string, std::size_t> fresh_by_mark_;
  std::vector<std::string> closed_;  ///< folders that could not be read
  std::size_t files_ = 0;
  std::size_t unreadable_count_ = 0;
  std::string unreadable_path_;
  bool again_ = false;
  std::optional<Error> failure_;
};

}  // namespace cdviz::sources::folder
