#include "commands/directory_lock.h"

#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "commands/connection_file.h"

namespace cdviz::commands {
namespace {

Error taken(const std::filesystem::path& directory, const std::filesystem::path& file) {
  std::string pid;
  std::getline(std::ifstream(file), pid);
  const std::string url = read_connection_url(directory);
  return {Fault::stop, fmt::format("cdviz-collector already runs on {} (process {}, {}): use that "
                                   "one, stop it with `kill {}`, "
                                   "or choose another --data-dir",
                                   directory.string(), pid.empty() ? "unknown" : pid,
                                   url.empty() ? "which is starting or stopping" : url,
                                   pid.empty() ? "PID" : pid)};
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const std::filesystem::path& directory) {
  const auto file = directory / "up.lock";
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    const int error = errno;
    return Error{
        Fault::stop,
        fmt::format("cannot write {}: {}: run as the user it belongs to, or choose another "
                    "--data-dir",
                    file.string(), std::generic_category().message(error))};
  }
  DirectoryLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) return taken(directory, file);
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) < 0) {
    return Error{Fault::stop, fmt::format("cannot write {}: {}", file.string(),
                                          std::generic_category().message(errno))};
  }
  return lock;
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace cdviz::commands
