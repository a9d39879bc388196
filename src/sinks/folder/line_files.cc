#include "sinks/folder/line_files.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <functional>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sinks/folder/fault.h"

namespace cdviz::sinks::folder {
namespace {

constexpr std::int64_t kChunk = 256 * 1024;
constexpr std::string_view kPart = ".part";
constexpr std::string_view kDone = ".done";
static_assert(kPart.size() == kDone.size());
/// So many bytes of the last lines are compared with what comes again after a crash: many batches.
constexpr std::int64_t kLeftBytes = 8 * 1024 * 1024;

std::string line_of(const EventData& event) {
  std::string line = event.json;
  // Between the tokens of a document line ends are white space; inside strings they cannot be
  // (RFC 8259 §7).
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  line += '\n';
  return line;
}

/// "1764444600123.part" → 1764444600123; 0 for what is not ours.
std::int64_t stamp_of(std::string_view part) {
  std::int64_t stamp = 0;
  const auto digits = part.substr(0, part.size() - std::min(part.size(), kPart.size()));
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), stamp);
  return error == std::errc() && end == digits.data() + digits.size() ? stamp : 0;
}

/// "20261129T191500.123Z"
std::string stamp_text(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}.{:03}Z", int{date.year()},
                     unsigned{date.month()}, unsigned{date.day()}, clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

/// Bytes from `offset` on, at most `size`. @returns 0 or an errno
int read_some(int fd, std::string& to, std::int64_t size, std::int64_t offset) {
  to.resize(static_cast<std::size_t>(size));
  ssize_t got = -1;
  do {
    got = ::pread(fd, to.data(), to.size(), offset);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return errno;
  to.resize(static_cast<std::size_t>(got));
  return 0;
}

/// Just behind the last line end before `size`; 0 if there is none. @returns -1 when it cannot be
/// read
std::int64_t end_of_last_line(int fd, std::int64_t size) {
  std::string bytes;
  for (std::int64_t end = size; end > 0;) {
    const std::int64_t begin = std::max<std::int64_t>(0, end - kChunk);
    if (read_some(fd, bytes, end - begin, begin) != 0) return -1;
    const auto at = bytes.rfind('\n');
    if (at != std::string::npos) return begin + static_cast<std::int64_t>(at) + 1;
    end = begin;
  }
  return 0;
}

}  // namespace

std::string LineFiles::path_of(const std::string& part) const {
  const WallTime begun{std::chrono::milliseconds(stamp_of(part))};
  EventData at_that_time{};
  at_that_time.received_at = begun;
  return fmt::format("{}-{}-{}.ndjson{}", settings_.name.path_of(at_that_time), stamp_text(begun),
                     settings_.sink, extension_of(settings_.compression));
}

Result<void> LineFiles::recover() {
  auto parts = store_.work_files(kPart);
  if (!parts) return parts.error();
  std::erase_if(*parts, [](const std::string& part) { return stamp_of(part) == 0; });
  std::ranges::sort(*parts, {}, [](const std::string& part) { return stamp_of(part); });
  for (const std::string& part : *parts) {
    last_stamp_ = std::max(last_stamp_, stamp_of(part));
    if (auto mended = mend(part); !mended) return mended;
  }
  return remember_lines();
}

