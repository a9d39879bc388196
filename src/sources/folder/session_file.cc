// One file: whether there is something new in it, reading it, and what follows from that.
#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>

#include "sources/folder/session.h"
#include "telemetry/log.h"

namespace cdviz::sources::folder {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// Files that are looked at again before the next look at all; others wait for that.
constexpr std::size_t kWaitingMax = 10'000;

}  // namespace

std::optional<Entry> Session::entry_of(const FileKey& key) {
  if (auto known = feeder_.find(key)) return known->entry;
  const auto text = inlet_.checkpoint(to_text(key));
  if (!text) {
    failure_ = text.error();
    return std::nullopt;
  }
  return *text ? parse_entry(**text) : std::nullopt;
}

/// @returns false when it has to end
bool Session::look_at(const Place& place, const struct stat& status) {
  const FileKey key = key_of(status, root_device_);
  const Stamp stamp = stamp_of(status);
  ++looked_at_;
  sweep_.meet(key);
  if (stamp.size == 0 || seen_.holds(key, stamp)) {
    if (!waiting_.empty()) waiting_.erase(place.path);
    return true;
  }
  if (is_waited_for(place.path, stamp)) return true;
  const bool wanted =
      settings_.patterns.matches(place.path) && !is_side_file(place.name, settings_.side_files);
  const auto entry = entry_of(key);
  if (failure_) return false;
  // A file that is not asked for by this name may have been by another: it was rotated, and has
  // perhaps lines that were not read yet.
  const bool has_more =
      entry && entry->has_lines() && (!entry->complete || entry->stamp.size != stamp.size);
  if (!wanted && !has_more) {
    seen_.add(key, stamp);
    return true;
  }
  if (entry && entry->complete && entry->stamp == stamp) {
    finish(place, key, *entry);
    return true;
  }
  return read(place, status, entry, wanted);
}

/// How long nothing has changed, by the clock or by what we have seen: a file may come from the
/// future.
milliseconds Session::quiet(const std::string& path, const Stamp& stamp) {
  const auto wall = std::chrono::duration_cast<std::chrono::nanoseconds>(
      services_.clock.wall().time_since_epoch());
  const std::chrono::nanoseconds age =
      wall - std::chrono::nanoseconds(std::max(stamp.modified_ns, stamp.changed_ns));
  milliseconds quiet = std::max(0ms, std::chrono::duration_cast<milliseconds>(age));
  const auto found = waiting_.find(path);
  if (found != waiting_.end() && found->second.stamp == stamp) {
    quiet = std::max(quiet, std::chrono::duration_cast<milliseconds>(services_.clock.now() -
                                                                     found->second.since));
  }
  return quiet;
}

void Session::wait_for(const std::string& path, const Stamp& stamp, milliseconds more) {
  const Time now = services_.clock.now();
  const auto found = waiting_.find(path);
  if (found == waiting_.end() && waiting_.size() >= kWaitingMax) return;
  Waiting& waiting = found == waiting_.end() ? waiting_[path] : found->second;
  if (waiting.since == Time{} || waiting.stamp != stamp) waiting.since = now;
  waiting.stamp = stamp;
  waiting.due = now + std::max(more, 10ms);
}

/// Nothing has changed since the last look, and it is not yet time for the next.
bool Session::is_waited_for(const std::string& path, const Stamp& stamp) const {
  const auto found = waiting_.find(path);
  return found != waiting_.end() && found->second.stamp == stamp &&
         found->second.due != kWithTheNextLook && found->second.due > services_.clock.now();
}

bool Session::read(const Place& place, const struct stat& status, const std::optional<Entry>& entry,
                   bool wanted) {
  OpenFile file{.key = key_of(status, root_device_), .stamp = stamp_of(status), .path = place.path};
  const bool is_metadata = settings_.parser == parsers::Format::metadata;
  file.format = settings_.parser == parsers::Format::automatic ? parsers::format_of(place.name)
                                                               : settings_.parser;
  file.compression = is_metadata ? parsers::Compression::none : parsers::compression_of(place.name);
  file.quiet = quiet(place.path, file.stamp);
  const bool grows =
      parsers::has_lines(file.format) && file.compression == parsers::Compression::none;
  if (!grows && file.quiet < settings_.settle) {
    wait_for(place.path, file.stamp, settings_.settle - file.quiet);
    return true;
  }
  const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
                    (settings_.walk.follow_symlinks ? 0 : O_NOFOLLOW);
  Descriptor opened(::openat(place.folder, place.name.c_str(), flags));
  struct stat now {};
  if (!opened || ::fstat(opened.get(), &now) != 0) {
    if (errno != ENOENT) unreadable(place.path, errno);
    return true;
  }
  if (key_of(now, root_device_) != file.key || stamp_of(now) != file.stamp) {
    wait_for(place.path, stamp_of(now), 10ms);  // it changed just now
    if (!grows || key_of(now, root_device_) != file.key) return true;
    file.stamp = stamp_of(now);
    file.quiet = 0ms;
  }
  file.fd = opened.get();
  if (entry && entry->has_lines() && entry->compression == file.compression &&
      settings_.parser == parsers::Format::automatic && continues(file, *entry)) {
    file.format = entry->format;  // whatever rotation has made of its name
  } else if (!wanted) {
    if (!entry || !continues(file, *entry)) {
      seen_.add(file.key, file.stamp);
      return true;
    }
  }
  Message base{.body = {}, .headers = {}, .metadata = metadata_.of(place, file.stamp)};
  if (auto beside = read_side_files(place, settings_.side_files, base); !beside) {
    if (beside.error().fault != Fault::reject) {
      services_.log.warn(services_.name, "a side file cannot be read, will be tried again",
                         {{"path", shown_path(place.path)}, {"error", beside.error().message}});
      ++unreadable_;
      return true;
    }
    base.problems.push_back({"", beside.error().code, beside.error().message});
  }
  const auto result = read_file(file, base, entry, rules_, feeder_, stop_);
  if (grows && result.outcome != ReadResult::Outcome::failed) {
    held_.keep(
        {.key = file.key, .path = place.path, .format = file.format, .fd = std::move(opened)});
  }
  return took(place, file, result);
}

