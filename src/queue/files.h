// The two small files beside queue.db: the lock that keeps a second collector out, and the mark
// that says how far the queue had come.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "core/result.h"
#include "queue/record.h"

namespace cdviz::queue {

inline constexpr const char* kDatabaseName = "queue.db";
inline constexpr const char* kLockName = "queue.lock";
inline constexpr const char* kMarkName = "queue.mark";

/// Holds queue.lock, with our process id in it, until it is destroyed or the process dies.
class DirectoryLock {
 public:
  /// @returns Fault::stop when another collector holds it or the file cannot be made
  static Result<DirectoryLock> take(const std::filesystem::path& directory);
  /// The process that holds it, without taking it; nothing when nobody does.
  static std::optional<int> holder(const std::filesystem::path& directory);

  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&& other) = delete;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}
  int fd_;
};

/// The last event that was acknowledged and the last that was deleted, written after each commit
/// and never before. SQLite ignores what follows a damaged frame of its WAL, and a truncated or
/// deleted file looks like an empty one: only a second record tells that acknowledged events are
/// gone. It is not fsynced: a crash of the machine leaves an older mark, which says less but
/// nothing wrong.
class Mark {
 public:
  struct Value {
    Place last;
    Place deleted;
  };
  /// Opens or makes queue.mark. @returns Fault::stop when it cannot
  static Result<Mark> open(const std::filesystem::path& directory);

  /// @returns nothing if there is none or it is damaged
  std::optional<Value> read() const;
  /// Failures are ignored: the mark is a second opinion.
  void write(const Value& value) const;

  Mark(Mark&& other) noexcept;
  Mark& operator=(Mark&& other) = delete;
  ~Mark();

 private:
  explicit Mark(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace cdviz::queue