Result<void> LineFiles::mend(const std::string& part) {
  const Descriptor fd(::openat(store_.work_fd(), part.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd) return fault_of(errno, "cannot open", part);
  struct stat found {};
  if (::fstat(fd.get(), &found) != 0) return fault_of(errno, "cannot read", part);
  const std::int64_t end = end_of_last_line(fd.get(), found.st_size);
  if (end < 0) return fault_of(EIO, "cannot read", part);
  if (end == 0) {
    if (auto removed = store_.remove_temporary(part); !removed) return removed;
    return store_.sync_work();
  }
  if (end != found.st_size && ::ftruncate(fd.get(), end) != 0) {
    return fault_of(errno, "cannot shorten", part);
  }
  if (::fsync(fd.get()) != 0) return fault_of(errno, "cannot sync", part);
  return finish(part);
}

/// The last kLeftBytes of what is done.
Result<void> LineFiles::remember_lines() {
  auto files = store_.work_files(kDone);
  if (!files) return files.error();
  std::ranges::sort(*files, std::greater<>(),
                    [](const std::string& file) { return stamp_of(file); });
  left_.clear();
  std::int64_t room = kLeftBytes;
  for (const std::string& file : *files) {
    if (room <= 0) break;
    const Descriptor fd(::openat(store_.work_fd(), file.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat found {};
    if (!fd || ::fstat(fd.get(), &found) != 0) return fault_of(errno, "cannot read", file);
    const std::int64_t begin = std::max<std::int64_t>(0, found.st_size - room);
    std::string bytes, chunk;
    for (std::int64_t at = begin; at < found.st_size;
         at += static_cast<std::int64_t>(chunk.size())) {
      const int failed = read_some(fd.get(), chunk, std::min(kChunk, found.st_size - at), at);
      if (failed != 0) return fault_of(failed, "cannot read", file);
      if (chunk.empty()) break;
      bytes += chunk;
    }
    room -= found.st_size - begin;
    std::size_t start = begin == 0 ? 0 : bytes.find('\n') + 1;
    for (auto end = bytes.find('\n', start); end != std::string::npos;
         end = bytes.find('\n', start)) {
      left_.insert(bytes.substr(start, end + 1 - start));
      start = end + 1;
    }
  }
  return {};
}

/// Keeps as many of those that are done as remember_lines() looks at.
Result<void> LineFiles::forget_old() {
  auto files = store_.work_files(kDone);
  if (!files) return files.error();
  std::ranges::sort(*files, std::greater<>(),
                    [](const std::string& file) { return stamp_of(file); });
  std::int64_t room = kLeftBytes;
  for (const std::string& file : *files) {
    struct stat found {};
    if (room > 0 && ::fstatat(store_.work_fd(), file.c_str(), &found, 0) == 0) {
      room -= found.st_size;
    } else if (auto removed = store_.remove_temporary(file); !removed) {
      return removed;
    }
  }
  return {};
}

Result<void> LineFiles::write(std::span<const Event> batch) {
  std::string lines;
  for (const Event& event : batch) {
    std::string line = line_of(*event);
    if (!left_.empty()) {
      // What was not confirmed comes again first, in the same order.
      if (left_.contains(line)) continue;
      left_.clear();
    }
    lines += line;
  }
  if (lines.empty()) return {};
  if (part_) {
    if (auto there = still_there(); !there) return there;
  } else if (auto begun = begin_part(); !begun) {
    return begun;
  }
  if (auto appended = append(lines); !appended) return appended;
  // The lines are safe: what fails from here on is tried again later.
  if (part_->bytes >= settings_.roll_bytes) static_cast<void>(roll());
  return {};
}

Result<void> LineFiles::begin_part() {
  // A name of its own, also when several begin in one millisecond or the clock is set back.
  last_stamp_ = std::max<std::int64_t>(clock_.wall().time_since_epoch().count(), last_stamp_ + 1);
  const auto name = [this] { return std::to_string(last_stamp_) + std::string(kPart); };
  while (store_.exists(path_of(name()))) ++last_stamp_;
  Part part;
  part.name = name();
  part.fd = Descriptor(
      ::openat(store_.work_fd(), part.name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!part.fd) return fault_of(errno, "cannot make", part.name);
  part.begun = clock_.now();
  if (auto synced = store_.sync_work(); !synced) {
    static_cast<void>(store_.remove_temporary(part.name));
    return synced;
  }
  part_ = std::move(part);
  return {};
}

/// A file that was removed takes lines as before, and nobody will ever see them.
Result<void> LineFiles::still_there() {
  struct stat found {};
  if (::fstat(part_->fd.get(), &found) == 0 && found.st_nlink > 0) return {};
  const std::string name = std::exchange(part_, std::nullopt)->name;
  return Error{Fault::retry, "somebody has removed " + name + ", and the lines in it with it",
               "removed"};
}

Result<void> LineFiles::append(const std::string& lines) {
  const auto before = static_cast<std::int64_t>(part_->bytes);
  int failed = write_all(part_->fd.get(), lines, before);
  const bool written = failed == 0;
  if (written && ::fdatasync(part_->fd.get()) != 0) failed = errno;
  if (failed == 0) {
    part_->bytes += lines.size();
    return {};
  }
  Error error = fault_of(failed, "cannot write", part_->name);
  const bool shortened = ::ftruncate(part_->fd.get(), before) == 0;
  if (written || !shortened) {
    // After a failed sync nobody knows what is on the disk, and a second sync may say yes wrongly:
    // a part that is read anew and mended does.
    const std::string name = part_->name;
    part_.reset();
    const auto mended = mend(name);
    if (!mended) unfinished_.push_back(name);
    // What was written of this batch may have been saved by that.
    if (!mended || !remember_lines()) left_.clear();
  }
  return error;
}

Result<void> LineFiles::roll() {
  if (part_) {
    unfinished_.push_back(part_->name);
    part_.reset();
  }
  while (!unfinished_.empty()) {
    // Looked at once more: an unfinished part may come from a disk that failed.
    if (auto mended = mend(unfinished_.front()); !mended) return mended;
    unfinished_.erase(unfinished_.begin());
  }
  return {};
}

std::optional<std::chrono::steady_clock::time_point> LineFiles::roll_due() const {
  if (!unfinished_.empty()) return clock_.now();
  if (!part_) return std::nullopt;
  return part_->begun + settings_.roll_after;
}

Result<void> LineFiles::finish(const std::string& part) {
  const std::string path = path_of(part);
  std::string ready = part;
  if (settings_.compression != Compression::none) {
    const Descriptor from(::openat(store_.work_fd(), part.c_str(), O_RDONLY | O_CLOEXEC));
    if (!from) return fault_of(errno, "cannot open", part);
    auto to = store_.make_temporary(ready);
    if (!to) return to.error();
    const auto compressor = make_compressor(settings_.compression);
    std::string in, out;
    std::int64_t read_bytes = 0, written_bytes = 0;
    int failed = 0;
    do {
      failed = read_some(from.get(), in, kChunk, read_bytes);
      if (failed != 0) break;
      read_bytes += static_cast<std::int64_t>(in.size());
      out.clear();
      compressor->add(in, in.empty(), out);
      failed = write_all(to->get(), out, written_bytes);
      written_bytes += static_cast<std::int64_t>(out.size());
    } while (failed == 0 && !in.empty());
    if (failed == 0 && ::fsync(to->get()) != 0) failed = errno;
    if (failed != 0) {
      static_cast<void>(store_.remove_temporary(ready));
      return fault_of(failed, "cannot compress", store_.place_of(path));
    }
  }
  const std::string done = part.substr(0, part.size() - kPart.size()) + std::string(kDone);
  if (ready == part) store_.link_work(part, done);
  // What is there already is the same part, from before a crash: nobody else uses this name.
  auto named = store_.publish(ready, path, true);
  if (!named) return named.error();
  if (auto synced = store_.sync_folders(); !synced) return synced;
  if (ready != part &&
      ::renameat(store_.work_fd(), part.c_str(), store_.work_fd(), done.c_str()) != 0) {
    return fault_of(errno, "cannot rename", part);
  }
  ++files_;
  if (auto forgotten = forget_old(); !forgotten) return forgotten;
  return store_.sync_work();
}

}  // namespace cdviz::sinks::folder