/// Files that were read and are no longer where they were: deleted, or moved who knows where. What
/// was written to them before is read all the same.
void Session::look_at_held() {
  std::vector<FileKey> over;
  for (const auto& held : held_.files()) {
    sweep_.meet(held.key);
    struct stat status {};
    if (ended() || ::fstat(held.fd.get(), &status) != 0) return;
    if (status.st_nlink != 0 && is_at(held.path, held.key)) continue;
    const auto entry = entry_of(held.key);
    if (failure_) return;
    const OpenFile file{.fd = held.fd.get(),
                        .key = held.key,
                        .stamp = stamp_of(status),
                        .path = held.path,
                        .format = held.format,
                        .compression = parsers::Compression::none,
                        .quiet = quiet(held.path, stamp_of(status))};
    const bool is_read = entry && entry->complete && entry->stamp.size == file.stamp.size;
    if (!entry || (is_read && file.quiet >= rules_.quiet_text)) over.push_back(held.key);
    if (!entry || is_read) continue;
    const Message base{
        .body = {}, .headers = {}, .metadata = metadata_.of(place_of(held.path), file.stamp)};
    const auto result = read_file(file, base, entry, rules_, feeder_, stop_);
    metrics_.bytes.Increment(static_cast<double>(result.bytes));
    if (result.outcome == ReadResult::Outcome::failed) over.push_back(held.key);
    if (feeder_.full() && !feeder_.flush(stop_)) return;
  }
  for (const auto& key : over) held_.drop(key);
}

bool Session::is_at(const std::string& path, const FileKey& key) const {
  const Place place = place_of(path);
  const Descriptor folder = open_below(folder_of(path));
  struct stat status {};
  const int flags = settings_.walk.follow_symlinks ? 0 : AT_SYMLINK_NOFOLLOW;
  return folder && ::fstatat(folder.get(), place.name.c_str(), &status, flags) == 0 &&
         key_of(status, root_device_) == key;
}

bool Session::took(const Place& place, const OpenFile& file, const ReadResult& result) {
  using Outcome = ReadResult::Outcome;
  metrics_.bytes.Increment(static_cast<double>(result.bytes));
  if (result.began_anew) metrics_.began_anew.Increment();
  switch (result.outcome) {
    case Outcome::stopped:
      return false;
    case Outcome::failed:
      unreadable(place.path, result.error);
      return true;
    case Outcome::waiting: {
      const auto next = file.quiet < rules_.quiet_json   ? rules_.quiet_json
                        : file.quiet < rules_.quiet_text ? rules_.quiet_text
                                                         : rules_.quiet_any;
      wait_for(place.path, file.stamp, std::max(10ms, next - file.quiet));
      break;
    }
    case Outcome::done: {
      ++read_;
      metrics_.files.Increment();
      waiting_.erase(place.path);
      if (const auto known = feeder_.find(file.key); known && known->entry) {
        finish(place, file.key, *known->entry);
      } else {
        seen_.add(file.key, file.stamp);
      }
      break;
    }
  }
  return !feeder_.full() || feeder_.flush(stop_);
}

/// All of the file has been read.
void Session::finish(const Place& place, const FileKey& key, const Entry& entry) {
  if (settings_.after == After::keep || entry.cut) {
    waiting_.erase(place.path);
    seen_.add(key, entry.stamp);
    return;
  }
  // Whoever writes lines may be about to write another one.
  const auto age = quiet(place.path, entry.stamp);
  if (age < settings_.settle) {
    wait_for(place.path, entry.stamp, settings_.settle - age);
    return;
  }
  waiting_.erase(place.path);
  feeder_.finished({.path = place.path, .key = key, .stamp = entry.stamp});
}

}  // namespace cdviz::sources::folder
