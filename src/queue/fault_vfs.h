// A disk for tests: a layer under SQLite (https://www.sqlite.org/vfs.html) that refuses to write,
// whose fsync fails, or that loses its power. Everything that was synced survives; of what was
// written since, any part may.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace cdviz::queue {

/// One for the process, below every database that is opened after install().
class FaultVfs {
 public:
  static FaultVfs& install();

  /// Answers writes (or syncs) with this SQLite result code, until heal(). A sync that fails loses
  /// what it should have made durable, and the next one does not tell: as Linux does.
  void fail_writes(int code);
  void fail_syncs(int code);
  void heal();

  /// After `operations` more writes and syncs nothing reaches the disk any more.
  void lose_power_after(std::int64_t operations);
  bool power_is_lost() const;
  std::int64_t operations() const;

  /// What is on the disk when the power is back: the synced state, and a random part of later
  /// writes, torn at 512 or 4096 bytes. No database of `directory` may be open.
  void restore_power(const std::filesystem::path& directory, std::uint64_t seed);
  /// Forgets what it knows of files.
  void forget();

 private:
  FaultVfs() = default;
};

}  // namespace cdviz::queue
