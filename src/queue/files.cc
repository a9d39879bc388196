#include "queue/files.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace cdviz::queue {
namespace {

Error cannot_open(const std::filesystem::path& file) {
  return {Fault::stop, fmt::format("cannot open {}: {}; [queue] directory must be writable for us",
                                   file.string(), std::generic_category().message(errno))};
}

/// The process id in the file; 0 when there is none.
int process_in(int fd) {
  std::array<char, 16> text{};
  const auto size = ::pread(fd, text.data(), text.size(), 0);
  int process = 0;  // stays when there are no digits
  if (size > 0) std::from_chars(text.data(), text.data() + size, process);
  return process;
}

struct flock whole_file(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

// magic, then the six numbers of a Mark::Value, then their checksum; all little-endian.
constexpr std::string_view kMagic = "cdvizmk1";
constexpr std::size_t kMarkBytes = 8 + 6 * 8 + 8;

void put(std::int64_t number, char* out) {
  auto rest = static_cast<std::uint64_t>(number);
  for (int i = 0; i < 8; ++i, rest >>= 8U) out[i] = static_cast<char>(rest & 0xffU);
}

std::int64_t get(const char* in) {
  std::uint64_t number = 0;
  for (int i = 7; i >= 0; --i) number = number << 8U | static_cast<unsigned char>(in[i]);
  return static_cast<std::int64_t>(number);
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const std::filesystem::path& directory) {
  const auto file = directory / kLockName;
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return cannot_open(file);
  DirectoryLock lock(fd);
  // A lock of the open file, not of the process: closing another descriptor of the same file does
  // not lose it.
  auto want = whole_file(F_WRLCK);
  if (::fcntl(fd, F_OFD_SETLK, &want) != 0) {
    if (errno != EAGAIN && errno != EACCES) return cannot_open(file);
    return Error{Fault::stop,
                 fmt::format("another collector (pid {}) uses {}: stop it, or give this one its "
                             "own [queue] directory",
                             process_in(fd), directory.string()),
                 "locked"};
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  // Without our number in it the lock holds all the same: the message names no process then.
  if (::ftruncate(fd, 0) == 0 && ::pwrite(fd, pid.data(), pid.size(), 0) > 0) return lock;
  return lock;
}

std::optional<int> DirectoryLock::holder(const std::filesystem::path& directory) {
  const int fd = ::open((directory / kLockName).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  auto probe = whole_file(F_RDLCK);
  const bool held = ::fcntl(fd, F_OFD_GETLK, &probe) == 0 && probe.l_type != F_UNLCK;
  const int pid = process_in(fd);
  ::close(fd);
  return held ? std::optional(pid) : std::nullopt;
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Mark> Mark::open(const std::filesystem::path& directory) {
  const auto file = directory / kMarkName;
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return cannot_open(file);
  return Mark(fd);
}

std::optional<Mark::Value> Mark::read() const {
  std::array<char, kMarkBytes> bytes{};
  if (::pread(fd_, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return std::nullopt;
  const std::string_view content(bytes.data(), kMarkBytes - 8);
  if (!content.starts_with(kMagic) ||
      get(bytes.data() + kMarkBytes - 8) != Checksum().add(content).value())
    return std::nullopt;
  const char* at = bytes.data();
  return Value{{get(at + 8), get(at + 16), get(at + 24)},
               {get(at + 32), get(at + 40), get(at + 48)}};
}

void Mark::write(const Value& value) const {
  std::array<char, kMarkBytes> bytes{};
  std::memcpy(bytes.data(), kMagic.data(), kMagic.size());
  char* at = bytes.data() + 8;
  for (const auto& place : {value.last, value.deleted}) {
    for (const std::int64_t number : {place.position, place.events, place.bytes}) {
      put(number, at);
      at += 8;
    }
  }
  put(Checksum().add(std::string_view(bytes.data(), kMarkBytes - 8)).value(), at);
  if (::pwrite(fd_, bytes.data(), bytes.size(), 0) < 0) return;  // a second opinion may be missing
}

Mark::Mark(Mark&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
Mark::~Mark() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace cdviz::queue
