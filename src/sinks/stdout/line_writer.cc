#include "sinks/stdout/line_writer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

namespace cdviz::sinks::standard_output {
namespace {

/// What a pipe takes without blocking once poll(2) says it is writable (pipe(7): PIPE_BUF).
constexpr std::size_t kChunk = 4096;
constexpr int kLookForStopEvery_ms = 100;

Error failure(int code) {
  const std::string reason = std::generic_category().message(code);
  if (code == EPIPE || code == EBADF) {
    return {Fault::stop, fmt::format("standard output is closed ({}): nobody reads it", reason),
            "closed"};
  }
  return {Fault::retry, fmt::format("cannot write to standard output: {}", reason), "io_error"};
}

}  // namespace

Result<void> LineWriter::write(std::string_view lines, const std::stop_token& stop) {
  if (in_line_) {
    if (auto ended = write_all("\n", stop); !ended) return ended;
  }
  return write_all(lines, stop);
}

Result<void> LineWriter::write_all(std::string_view text, const std::stop_token& stop) {
  while (!text.empty()) {
    if (stop.stop_requested()) return Error{Fault::retry, "stopped while writing", "stopped"};
    pollfd wait{fd_, POLLOUT, 0};
    const int ready = ::poll(&wait, 1, kLookForStopEvery_ms);
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    if (ready < 0) return failure(errno);
    const ssize_t written = ::write(fd_, text.data(), std::min(text.size(), kChunk));
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written < 0) return failure(errno);
    const auto count = static_cast<std::size_t>(written);
    if (count != 0) in_line_ = text[count - 1] != '\n';
    text.remove_prefix(count);
  }
  return {};
}

}  // namespace cdviz::sinks::standard_output
