#include "sources/folder/session.h"

#include <algorithm>
#include <cerrno>
#include <stop_token>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "core/utf8.h"
#include "telemetry/log.h"

namespace cdviz::sources::folder {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// Files that are looked at again before the next look at all; others wait for that.
constexpr std::size_t kWaitingMax = 10'000;
/// Between two looks at what has changed, so that a file that is written to all the time makes no
/// commit for each line.
constexpr milliseconds kLinger{20};
/// Looking takes at most one part in so many of the time, however many files there are.
constexpr int kLookShare = 10;
/// What is waited for at the end: batches that are on their way to the disk.
constexpr milliseconds kSettleAtEnd{5'000};
constexpr milliseconds kPauseMax{60'000};

telemetry::Counter& files_counter(telemetry::Metrics& metrics, const std::string& name,
                                  const char* what) {
  return metrics.counter("cdviz_folder_files_total",
                         "Files: read, begun anew because they were replaced or cut, deleted and "
                         "moved.",
                         {{"component_id", name}, {"what", what}});
}

std::string shown(const std::string& path) {
  if (is_utf8(path)) return path;
  std::string text;
  for (const char c : path) {
    if (c >= ' ' && c <= '~') {
      text += c;
    } else {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return text;
}

std::string message_of(int error) { return std::generic_category().message(error); }

}  // namespace

SourceMetrics::SourceMetrics(telemetry::Metrics& metrics, const std::string& name)
    : files(files_counter(metrics, name, "read")),
      began_anew(files_counter(metrics, name, "begun_anew")),
      bytes(metrics.counter("cdviz_folder_read_bytes_total", "Bytes read of files.",
                            {{"component_id", name}})),
      removed(files_counter(metrics, name, "deleted")),
      moved(files_counter(metrics, name, "moved")),
      unreadable(metrics.gauge("cdviz_folder_unreadable",
                               "Files and folders that could not be read at the last look.",
                               {{"component_id", name}})),
      waiting(metrics.gauge("cdviz_folder_waiting_files",
                            "Files that are waited for: they changed just now, or their last line "
                            "is not whole.",
                            {{"component_id", name}})),
      watched(metrics.gauge("cdviz_folder_watched_folders",
                            "Folders whose changes the kernel tells.", {{"component_id", name}})),
      looks(metrics.counter("cdviz_folder_looks_total", "Looks at all files.",
                            {{"component_id", name}})),
      look_seconds(metrics.gauge("cdviz_folder_look_seconds",
                                 "How long the last look at all files took.",
                                 {{"component_id", name}})) {}

Session::Session(const FolderSettings& settings, const Services& services, SourceMetrics& metrics,
                 Inlet& inlet)
    : settings_(settings),
      services_(services),
      metrics_(metrics),
      inlet_(inlet),
      metadata_(settings.metadata, settings.path),
      rules_({.limits = settings.limits,
              .quiet_json = settings.settle,
              .quiet_text = 10 * settings.settle,
              .quiet_any = std::max<milliseconds>(1h, 10 * settings.settle)}),
      feeder_(inlet, settings.batch),
      watch_(settings.watch),
      after_(settings) {}

Session::~Session() {
  metrics_.waiting.Set(0);
  metrics_.watched.Set(0);
}

Result<void> Session::run(const std::stop_token& stop) {
  stop_ = stop;
  const std::stop_callback wake(stop, [this] { watch_.wake(); });
  Watch::Changes changes;
  while (!ended()) {
    if (look_at_all_ || services_.clock.now() >= next_look_) {
      if (auto looked = look_at_all(); !looked) {
        feeder_.flush(stop_);
        feeder_.wait_until_settled(kSettleAtEnd);
        return looked;
      }
    }
    look_at_changes(changes);
    look_at_waiting();
    if (!ended()) feeder_.flush(stop_);
    if (auto failed = feeder_.failure()) failure_ = std::move(failed);
    if (!ended()) do_finished();
    if (ended()) break;
    metrics_.waiting.Set(static_cast<double>(waiting_.size()));
    metrics_.watched.Set(static_cast<double>(watch_.folders()));
    changes = watch_.wait(pause());
    if (!changes.some.empty()) services_.clock.wait(kLinger, stop_);
  }
  feeder_.wait_until_settled(kSettleAtEnd);
  if (!stop_.stop_requested() && !failure_) failure_ = feeder_.failure();
  if (failure_ && !stop_.stop_requested()) return *failure_;
  return {};
}

// --- looking
// -----------------------------------------------------------------------------------------

/// Each time anew: the folder may have been removed and made again.
Result<void> Session::open_root() {
  Descriptor root(::open(settings_.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) {
    const bool is_file = errno == ENOTDIR;
    return Error{Fault::retry,
                 fmt::format("cannot open the folder {}: {}{}", settings_.path, message_of(errno),
                             is_file ? "; path has to be a folder" : ""),
                 "file_system"};
  }
  struct stat status {};
  if (::fstat(root.get(), &status) != 0) {
    return Error{Fault::retry,
                 fmt::format("cannot look at {}: {}", settings_.path, message_of(errno)),
                 "file_system"};
  }
  const auto device = static_cast<std::uint64_t>(status.st_dev);
  const auto inode = static_cast<std::uint64_t>(status.st_ino);
  if (root_ && (device != root_device_ || inode != root_inode_)) watch_.clear();
  root_device_ = device;
  root_inode_ = inode;
  root_ = std::move(root);
  return {};
}

Result<void> Session::look_at_all() {
  if (auto opened = open_root(); !opened) return opened;
  if (auto begun = sweep_.begin(inlet_); !begun) return begun;
  look_at_all_ = false;
  looked_at_ = unreadable_ = read_ = 0;
  const Time begun = services_.clock.now();
  enter("");
  const bool complete =
      walk(root_.get(), "", settings_.walk, *this) && unreadable_ == 0 && !ended();
  const Time now = services_.clock.now();
  const auto took = std::chrono::duration_cast<milliseconds>(now - begun);
  metrics_.unreadable.Set(static_cast<double>(unreadable_));
  metrics_.look_seconds.Set(std::chrono::duration<double>(took).count());
  metrics_.looks.Increment();
  // An empty folder is more likely one that is not mounted than one whose files are all gone.
  for (const auto& key : sweep_.end(complete && looked_at_ > 0)) {
    if (!feeder_.find(key)) feeder_.forget(key);
    if (feeder_.full() && !feeder_.flush(stop_)) break;
  }
  next_look_ = now + std::max(settings_.polling_interval, read_ == 0 ? kLookShare * took : 0ms);
  return {};
}

bool Session::enter(const std::string& path) {
  if (!path.empty() && settings_.patterns.leaves_out_folder(path)) return false;
  watch_.add(path.empty() ? settings_.path : settings_.path + "/" + path, path);
  return true;
}

bool Session::look(const Place& place) {
  if (ended()) return false;
  struct stat status {};
  const int flags = settings_.walk.follow_symlinks ? 0 : AT_SYMLINK_NOFOLLOW;
  if (::fstatat(place.folder, place.name.c_str(), &status, flags) != 0) {
    if (errno != ENOENT) unreadable(place.path, errno);
    return true;
  }
  if (!S_ISREG(status.st_mode)) return true;
  return look_at(place, status);
}

void Session::unreadable(const std::string& path, int error) {
  ++unreadable_;
  services_.log.warn(services_.name, "cannot be read, will be tried again",
                     {{"path", shown(path)}, {"error", message_of(error)}});
}

void Session::look_at_changes(const Watch::Changes& changes) {
  if (changes.lost) look_at_all_ = true;
  for (const auto& change : changes.some) {
    if (ended()) return;
    if (!settings_.walk.hidden && change.name.starts_with('.')) continue;
    if (!change.is_folder) {
      look_at_path(change.folder, change.name);
      continue;
    }
    const std::string path =
        change.folder.empty() ? change.name : change.folder + "/" + change.name;
    if (!settings_.walk.recursive || !enter(path)) continue;
    const Descriptor folder = open_below(path);
    if (folder) walk(folder.get(), path, settings_.walk, *this);
  }
}

void Session::look_at_waiting() {
  const Time now = services_.clock.now();
  std::vector<std::string> due;
  for (const auto& [path, waiting] : waiting_) {
    if (waiting.due <= now) due.push_back(path);
  }
  std::sort(due.begin(), due.end());
  for (const auto& path : due) {
    if (ended()) return;
    const auto found = waiting_.find(path);
    if (found == waiting_.end()) continue;
    found->second.due = now + settings_.polling_interval;  // unless it is looked at, and says else
    const auto slash = path.rfind('/');
    const bool is_top = slash == std::string::npos;
    look_at_path(is_top ? "" : path.substr(0, slash), is_top ? path : path.substr(slash + 1));
  }
}

void Session::look_at_path(const std::string& folder, const std::string& name) {
  const Descriptor opened = open_below(folder);
  const std::string path = folder.empty() ? name : folder + "/" + name;
  struct stat status {};
  const int flags = settings_.walk.follow_symlinks ? 0 : AT_SYMLINK_NOFOLLOW;
  if (!opened || ::fstatat(opened.get(), name.c_str(), &status, flags) != 0) {
    waiting_.erase(path);
    return;
  }
  if (S_ISREG(status.st_mode)) {
    look_at({.folder = opened.get(), .name = name, .path = path}, status);
  }
}

/// Part by part, so that no link leads out of the root.
Descriptor Session::open_below(const std::string& folder) const {
  Descriptor at = open_folder(root_.get(), ".", false);
  std::string_view rest = folder;
  while (at && !rest.empty()) {
    const auto slash = rest.find('/');
    at = open_folder(at.get(), std::string(rest.substr(0, slash)), settings_.walk.follow_symlinks);
    rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
  }
  return at;
}

// --- one file
// ----------------------------------------------------------------------------------------

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
  const Descriptor opened(::openat(place.folder, place.name.c_str(), flags));
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
                         {{"path", shown(place.path)}, {"error", beside.error().message}});
      ++unreadable_;
      return true;
    }
    base.problems.push_back({"", beside.error().code, beside.error().message});
  }
  return took(place, file, read_file(file, base, entry, rules_, feeder_, stop_));
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

void Session::do_finished() {
  for (const auto& file : feeder_.take_finished()) {
    const auto slash = file.path.rfind('/');
    const bool is_top = slash == std::string::npos;
    const Descriptor folder = open_below(is_top ? "" : file.path.substr(0, slash));
    if (!folder) continue;
    const std::string name = is_top ? file.path : file.path.substr(slash + 1);
    const auto done = after_.deal_with(file, folder.get(), name, root_device_);
    if (!done) {
      services_.log.warn(services_.name, "a file that was read stays",
                         {{"path", shown(file.path)}, {"error", done.error().message}});
      continue;
    }
    if (*done == FinishedFiles::Done::nothing) continue;
    (*done == FinishedFiles::Done::removed ? metrics_.removed : metrics_.moved).Increment();
    feeder_.forget(file.key);
  }
}

milliseconds Session::pause() const {
  const Time now = services_.clock.now();
  Time until = next_look_;
  for (const auto& [path, waiting] : waiting_) until = std::min(until, waiting.due);
  auto pause = std::chrono::duration_cast<milliseconds>(until - now) + 1ms;
  // What is under way will have to be followed up: an entry that is due, a file to delete.
  if (!feeder_.is_idle()) pause = std::min<milliseconds>(pause, 50ms);
  return std::clamp<milliseconds>(pause, 0ms, kPauseMax);
}

}  // namespace cdviz::sources::folder
