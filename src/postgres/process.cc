#include "postgres/process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/close_range.h>
#include <poll.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cdviz::postgres {
namespace {

constexpr std::size_t kOutputBytesMax = 1U << 20;

std::string text_of(int error) { return std::generic_category().message(error); }

template <class Lookup, class Key>
std::optional<User> look_up(Lookup* lookup, Key key) {
  std::array<char, 16384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  const int status = lookup(key, &entry, buffer.data(), buffer.size(), &found);
  if (status != 0 || found == nullptr) return std::nullopt;
  return User{found->pw_uid, found->pw_gid, found->pw_name};
}

/// What the child reports if it could not become the program.
struct Failure {
  enum Step : int { user, output, program } step;
  int error;
};

std::vector<std::string> environment() {
  std::vector<std::string> result = {"LC_ALL=C.UTF-8"};
  for (const char* name : {"PATH", "TZ", "LD_LIBRARY_PATH"}) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
    if (const char* value = std::getenv(name)) result.push_back(fmt::format("{}={}", name, value));
  }
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

bool become(const User& user) {
  return setgroups(1, &user.gid) == 0 && setgid(user.gid) == 0 && setuid(user.uid) == 0;
}

/// The child's side of fork: only functions that are safe there (signal-safety(7)), nothing that
/// allocates.
struct Child {
  char* const* arguments;
  char* const* environment;
  const User* user;
  const char* output_file;  ///< or nullptr: `output` is a descriptor
  int input;
  int output;
  int report;
  bool own_session;

  [[noreturn]] void fail(Failure::Step step) const {
    const Failure failure{step, errno};
    static_cast<void>(!::write(report, &failure, sizeof failure));
    _exit(127);
  }
  [[noreturn]] void exec() const {
    for (int number = 1; number < NSIG; ++number) std::signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);  // NOLINT(concurrency-mt-unsafe): one thread: forked
    umask(077);
    if (own_session) setsid();
    if (user != nullptr && !become(*user)) fail(Failure::user);
    int to = output;
    if (output_file != nullptr) {
      to = ::open(output_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
      if (to < 0) fail(Failure::output);
    }
    dup2(input, 0);
    dup2(to, 1);
    dup2(to, 2);
    // Libraries open sockets without O_CLOEXEC; an inherited one would keep our port taken after
    // our death.
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    execve(arguments[0], arguments, environment);
    fail(Failure::program);
  }
};

Error to_error(const Failure& failure, const Command& command) {
  switch (failure.step) {
    case Failure::user:
      return {Fault::stop,
              fmt::format("cannot become the user {}: {}", command.user ? command.user->name : "?",
                          text_of(failure.error))};
    case Failure::output:
      return {Fault::stop, fmt::format("cannot write {}: {}", command.output_file.string(),
                                       text_of(failure.error))};
    case Failure::program:
      break;
  }
  return {Fault::stop,
          fmt::format("cannot run {}: {}", command.arguments[0], text_of(failure.error))};
}

struct Pipe {
  std::array<int, 2> ends{-1, -1};
  Pipe() { static_cast<void>(!pipe2(ends.data(), O_CLOEXEC)); }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close_end(std::size_t end) {
    if (ends[end] >= 0) ::close(ends[end]);
    ends[end] = -1;
  }
};

Result<pid_t> start(const Command& command, int input, int output, bool own_session) {
  std::vector<std::string> arguments = command.arguments;
  std::vector<std::string> variables = environment();
  const std::vector<char*> argument_pointers = pointers(arguments);
  const std::vector<char*> variable_pointers = pointers(variables);
  Pipe report;
  const Child child{
      .arguments = argument_pointers.data(),
      .environment = variable_pointers.data(),
      .user = command.user ? &*command.user : nullptr,
      .output_file = command.output_file.empty() ? nullptr : command.output_file.c_str(),
      .input = input,
      .output = output,
      .report = report.ends[1],
      .own_session = own_session};
  const pid_t pid = fork();
  if (pid == 0) child.exec();
  if (pid < 0) {
    return Error{Fault::retry, fmt::format("cannot start a process: {}", text_of(errno))};
  }
  report.close_end(1);
  Failure failure{};
  ssize_t got = 0;
  while ((got = ::read(report.ends[0], &failure, sizeof failure)) < 0 && errno == EINTR) continue;
  if (got == sizeof failure) {
    waitpid(pid, nullptr, 0);
    return to_error(failure, command);
  }
  return pid;
}

/// Feeds `input` and collects the output until the program closes it.
std::string exchange(Pipe& to, Pipe& from, std::string_view input) {
  std::string output;
  std::array<char, 4096> buffer{};
  fcntl(to.ends[1], F_SETFL,
        O_NONBLOCK);  // our end alone: it must not wait while the program waits for us to read
  if (input.empty()) to.close_end(1);
  for (;;) {
    std::array<pollfd, 2> polled{pollfd{from.ends[0], POLLIN, 0}, pollfd{to.ends[1], POLLOUT, 0}};
    if (poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) return output;
    if (polled[1].revents != 0) {
      const ssize_t wrote = ::write(to.ends[1], input.data(), input.size());
      if (wrote > 0) input.remove_prefix(static_cast<std::size_t>(wrote));
      if ((wrote < 0 && errno != EAGAIN && errno != EINTR) || input.empty()) to.close_end(1);
    }
    if (polled[0].revents != 0) {
      const ssize_t got = ::read(from.ends[0], buffer.data(), buffer.size());
      if (got <= 0) return output;
      output.append(buffer.data(), static_cast<std::size_t>(got));
      if (output.size() > kOutputBytesMax) output.erase(0, kOutputBytesMax / 2);
    }
  }
}

}  // namespace

