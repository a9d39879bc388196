#include "sources/folder/activity_look.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "activity/sha256.h"

namespace cdviz::sources::folder {
namespace {

using activity::Known;
using activity::Ledger;
using activity::Thing;

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::string_view kDevice = "device";

/// Which file it is, and whether it was changed: what renaming leaves as it is.
std::string mark_of(const struct stat& status) {
  return fmt::format("{}:{}:{}:{}.{:09}", status.st_dev, status.st_ino, status.st_size,
                     status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

WallTime wall_of(const timespec& time) {
  // What does not fit is no time that anybody set on purpose.
  constexpr std::int64_t kSecondsMax = std::int64_t{1} << 40U;
  const auto seconds = std::clamp<std::int64_t>(time.tv_sec, -kSecondsMax, kSecondsMax);
  return WallTime(std::chrono::milliseconds(seconds * 1000 + time.tv_nsec / 1'000'000));
}

std::string text_of(int error) { return std::generic_category().message(error); }

}  // namespace

ActivityLook::ActivityLook(const ActivitySettings& settings, const activity::ArtifactEvents& events,
                           Ledger& ledger, const Clock& clock, Watch& watch, Restless& restless,
                           bool tells, std::stop_token stop)
    : settings_(settings),
      events_(events),
      ledger_(ledger),
      clock_(clock),
      watch_(watch),
      restless_(restless),
      tells_(tells),
      stop_(std::move(stop)) {}

Result<void> ActivityLook::run() {
  root_ = Descriptor(::open(settings_.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root_) {
    return Error{Fault::retry, settings_.path + ": " + text_of(errno), "no_folder"};
  }
  if (settings_.watch) watch_.add(settings_.path, "");
  walk(root_.get(), "", settings_.walk, *this);
  if (failure_) return *failure_;
  if (stop_.stop_requested()) return Error{Fault::retry, "interrupted", "closing"};
  if (auto ok = check_root(); !ok) return ok;
  if (auto ok = go_through_ledger(); !ok) return ok;
  for (const Fresh& fresh : fresh_) {
    if (fresh.path.empty()) continue;  // it has moved there
    if (auto ok = take(fresh.path, fresh.status, fresh.last); !ok) return ok;
    if (stop_.stop_requested()) return Error{Fault::retry, "interrupted", "closing"};
  }
  restless_ = std::move(still_restless_);
  return ledger_.flush(stop_);
}

/// A mount point without its file system is an empty folder: nothing of it was deleted.
Result<void> ActivityLook::check_root() {
  struct stat status {};
  if (::fstat(root_.get(), &status) != 0) {
    return Error{Fault::retry, settings_.path + ": " + text_of(errno), "no_folder"};
  }
  const std::string device = std::to_string(status.st_dev);
  const auto before = ledger_.note(kDevice);
  if (!before) return before.error();
  if (*before == device) return {};
  if (*before && files_ == 0) {
    return Error{Fault::retry,
                 settings_.path +
                     " is empty and on another device than before: is a file system not mounted?",
                 "no_folder"};
  }
  return ledger_.set_note(kDevice, device, stop_);
}

bool ActivityLook::enter(const std::string& path) {
  if (settings_.patterns.leaves_out_folder(path)) return false;
  if (settings_.watch) watch_.add(settings_.path + "/" + path, path);
  return true;
}

void ActivityLook::unreadable(const std::string& path, int error) {
  if (error == ENOENT) return;  // it went while we looked
  ++unreadable_count_;
  unreadable_path_ = path.empty() ? "." : path;
  closed_.push_back(path);
}

bool ActivityLook::look(const Place& place) {
  if (stop_.stop_requested()) return false;
  if (!settings_.patterns.matches(place.path)) return true;
  struct stat status {};
  const int flags = settings_.walk.follow_symlinks ? 0 : AT_SYMLINK_NOFOLLOW;
  if (::fstatat(place.folder, place.name.c_str(), &status, flags) != 0) return true;
  if (!S_ISREG(status.st_mode) || !events_.covers({.path = place.path})) return true;
  if (++files_ > settings_.files_max) {
    failure_ = Error{Fault::stop,
                     fmt::format("there are more than {} files: name fewer with path_patterns, or "
                                 "raise files_max",
                                 settings_.files_max),
                     "too_many"};
    return false;
  }
  if (auto ok = look_at(place, status); !ok) failure_ = ok.error();
  return !failure_;
}

Result<void> ActivityLook::look_at(const Place& place, const struct stat& status) {
  seen_.add(place.path);
  auto last = ledger_.known(place.path);
  if (!last) return last.error();
  const bool was_there = *last && !(*last)->gone;
  if (was_there && (*last)->mark == mark_of(status)) return {};
  if (was_there || fresh_.size() >= kFreshMax) return take(place.path, status, *last);
  // It may be a file that stood elsewhere before: that is known when everything has been seen.
  fresh_by_mark_.emplace(mark_of(status), fresh_.size());
  fresh_.push_back({.path = place.path, .status = status, .last = std::move(*last)});
  return {};
}

/// Reports a file that is new or changed, if it has settled.
Result<void> ActivityLook::take(const std::string& path, const struct stat& status,
                                const std::optional<Known>& last) {
  const std::string mark = mark_of(status);
  if (!has_settled(path, status, mark)) return {};
  Thing thing{.path = path,
              .size = static_cast<std::uint64_t>(status.st_size),
              .time = wall_of(status.st_mtim)};
  if (settings_.checksum) {
    auto checksum = checksum_of(path, mark);
    if (!checksum) return {};
    thing.sha256 = std::move(*checksum);
  }
  const bool was_there = last && !last->gone;
  const bool is_touched_only = settings_.checksum && was_there &&
                               last->thing.sha256 == thing.sha256 && last->thing.size == thing.size;
  if (is_touched_only) return ledger_.remember(path, {.thing = last->thing, .mark = mark}, stop_);
  if (!tells_) return ledger_.remember(path, {.thing = std::move(thing), .mark = mark}, stop_);
  return ledger_.tell({.key = path, .thing = std::move(thing), .mark = mark, .last = last}, stop_);
}

bool ActivityLook::has_settled(const std::string& path, const struct stat& status,
                               const std::string& mark) {
  if (settings_.settle.count() == 0) return true;
  // The time of the last change of the inode is the machine's own: nobody can set it.
  const WallTime changed = wall_of(status.st_ctim);
  const WallTime now = clock_.wall();
  if (changed <= now && now - changed >= settings_.settle) return true;
  // It may be in the future: another machine's clock. Then we see for ourselves.
  const auto before = restless_.find(path);
  const bool as_before = before != restless_.end() && before->second.first == mark;
  const auto since = as_before ? before->second.second : clock_.now();
  if (clock_.now() - since >= settings_.settle) return true;
  again_ = true;
  if (still_restless_.size() < kFreshMax) still_restless_[path] = {mark, since};
  return false;
}

/// @returns nothing if it cannot be read, or was changed while it was
std::optional<std::string> ActivityLook::checksum_of(const std::string& path,
                                                     const std::string& mark) {
  // A pipe that stands there by now must not hold us up.
  const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
                    (settings_.walk.follow_symlinks ? 0 : O_NOFOLLOW);
  const Descriptor file(::openat(root_.get(), path.c_str(), flags));
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    ++unreadable_count_;
    unreadable_path_ = path;
    return std::nullopt;
  }
  struct stat status {};
  const auto is_the_same = [&] {
    return ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) && mark_of(status) == mark;
  };
  if (!is_the_same()) {
    again_ = true;
    return std::nullopt;
  }
  activity::Sha256 sha;
  std::vector<char> buffer(kReadBytes);
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      ++unreadable_count_;
      unreadable_path_ = path;
      return std::nullopt;
    }
    if (got == 0) break;
    if (stop_.stop_requested()) return std::nullopt;
    sha.add({buffer.data(), static_cast<std::size_t>(got)});
  }
  if (!is_the_same()) {
    again_ = true;
    return std::nullopt;
  }
  return sha.finish();
}

