// One collector a data directory.
#pragma once

#include <filesystem>

#include "core/result.h"

namespace cdviz::commands {

/// Held until it is destroyed or the process ends, however it ends (flock(2)). Movable.
class DirectoryLock {
 public:
  /// @returns Fault::stop with who holds it (process id, and its URL if it is ready), or why the
  /// file cannot be written
  static Result<DirectoryLock> take(const std::filesystem::path& directory);
  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace cdviz::commands
