#include "queue/fault_vfs.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <vector>

#include <sqlite3.h>

namespace cdviz::queue {
namespace {

/// A write, or a truncation when `bytes` is not set.
struct Operation {
  std::size_t offset;
  std::optional<std::string> bytes;
};

struct Image {
  std::string durable;
  std::vector<Operation> pending;
};

struct State {
  std::mutex mutex;
  sqlite3_vfs* real = nullptr;
  sqlite3_vfs own{};
  int write_error = SQLITE_OK;
  int sync_error = SQLITE_OK;
  std::int64_t power_left = -1;  ///< operations; -1: for ever
  std::int64_t operations = 0;
  bool dead = false;
  std::map<std::string, std::shared_ptr<Image>> images;
};

State& state() {
  static State the_state;
  return the_state;
}

struct FaultFile {
  sqlite3_file base;
  Image* image;  ///< null for files that need not survive
};

sqlite3_file* real_of(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + sizeof(FaultFile));
}
Image* image_of(sqlite3_file* file) { return reinterpret_cast<FaultFile*>(file)->image; }

void apply(std::string& content, const Operation& operation) {
  if (!operation.bytes) {
    content.resize(operation.offset);
    return;
  }
  const auto end = operation.offset + operation.bytes->size();
  if (content.size() < end) content.resize(end);
  content.replace(operation.offset, operation.bytes->size(), *operation.bytes);
}

/// Counts a write or sync. @returns false when there is no power for it
bool powered() {
  auto& s = state();
  ++s.operations;
  if (s.dead) return false;
  if (s.power_left == 0) s.dead = true;
  if (s.power_left > 0) --s.power_left;
  return !s.dead;
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  auto& s = state();
  const std::lock_guard lock(s.mutex);
  if (!powered()) return SQLITE_IOERR_WRITE;
  if (s.write_error != SQLITE_OK) return s.write_error;
  if (auto* image = image_of(file))
    image->pending.push_back(
        {static_cast<std::size_t>(offset),
         std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size))});
  return real_of(file)->pMethods->xWrite(real_of(file), bytes, size, offset);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  auto& s = state();
  const std::lock_guard lock(s.mutex);
  if (!powered()) return SQLITE_IOERR_TRUNCATE;
  if (s.write_error != SQLITE_OK) return s.write_error;
  if (auto* image = image_of(file))
    image->pending.push_back({static_cast<std::size_t>(size), std::nullopt});
  return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

// The real file is never synced: what survives is decided here, and a thousand runs take seconds.
int sync(sqlite3_file* file, int) {
  auto& s = state();
  const std::lock_guard lock(s.mutex);
  if (!powered()) return SQLITE_IOERR_FSYNC;
  auto* image = image_of(file);
  if (image == nullptr) return s.sync_error;
  if (s.sync_error == SQLITE_OK)
    for (const auto& operation : image->pending) apply(image->durable, operation);
  image->pending.clear();
  return s.sync_error;
}

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto& s = state();
  auto* fault = reinterpret_cast<FaultFile*>(file);
  fault->base.pMethods = nullptr;
  const int code = s.real->xOpen(s.real, name, real_of(file), flags, out_flags);
  if (code != SQLITE_OK) return code;
  const std::lock_guard lock(s.mutex);
  fault->image = nullptr;
  if (name != nullptr && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0) {
    auto& image = s.images[name];
    if (!image) {
      image = std::make_shared<Image>();
      std::ifstream in(name, std::ios::binary);
      image->durable.assign(std::istreambuf_iterator<char>(in), {});
    }
    fault->image = image.get();
  }
  static const sqlite3_io_methods kMethods = {
      2,
      [](sqlite3_file* f) { return real_of(f)->pMethods->xClose(real_of(f)); },
      [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
        return real_of(f)->pMethods->xRead(real_of(f), to, size, at);
      },
      write,
      truncate,
      sync,
      [](sqlite3_file* f, sqlite3_int64* size) {
        return real_of(f)->pMethods->xFileSize(real_of(f), size);
      },
      [](sqlite3_file* f, int lock_type) {
        return real_of(f)->pMethods->xLock(real_of(f), lock_type);
      },
      [](sqlite3_file* f, int lock_type) {
        return real_of(f)->pMethods->xUnlock(real_of(f), lock_type);
      },
      [](sqlite3_file* f, int* out) {
        return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
      },
      [](sqlite3_file* f, int op, void* arg) {
        return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
      },
      [](sqlite3_file* f) { return real_of(f)->pMethods->xSectorSize(real_of(f)); },
      [](sqlite3_file* f) { return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f)); },
      [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
        return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, out);
      },
      [](sqlite3_file* f, int offset, int n, int lock_flags) {
        return real_of(f)->pMethods->xShmLock(real_of(f), offset, n, lock_flags);
      },
      [](sqlite3_file* f) { real_of(f)->pMethods->xShmBarrier(real_of(f)); },
      [](sqlite3_file* f, int remove) {
        return real_of(f)->pMethods->xShmUnmap(real_of(f), remove);
      },
      nullptr,
      nullptr,
  };
  fault->base.pMethods = &kMethods;
  return SQLITE_OK;
}

