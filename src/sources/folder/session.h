// One run of the source: looks at the folder again and again, reads what is new, and does with
// files what is to be done once their events are on disk.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>

#include "core/component.h"
#include "sources/folder/after.h"
#include "sources/folder/feeder.h"
#include "sources/folder/file_reader.h"
#include "sources/folder/folder_source.h"
#include "sources/folder/held.h"
#include "sources/folder/metadata.h"
#include "sources/folder/seen.h"
#include "sources/folder/sweep.h"
#include "sources/folder/walk.h"
#include "sources/folder/watch.h"
#include "telemetry/metrics.h"

namespace cdviz::sources::folder {

/// What is counted, whichever run it is in.
struct SourceMetrics {
  SourceMetrics(telemetry::Metrics& metrics, const std::string& name);
  telemetry::Counter& files;
  telemetry::Counter& began_anew;
  telemetry::Counter& bytes;
  telemetry::Counter& removed;
  telemetry::Counter& moved;
  telemetry::Gauge& unreadable;
  telemetry::Gauge& waiting;
  telemetry::Gauge& watched;
  telemetry::Counter& looks;
  telemetry::Gauge& look_seconds;
};

/// All on the thread that calls run().
class Session final : private Visitor {
 public:
  Session(const FolderSettings& settings, const Services& services, SourceMetrics& metrics,
          Inlet& inlet);
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Until `stop` is requested or something cannot be mended here.
  Result<void> run(const std::stop_token& stop);

 private:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr Time kWithTheNextLook = Time::max();
  /// A file that has to be looked at again though nobody may tell us.
  struct Waiting {
    Stamp stamp = {};
    Time since = {};  ///< it has had this stamp at least since then
    Time due = {};    ///< look at it then, kWithTheNextLook: when all are looked at
  };

  Result<void> open_root();
  Result<void> look_at_all();
  void look_at_changes(const Watch::Changes& changes);
  void look_at_waiting();
  void look_at_path(const std::string& folder, const std::string& name);
  Descriptor open_below(const std::string& folder) const;

  bool enter(const std::string& path) override;
  bool look(const Place& place) override;
  void unreadable(const std::string& path, int error) override;

  bool look_at(const Place& place, const struct stat& status);
  bool read(const Place& place, const struct stat& status, const std::optional<Entry>& entry,
            bool wanted);
  void look_at_held();
  bool is_at(const std::string& path, const FileKey& key) const;
  bool took(const Place& place, const OpenFile& file, const ReadResult& result);
  void finish(const Place& place, const FileKey& key, const Entry& entry);
  std::optional<Entry> entry_of(const FileKey& key);
  std::chrono::milliseconds quiet(const std::string& path, const Stamp& stamp);
  bool is_waited_for(const std::string& path, const Stamp& stamp) const;
  void wait_for(const std::string& path, const Stamp& stamp, std::chrono::milliseconds more);
  void forget_gone();
  void do_finished();
  std::chrono::milliseconds pause() const;
  bool ended() const { return failure_.has_value() || feeder_.closed() || stop_.stop_requested(); }

  const FolderSettings& settings_;
  const Services& services_;
  SourceMetrics& metrics_;
  Inlet& inlet_;
  const Metadata metadata_;
  const ReadRules rules_;
  Feeder feeder_;
  Watch watch_;
  Seen seen_;
  Held held_;
  Sweep sweep_;
  FinishedFiles after_;
  std::stop_token stop_;
  Descriptor root_;
  std::uint64_t root_device_ = 0;
  std::uint64_t root_inode_ = 0;
  std::unordered_map<std::string, Waiting> waiting_;
  bool look_at_all_ = true;  ///< something was missed
  Time next_look_ = {};
  std::uint64_t looked_at_ = 0;  ///< in this look at all
  std::uint64_t unreadable_ = 0;
  std::uint64_t read_ = 0;
  std::optional<Error> failure_;
};

}  // namespace cdviz::sources::folder
