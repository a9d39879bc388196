#include "commands/signals.h"

#include <unistd.h>

namespace cdviz::commands {

Signals::Signals() {
  sigemptyset(&set_);
  sigaddset(&set_, SIGINT);
  sigaddset(&set_, SIGTERM);
  sigaddset(&set_, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
}

int Signals::wait() const {
  int signal = 0;
  while (sigwait(&set_, &signal) != 0) {
  }
  return signal;
}

int Signals::wait(std::chrono::seconds timeout) const {
  const timespec limit{.tv_sec = timeout.count(), .tv_nsec = 0};
  const int signal = sigtimedwait(&set_, nullptr, &limit);
  return signal > 0 ? signal : 0;
}

void Signals::exit_at_the_next() {
  // Never joined: it lives until the process ends, one way or the other.
  std::thread([set = set_] {
    for (int signal = 0;;) {
      if (sigwait(&set, &signal) == 0 && signal != SIGHUP) _exit(128 + signal);
    }
  }).detach();
}

bool asked_to_end() {
  sigset_t pending{};
  sigpending(&pending);
  return sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1;
}

}  // namespace cdviz::commands
