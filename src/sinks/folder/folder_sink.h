// The sink itself; folder.cc has its options.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>

#include "core/component.h"
#include "core/sink.h"
#include "sinks/folder/event_files.h"
#include "sinks/folder/line_files.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz::sinks::folder {

struct FolderSinkSettings {
  std::string path;
  FileName name;
  Compression compression = Compression::none;
  bool lines = false;  ///< many events in a file
  bool with_headers = false;
  std::uint64_t roll_bytes = 0;
  std::chrono::milliseconds roll_after{};
};

/// See core/sink.h. With lines, a thread of its own gives files their names when they are old
/// enough.
class FolderSink final : public Sink {
 public:
  /// Events in a batch: as many files are open at a time, or lines are synced together.
  static constexpr std::size_t kFilesInBatch = 64, kLinesInBatch = 1000;

  FolderSink(FolderSinkSettings settings, const Services& services);
  /// The file that is open gets its name.
  ~FolderSink() override;

  /// Removes and mends what a crash has left.
  void begin() override;
  Result<void> write(std::span<const Event> batch, std::stop_token stop) override;
  std::size_t max_batch() const override { return settings_.lines ? kLinesInBatch : kFilesInBatch; }

 private:
  Result<void> open();
  Result<void> write_opened(std::span<const Event> batch, const std::stop_token& stop);
  void close_after(const Error& error);
  void roll_when_due(const std::stop_token& stop);
  void count_files();

  const FolderSinkSettings settings_;
  const std::string component_;
  const Clock& clock_;
  telemetry::Log& log_;
  telemetry::Counter& files_;
  telemetry::Counter& duplicates_;
  std::mutex mutex_;  // of all below
  std::condition_variable_any changed_;
  std::unique_ptr<Store> store_;  // null: to be opened
  std::optional<EventFiles> event_files_;
  std::optional<LineFiles> line_files_;
  std::uint64_t counted_files_ = 0;
  std::jthread roller_;  // last: it ends first
};

}  // namespace cdviz::sinks::folder