int remove(sqlite3_vfs*, const char* name, int sync_directory) {
  auto& s = state();
  const std::lock_guard lock(s.mutex);
  if (s.dead) return SQLITE_IOERR_DELETE;
  if (const auto image = s.images.find(name); image != s.images.end()) {
    image->second->durable.clear();
    image->second->pending.clear();
  }
  return s.real->xDelete(s.real, name, sync_directory);
}

/// Keeps or drops each piece of the writes that were not synced, in the order in which they came.
void lose(Image& image, std::mt19937_64& random) {
  const std::size_t sector = random() % 2 == 0 ? 512 : 4096;
  const auto kept_percent = random() % 101;
  for (const auto& operation : image.pending) {
    if (!operation.bytes) {
      if (random() % 100 < kept_percent) apply(image.durable, operation);
      continue;
    }
    std::size_t done = 0;
    while (done < operation.bytes->size()) {
      const auto at = operation.offset + done;
      const auto size = std::min(sector - at % sector, operation.bytes->size() - done);
      if (random() % 100 < kept_percent)
        apply(image.durable, {at, operation.bytes->substr(done, size)});
      done += size;
    }
  }
  image.pending.clear();
}

}  // namespace

FaultVfs& FaultVfs::install() {
  static FaultVfs the_vfs;
  auto& s = state();
  const std::lock_guard lock(s.mutex);
  if (s.real == nullptr) {
    s.real = sqlite3_vfs_find(nullptr);
    s.own = *s.real;
    s.own.zName = "fault";
    s.own.szOsFile = static_cast<int>(sizeof(FaultFile)) + s.real->szOsFile;
    s.own.xOpen = open;
    s.own.xDelete = remove;
    sqlite3_vfs_register(&s.own, 1);
  }
  return the_vfs;
}

void FaultVfs::fail_writes(int code) {
  const std::lock_guard lock(state().mutex);
  state().write_error = code;
}
void FaultVfs::fail_syncs(int code) {
  const std::lock_guard lock(state().mutex);
  state().sync_error = code;
}
void FaultVfs::heal() {
  const std::lock_guard lock(state().mutex);
  state().write_error = SQLITE_OK;
  state().sync_error = SQLITE_OK;
}

void FaultVfs::lose_power_after(std::int64_t operations) {
  const std::lock_guard lock(state().mutex);
  state().power_left = operations;
}
bool FaultVfs::power_is_lost() const {
  const std::lock_guard lock(state().mutex);
  return state().dead;
}
std::int64_t FaultVfs::operations() const {
  const std::lock_guard lock(state().mutex);
  return state().operations;
}

void FaultVfs::restore_power(const std::filesystem::path& directory, std::uint64_t seed) {
  auto& s = state();
  const std::lock_guard lock(s.mutex);
  std::mt19937_64 random(seed);
  for (auto& [name, image] : s.images) {
    if (std::filesystem::path(name).parent_path() != directory || !std::filesystem::exists(name))
      continue;
    lose(*image, random);
    std::ofstream(name, std::ios::binary | std::ios::trunc) << image->durable;
    std::filesystem::remove(name + "-shm");
  }
  s.power_left = -1;
  s.dead = false;
}

void FaultVfs::forget() {
  const std::lock_guard lock(state().mutex);
  state().images.clear();
}

}  // namespace cdviz::queue
