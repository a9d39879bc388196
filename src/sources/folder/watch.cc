#include "sources/folder/watch.h"

#include <array>
#include <cstdint>
#include <cstring>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

namespace cdviz::sources::folder {
namespace {

constexpr std::uint32_t kInteresting =
    IN_CLOSE_WRITE | IN_MODIFY | IN_MOVED_TO | IN_CREATE | IN_ATTRIB | IN_ONLYDIR | IN_EXCL_UNLINK;
/// Taken at once; what is left comes with the next wait.
constexpr std::size_t kChanges = 10'000;

}  // namespace

Watch::Watch(bool enabled) : enabled_(enabled), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  clear();
}

void Watch::clear() {
  paths_.clear();
  if (enabled_) inotify_ = Descriptor(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
}

bool Watch::add(const std::string& place, const std::string& path) {
  if (!inotify_) return false;
  const int number = ::inotify_add_watch(inotify_.get(), place.c_str(), kInteresting);
  if (number < 0) return false;
  if (paths_.size() >= kFolders && !paths_.contains(number)) {
    ::inotify_rm_watch(inotify_.get(), number);
    return false;
  }
  paths_[number] = path;
  return true;
}

void Watch::wake() const {
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_.get(), &one, sizeof one));
}

Watch::Changes Watch::wait(std::chrono::milliseconds timeout) {
  Changes changes;
  std::array<pollfd, 2> wanted{{{wake_.get(), POLLIN, 0}, {inotify_.get(), POLLIN, 0}}};
  const nfds_t count = inotify_ ? 2 : 1;
  if (::poll(wanted.data(), count, static_cast<int>(timeout.count())) <= 0) return changes;
  if (wanted[0].revents != 0) {
    std::uint64_t times = 0;
    static_cast<void>(::read(wake_.get(), &times, sizeof times));
  }
  if (count == 2 && wanted[1].revents != 0) read(changes);
  return changes;
}

void Watch::read(Changes& changes) {
  alignas(inotify_event) std::array<char, 64 * 1024> buffer{};
  while (changes.some.size() < kChanges) {
    const ssize_t size = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (size <= 0) return;
    for (const char* at = buffer.data(); at < buffer.data() + size;) {
      inotify_event event{};
      std::memcpy(&event, at, sizeof event);
      const char* const name = at + sizeof event;
      at = name + event.len;
      if ((event.mask & IN_Q_OVERFLOW) != 0) changes.lost = true;
      if ((event.mask & IN_IGNORED) != 0) paths_.erase(event.wd);
      const auto found = paths_.find(event.wd);
      if (found == paths_.end() || event.len == 0) continue;
      Change change{found->second, std::string(name, ::strnlen(name, event.len)),
                    (event.mask & IN_ISDIR) != 0};
      // Created, written, written, closed: once is enough.
      if (changes.some.empty() || changes.some.back() != change) {
        changes.some.push_back(std::move(change));
      }
    }
  }
}

}  // namespace cdviz::sources::folder
