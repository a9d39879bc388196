// Other programs, run from ours: as another user, in a session of their own, with a clean
// environment. Plain fork and exec, because posix_spawn cannot change the user.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "core/result.h"

namespace cdviz::postgres {

/// An account of this machine.
struct User {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;
};

/// @returns nothing when there is no such account
std::optional<User> find_user(const std::string& name);
std::optional<User> find_user(uid_t uid);

/// A program to run. It gets PATH, TZ, LD_LIBRARY_PATH and an English UTF-8 locale, nothing else of
/// our environment; none of our files and sockets; default signal handling; umask 077.
struct Command {
  std::vector<std::string> arguments;  ///< the first is the program's absolute path
  std::optional<User> user = {};       ///< whom to become; empty: stay who we are
  std::string input = {};              ///< its standard input; run() only
  std::filesystem::path output_file =
      {};  ///< where output is appended, opened as `user`; spawn() only
};

/// A running program, held so that its process id cannot come to mean another one (pidfd_open(2),
/// Linux 5.3). Movable.
class Process {
 public:
  /// Takes hold of a program that runs already. @returns Fault::retry if it does not run
  static Result<Process> open(pid_t pid);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();  ///< lets go; the program runs on

  pid_t pid() const { return pid_; }
  /// Waits until the program has ended. @returns false if it still runs after `timeout`
  bool wait(std::chrono::milliseconds timeout) const;
  void signal(int number) const;

 private:
  Process(pid_t pid, int fd) : pid_(pid), fd_(fd) {}
  pid_t pid_;
  int fd_;
};

/// Starts a program that outlives us, in a session of its own: neither Ctrl-C in our terminal nor
/// our end reaches it. Our child's exit status is collected when a Process that has seen its end is
/// waited for.
Result<Process> spawn(const Command& command);

/// Runs a program to its end. @returns what it wrote to both outputs, or an error with the last
/// lines of that
Result<std::string> run(const Command& command);

/// The first of `directory` and its parents that `user` may not enter; nothing when it may enter
/// them all.
std::optional<std::filesystem::path> first_closed_to(const User& user,
                                                     const std::filesystem::path& directory);

/// The last `max` lines of `text`, for error messages.
std::string last_lines(std::string_view text, std::size_t max);

}  // namespace cdviz::postgres
