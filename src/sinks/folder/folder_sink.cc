#include "sinks/folder/folder_sink.h"

#include <utility>

namespace cdviz::sinks::folder {
namespace {

/// Between two tries to give a file its name.
constexpr std::chrono::seconds kRollPause{5};

}  // namespace

FolderSink::FolderSink(FolderSinkSettings settings, const Services& services)
    : settings_(std::move(settings)),
      component_(services.name),
      clock_(services.clock),
      log_(services.log),
      files_(services.metrics.counter("cdviz_folder_files_total",
                                      "Files that a folder sink has completed.",
                                      {{"component_id", services.name}})),
      duplicates_(services.metrics.counter("cdviz_duplicate_events_total",
                                           "Events that the other end had already.",
                                           {{"component_id", services.name}})) {}

FolderSink::~FolderSink() {
  roller_ = std::jthread();  // has ended
  if (!line_files_) return;
  if (const auto rolled = line_files_->roll(); !rolled) {
    log_.warn(component_, "the last file gets its name at the next start",
              {{"error", rolled.error().message}});
  }
  count_files();
}

void FolderSink::begin() {
  {
    const std::lock_guard lock(mutex_);
    if (const auto opened = open(); !opened) {
      log_.warn(component_, "the folder cannot be opened yet", {{"error", opened.error().message}});
    }
  }
  if (settings_.lines) {
    roller_ = std::jthread([this](const std::stop_token& stop) { roll_when_due(stop); });
  }
}

Result<void> FolderSink::open() {
  if (store_) return {};
  auto store = Store::open(settings_.path, component_);
  if (!store) return store.error();
  auto opened = std::make_unique<Store>(std::move(*store));
  if (!settings_.lines) {
    event_files_.emplace(*opened, settings_.name, settings_.compression, settings_.with_headers);
    store_ = std::move(opened);
    return {};
  }
  counted_files_ = 0;
  line_files_.emplace(*opened,
                      LineFileSettings{.sink = component_,
                                       .name = settings_.name,
                                       .compression = settings_.compression,
                                       .roll_bytes = settings_.roll_bytes,
                                       .roll_after = settings_.roll_after},
                      clock_);
  auto recovered = line_files_->recover();
  count_files();
  if (!recovered) {
    line_files_.reset();
    return recovered;
  }
  store_ = std::move(opened);
  return {};
}

Result<void> FolderSink::write(std::span<const Event> batch, std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  if (auto opened = open(); !opened) return opened;
  auto written = write_opened(batch, stop);
  if (!written) close_after(written.error());
  changed_.notify_all();
  return written;
}

Result<void> FolderSink::write_opened(std::span<const Event> batch, const std::stop_token& stop) {
  if (line_files_) {
    auto written = line_files_->write(batch);
    count_files();
    return written;
  }
  const auto written = event_files_->write(batch, stop);
  if (!written) return written.error();
  files_.Increment(static_cast<double>(written->files));
  duplicates_.Increment(static_cast<double>(written->present));
  return {};
}

/// The folder may be another one now: mounted, removed, made anew. One that is full is the same.
void FolderSink::close_after(const Error& error) {
  if (error.code == "disk_full" || error.code == "stopped") return;
  event_files_.reset();
  line_files_.reset();
  store_.reset();
}

void FolderSink::roll_when_due(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  auto not_before = clock_.now();
  while (!stop.stop_requested()) {
    const auto due = line_files_ ? line_files_->roll_due() : std::nullopt;
    if (!due) {
      changed_.wait(lock, stop, [&] { return line_files_ && line_files_->roll_due(); });
      continue;
    }
    const auto when = std::max(*due, not_before);
    if (clock_.now() < when) {
      changed_.wait_until(lock, stop, when, [] { return false; });
      continue;
    }
    if (const auto rolled = line_files_->roll(); !rolled) {
      log_.warn(component_, "a file cannot get its name, trying again",
                {{"error", rolled.error().message}, {"code", rolled.error().code}});
      not_before = clock_.now() + kRollPause;
    }
    count_files();
  }
}

void FolderSink::count_files() {
  const auto files = line_files_ ? line_files_->files() : 0;
  files_.Increment(static_cast<double>(files - counted_files_));
  counted_files_ = files;
}

}  // namespace cdviz::sinks::folder
