#include "web/api/errands.h"

#include <csignal>
#include <utility>

namespace cdviz::web::api {

Errands::Errands() {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);  // signals are the main thread's
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Errands::~Errands() { stop(); }

bool Errands::submit(std::function<void()> errand) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || waiting_.size() >= kWaitingMax) return false;
    waiting_.push_back(std::move(errand));
  }
  woken_.notify_one();
  return true;
}

void Errands::run(const std::stop_token& stop) {
  for (;;) {
    std::function<void()> errand;
    {
      std::unique_lock lock(mutex_);
      if (!woken_.wait(lock, stop, [this] { return !waiting_.empty(); })) return;
      errand = std::move(waiting_.front());
      waiting_.pop_front();
    }
    errand();
  }
}

void Errands::stop() {
  std::deque<std::function<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(waiting_);
  }
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

}  // namespace cdviz::web::api
