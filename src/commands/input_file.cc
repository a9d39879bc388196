#include "commands/input_file.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cdviz::commands {
namespace {

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

Error failure(const std::string& name, int number) {
  return {Fault::stop,
          fmt::format("cannot read {}: {}", name, std::generic_category().message(number))};
}

}  // namespace

Interruption::Interruption() {
  const sigset_t set = ending_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  fd_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

Interruption::~Interruption() {
  if (fd_ >= 0) ::close(fd_);
  const sigset_t set = ending_signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

bool Interruption::wait_for(int fd) {
  std::array<pollfd, 2> waited = {{{fd, POLLIN, 0}, {fd_, POLLIN, 0}}};
  while (signal_ == 0 && ::poll(waited.data(), waited.size(), -1) < 0 && errno == EINTR) {
  }
  signalfd_siginfo info{};
  if ((waited[1].revents & POLLIN) != 0 && ::read(fd_, &info, sizeof info) == sizeof info) {
    signal_ = static_cast<int>(info.ssi_signo);
  }
  return signal_ == 0;
}

Result<InputFile> InputFile::open(const std::string& path) {
  if (path == "-") return InputFile(::dup(STDIN_FILENO), "standard input");
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failure(path, errno);
  InputFile file(fd, path);
  struct stat status {};
  if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
    file.size_ = static_cast<std::uint64_t>(status.st_size);
  }
  return file;
}

InputFile::InputFile(InputFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), name_(std::move(other.name_)), size_(other.size_) {}

InputFile::~InputFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::size_t> InputFile::read(std::span<char> bytes, Interruption& interruption) {
  for (;;) {
    if (!interruption.wait_for(fd_)) return Error{Fault::stop, "interrupted"};
    const ssize_t count = ::read(fd_, bytes.data(), bytes.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR && errno != EAGAIN) return failure(name_, errno);
  }
}

}  // namespace cdviz::commands