bool ActivityLook::is_in_scope(const std::string& path) const {
  if (!settings_.patterns.matches(path)) return false;
  if (!settings_.walk.recursive && path.find('/') != std::string::npos) return false;
  return !is_hidden_from_us(path);
}

/// In a folder that could not be read, or that is not looked into.
bool ActivityLook::is_hidden_from_us(const std::string& path) const {
  if (!settings_.walk.hidden && (path.starts_with('.') || path.find("/.") != std::string::npos)) {
    return true;
  }
  return std::any_of(closed_.begin(), closed_.end(), [&](const std::string& folder) {
    return folder.empty() || path.starts_with(folder + "/");
  });
}

/// What is known and was not seen has moved or is gone.
Result<void> ActivityLook::go_through_ledger() {
  std::string after;
  for (;;) {
    const auto page = ledger_.page("", after, Ledger::kPage);
    if (!page) return page.error();
    for (const auto& [path, known] : *page) {
      after = path;
      if (known.gone) {
        if (*known.gone < clock_.wall() - activity::kRememberGone) {
          if (auto ok = ledger_.forget(path, stop_); !ok) return ok;
        }
        continue;
      }
      if (seen_.contains(path) || !is_in_scope(path)) continue;
      if (auto ok = vanished(path, known); !ok) return ok;
    }
    if (page->size() < Ledger::kPage) return {};
    if (stop_.stop_requested()) return Error{Fault::retry, "interrupted", "closing"};
  }
}

Result<void> ActivityLook::vanished(const std::string& path, const Known& known) {
  // It may have come while we walked, or stand where we cannot see: only what the kernel says
  // counts.
  struct stat status {};
  const int flags = settings_.walk.follow_symlinks ? 0 : AT_SYMLINK_NOFOLLOW;
  if (::fstatat(root_.get(), path.c_str(), &status, flags) == 0) {
    if (S_ISREG(status.st_mode)) {
      again_ = true;
      return {};
    }
  } else if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP) {
    return {};
  }
  const auto found = fresh_by_mark_.find(known.mark);
  if (found == fresh_by_mark_.end()) {
    return ledger_.tell_gone({.key = path, .last = known}, stop_);
  }
  Fresh& fresh = fresh_[found->second];
  fresh_by_mark_.erase(found);
  Thing thing = known.thing;
  thing.path = fresh.path;
  thing.occurrence = 0;
  const std::string key = std::exchange(fresh.path, {});
  return ledger_.tell_moved(
      {.key = key, .thing = std::move(thing), .mark = known.mark, .last = fresh.last}, path, known,
      stop_);
}

}  // namespace cdviz::sources::folder