std::optional<User> find_user(const std::string& name) {
  return look_up(&getpwnam_r, name.c_str());
}

std::optional<User> find_user(uid_t uid) { return look_up(&getpwuid_r, uid); }

Result<Process> Process::open(pid_t pid) {
  // By number: <sys/pidfd.h> of glibc 2.36 forgets extern "C".
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) {
    return Error{Fault::retry, fmt::format("cannot watch process {}: {}", pid, text_of(errno))};
  }
  return Process(pid, fd);
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)), fd_(std::exchange(other.fd_, -1)) {}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(fd_, other.fd_);
  return *this;
}

Process::~Process() {
  if (fd_ >= 0) ::close(fd_);
}

bool Process::wait(std::chrono::milliseconds timeout) const {
  pollfd polled{fd_, POLLIN, 0};
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    const int ready = poll(&polled, 1, static_cast<int>(std::max(left.count(), std::int64_t{0})));
    if (ready > 0) {
      waitpid(pid_, nullptr, WNOHANG);  // if it was our child: no zombie stays
      return true;
    }
    if (ready == 0) return false;
    if (errno != EINTR) return false;
  }
}

void Process::signal(int number) const { syscall(SYS_pidfd_send_signal, fd_, number, nullptr, 0); }

Result<Process> spawn(const Command& command) {
  const int input = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const auto pid = start(command, input, input, true);
  ::close(input);
  if (!pid) return pid.error();
  return Process::open(*pid);
}

Result<std::string> run(const Command& command) {
  Pipe to;
  Pipe from;
  // A program that ends without reading its input must not end us.
  struct sigaction ignore {};
  struct sigaction before {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &before);
  const auto pid = start(command, to.ends[0], from.ends[1], false);
  if (!pid) {
    sigaction(SIGPIPE, &before, nullptr);
    return pid.error();
  }
  to.close_end(0);
  from.close_end(1);
  std::string output = exchange(to, from, command.input);
  sigaction(SIGPIPE, &before, nullptr);
  int status = 0;
  while (waitpid(*pid, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return output;
  const std::string how = WIFSIGNALED(status)
                              ? fmt::format("was ended by signal {}", WTERMSIG(status))
                              : fmt::format("failed with exit code {}", WEXITSTATUS(status));
  return Error{Fault::stop,
               fmt::format("{} {}:\n{}", command.arguments[0], how, last_lines(output, 12))};
}

std::optional<std::filesystem::path> first_closed_to(const User& user,
                                                     const std::filesystem::path& directory) {
  std::vector<std::string> chain;  // from the root down
  std::filesystem::path walked;
  for (const auto& part : std::filesystem::absolute(directory).lexically_normal()) {
    walked /= part;
    if (!part.empty()) chain.push_back(walked.string());
  }
  // Asked in a child that has become the user: that also knows of access lists and odd file
  // systems.
  const pid_t pid = fork();
  if (pid == 0) {
    if (getuid() != user.uid && !become(user)) _exit(255);
    for (std::size_t i = 0; i < chain.size() && i < 254; ++i) {
      if (access(chain[i].c_str(), X_OK) != 0) _exit(static_cast<int>(i) + 1);
    }
    _exit(0);
  }
  int status = 0;
  while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
  if (pid > 0 && code == 0) return std::nullopt;
  if (pid < 0 || code == 255) return directory;
  return chain[static_cast<std::size_t>(code) - 1];
}

std::string last_lines(std::string_view text, std::size_t max) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::size_t begin = text.size();
  for (std::size_t lines = 0; begin > 0; --begin) {
    if (text[begin - 1] == '\n' && ++lines == max) break;
  }
  return std::string(text.substr(begin));
}

}  // namespace cdviz::postgres
