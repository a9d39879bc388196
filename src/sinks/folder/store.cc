#include "sinks/folder/store.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sinks/folder/fault.h"
#include "sinks/folder/file_name.h"

namespace cdviz::sinks::folder {
namespace {

constexpr mode_t kFileMode = 0666;    // less the umask
constexpr mode_t kFolderMode = 0777;  // less the umask
/// Folders that are remembered as made; then all are forgotten, and looked up again.
constexpr std::size_t kKnownFolders = 10'000;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

Result<void> sync_folder(int root, const std::string& folder, const std::string& place) {
  const Descriptor fd(
      ::openat(root, folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fault_of(errno, "cannot open", place);
  // File systems without it (some network ones) say EINVAL: they have nothing to sync.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) return fault_of(errno, "cannot sync", place);
  return {};
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}
Descriptor::Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

int write_all(int fd, std::string_view bytes, std::int64_t offset) {
  while (!bytes.empty()) {
    const auto written = ::pwrite(fd, bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    if (written == 0) return ENOSPC;
    offset += written;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

Result<Store> Store::open(const std::string& path, const std::string& sink) {
  Store store;
  store.path_ = path;
  store.work_name_ = ".cdviz-" + sink;
  std::error_code made;
  std::filesystem::create_directories(path, made);
  if (made) return fault_of(made.value(), "cannot make the folder", path);
  store.root_ = Descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!store.root_) return fault_of(errno, "cannot open", path);
  const std::string& work = store.work_name_;
  const std::string work_place = store.place_of(work);
  if (::mkdirat(store.root_.get(), work.c_str(), kFolderMode) != 0 && errno != EEXIST) {
    return fault_of(errno, "cannot make the folder", work_place);
  }
  if (auto synced = sync_folder(store.root_.get(), "", path); !synced) return synced.error();
  store.work_ =
      Descriptor(::openat(store.root_.get(), work.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!store.work_) return fault_of(errno, "cannot open", work_place);
  store.lock_ =
      Descriptor(::openat(store.work_.get(), "lock", O_RDWR | O_CREAT | O_CLOEXEC, kFileMode));
  if (!store.lock_) return fault_of(errno, "cannot open the lock in", work_place);
  if (::flock(store.lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fault_of(errno, "cannot lock", work_place);
    return Error{Fault::retry,
                 fmt::format("another collector writes to {} with a sink of this name: give each a "
                             "name or a folder of its own",
                             path),
                 "locked"};
  }
  if (auto removed = store.remove_left(); !removed) return removed.error();
  return store;
}

std::string Store::place_of(std::string_view path) const { return path_ + "/" + std::string(path); }

Result<void> Store::remove_left() {
  const std::string place = place_of(work_name_);
  const std::unique_ptr<DIR, CloseFolder> folder(::opendir(place.c_str()));
  if (!folder) return fault_of(errno, "cannot list", place);
  while (const dirent* const entry = ::readdir(folder.get())) {  // NOLINT(concurrency-mt-unsafe)
    if (std::string_view(entry->d_name).ends_with(".tmp")) {
      ::unlinkat(work_.get(), entry->d_name, 0);
    }
  }
  return {};
}

Result<std::vector<std::string>> Store::work_files(std::string_view ending) const {
  const std::string place = place_of(work_name_);
  const std::unique_ptr<DIR, CloseFolder> folder(::opendir(place.c_str()));
  if (!folder) return fault_of(errno, "cannot list", place);
  std::vector<std::string> names;
  while (const dirent* const entry = ::readdir(folder.get())) {  // NOLINT(concurrency-mt-unsafe)
    if (std::string_view(entry->d_name).ends_with(ending)) names.emplace_back(entry->d_name);
  }
  return names;
}

void Store::link_work(const std::string& name, const std::string& other) {
  ::linkat(work_.get(), name.c_str(), work_.get(), other.c_str(), 0);
}

Result<Descriptor> Store::make_temporary(std::string& name) {
  name = fmt::format("{}.tmp", next_++);
  Descriptor fd(
      ::openat(work_.get(), name.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, kFileMode));
  if (!fd) return fault_of(errno, "cannot make a file in", place_of(work_name_));
  return fd;
}

Result<void> Store::remove_temporary(const std::string& name) {
  if (::unlinkat(work_.get(), name.c_str(), 0) != 0 && errno != ENOENT) {
    return fault_of(errno, "cannot remove a file in", place_of(work_name_));
  }
  return {};
}

Result<std::string> Store::write_temporary(std::string_view content) {
  std::string name;
  auto fd = make_temporary(name);
  if (!fd) return fd.error();
  int failed = write_all(fd->get(), content, 0);
  if (failed == 0 && ::fsync(fd->get()) != 0) failed = errno;
  if (failed == 0) return name;
  ::unlinkat(work_.get(), name.c_str(), 0);
  return fault_of(failed, "cannot write", place_of(work_name_));
}

Result<void> Store::make_folders(std::string_view folder) {
  if (folder.empty() || known_folders_.contains(folder)) return {};
  const std::string_view above = folder_of(folder);
  if (auto made = make_folders(above); !made) return made;
  const std::string name(folder);
  if (::mkdirat(root_.get(), name.c_str(), kFolderMode) == 0) {
    changed_folders_.emplace(above);
  } else if (errno != EEXIST) {
    return fault_of(errno, "cannot make the folder", place_of(folder));
  }
  if (known_folders_.size() >= kKnownFolders) known_folders_.clear();
  known_folders_.insert(name);
  return {};
}

Result<bool> Store::publish(const std::string& name, const std::string& path, bool replace) {
  const auto folder = folder_of(path);
  for (int attempt = 0;; ++attempt) {
    if (auto made = make_folders(folder); !made) return made.error();
    int failed = 0;
    const unsigned flags = replace ? 0U : unsigned{RENAME_NOREPLACE};
    if (::renameat2(work_.get(), name.c_str(), root_.get(), path.c_str(), flags) != 0) {
      failed = errno;
    }
    if (failed == EINVAL && !replace) {  // this file system cannot; the lock keeps others away
      struct stat found {};
      failed = ::fstatat(root_.get(), path.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 ? EEXIST : 0;
      if (failed == 0 && ::renameat(work_.get(), name.c_str(), root_.get(), path.c_str()) != 0) {
        failed = errno;
      }
    }
    if (failed == EEXIST) return false;
    if (failed == ENOENT && attempt == 0) {  // somebody has removed a folder meanwhile
      known_folders_.clear();
      continue;
    }
    if (failed != 0) return fault_of(failed, "cannot name", place_of(path));
    changed_folders_.emplace(folder);
    return true;
  }
}

void Store::mark_changed(std::string_view path) { changed_folders_.emplace(folder_of(path)); }

Result<void> Store::sync_folders() {
  while (!changed_folders_.empty()) {
    const auto first = changed_folders_.begin();
    if (auto synced = sync_folder(root_.get(), *first, place_of(*first)); !synced) return synced;
    changed_folders_.erase(first);
  }
  return {};
}

Result<void> Store::sync_work() {
  if (::fsync(work_.get()) != 0 && errno != EINVAL) {
    return fault_of(errno, "cannot sync", place_of(work_name_));
  }
  return {};
}

bool Store::exists(const std::string& path) const {
  return ::faccessat(root_.get(), path.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

Result<std::optional<bool>> Store::holds(const std::string& path, std::string_view content) {
  const std::optional<bool> none, different = false;
  const Descriptor fd(::openat(root_.get(), path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fd && (errno == ENOENT || errno == ENOTDIR)) return none;
  if (!fd) return fault_of(errno, "cannot read", place_of(path));
  struct stat found {};
  if (::fstat(fd.get(), &found) != 0) return fault_of(errno, "cannot read", place_of(path));
  if (!S_ISREG(found.st_mode) || found.st_size != static_cast<off_t>(content.size())) {
    return different;
  }
  std::string have(content.size(), '\0');
  std::size_t size = 0;
  while (size < have.size()) {
    const auto got = ::read(fd.get(), have.data() + size, have.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fault_of(errno, "cannot read", place_of(path));
    if (got == 0) return different;
    size += static_cast<std::size_t>(got);
  }
  return std::optional<bool>(have == content);
}

}  // namespace cdviz::sinks::folder
