// The signals of a long-running command, taken by waiting for them: no code runs in a signal
// handler.
#pragma once

#include <chrono>
#include <csignal>
#include <thread>

namespace cdviz::commands {

/// Blocks SIGINT, SIGTERM and SIGHUP for this thread and those it starts later.
class Signals {
 public:
  Signals();
  /// Waits for one of them.
  int wait() const;
  /// Waits for one of them, but not longer than `timeout`.
  /// @returns 0 when none came
  int wait(std::chrono::seconds timeout) const;
  /// From now on SIGINT and SIGTERM end the process at once with 128 + signal; SIGHUP is swallowed.
  /// What was accepted is on disk, so that nothing is lost by it.
  void exit_at_the_next();

 private:
  sigset_t set_{};
};

/// True when somebody asked this program to end with SIGINT or SIGTERM. They must be blocked: then
/// they wait until somebody takes them.
bool asked_to_end();

}  // namespace cdviz::commands
