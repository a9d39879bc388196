#include "sources/folder/session.h"

#include <algorithm>
#include <cerrno>
#include <stop_token>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "telemetry/log.h"

namespace cdviz::sources::folder {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

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
  look_at_held();
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
                     {{"path", shown_path(path)}, {"error", message_of(error)}});
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
    look_at_path(folder_of(path), place_of(path).name);
    const auto found = waiting_.find(path);
    if (found != waiting_.end() && found->second.due <= now) {  // it could not be read
      found->second.due = kWithTheNextLook;
    }
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

void Session::do_finished() {
  for (const auto& file : feeder_.take_finished()) {
    const Descriptor folder = open_below(folder_of(file.path));
    if (!folder) continue;
    const auto done = after_.deal_with(file, folder.get(), place_of(file.path).name, root_device_);
    if (!done) {
      services_.log.warn(services_.name, "a file that was read stays",
                         {{"path", shown_path(file.path)}, {"error", done.error().message}});
      continue;
    }
    if (*done == FinishedFiles::Done::nothing) continue;
    (*done == FinishedFiles::Done::removed ? metrics_.removed : metrics_.moved).Increment();
    held_.drop(file.key);
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
