#include "commands/print.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "commands/output.h"

namespace cdviz::commands {
namespace {

// The next file that is opened gets the lowest number that is free: of a stream that was closed
// before we started, and what is printed would go into the queue or to a peer. Opened the wrong way
// round, it still cannot be used.
void occupy_standard_streams() {
  constexpr std::array<std::pair<int, int>, 3> kStreams = {
      {{STDIN_FILENO, O_WRONLY}, {STDOUT_FILENO, O_RDONLY}, {STDERR_FILENO, O_RDONLY}}};
  for (const auto& [number, mode] : kStreams) {
    if (::fcntl(number, F_GETFD) < 0 && errno == EBADF)
      static_cast<void>(::open("/dev/null", mode));
  }
}

}  // namespace

OutputFailed::OutputFailed(const std::string& where, int error)
    : message_(fmt::format("cannot write to {}: {}", where,
                           std::generic_category().message(error == 0 ? EIO : error))),
      error_(error) {}

bool OutputFailed::reader_gone() const { return error_ == EPIPE || error_ == ECONNRESET; }

int exit_code_of(const std::function<int()>& command) {
  std::signal(SIGPIPE, SIG_IGN);
  occupy_standard_streams();
  try {
    const int exit_code = command();
    flush_output();
    return exit_code;
  } catch (const OutputFailed& failed) {
    return failed.reader_gone() ? kExitReaderGone : complain(kExitNoOutput, failed.what());
  }
}

void write_to(std::FILE* out, std::string_view text, const std::string& where) {
  if (std::fwrite(text.data(), 1, text.size(), out) != text.size())
    throw OutputFailed(where, errno);
}

void flush_output() {
  errno = 0;
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
    throw OutputFailed("standard output", errno);
}

void announce(std::FILE* out, std::string_view text) {
  const bool was_well = std::ferror(out) == 0;
  std::fwrite(text.data(), 1, text.size(), out);
  std::fflush(out);
  if (was_well) std::clearerr(out);
}

Result<Output> Output::make(const std::string& path) {
  if (path.empty() || path == "-") return Output(stdout, "standard output");
  std::FILE* const file = std::fopen(path.c_str(), "wxe");
  const std::string name = shown(path, 400);
  if (file == nullptr) {
    return Error{Fault::stop,
                 fmt::format("cannot make {}: {}", name, std::generic_category().message(errno))};
  }
  return Output(file, name);
}

Output::Output(Output&& other) noexcept
    : file_(std::exchange(other.file_, nullptr)), where_(std::move(other.where_)) {}

Output::~Output() {
  if (file_ != nullptr && file_ != stdout) std::fclose(file_);
}

void Output::flush() {
  errno = 0;
  if (std::fflush(file_) != 0 || std::ferror(file_) != 0) throw OutputFailed(where_, errno);
}

}  // namespace cdviz::commands
