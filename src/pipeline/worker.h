// One thread whose end can be waited for with a deadline.
#pragma once

#include <functional>
#include <stop_token>
#include <thread>
#include <utility>

#include "pipeline/either_stop.h"

namespace cdviz::pipeline {

/// start() and join() belong to one thread; ended() is safe from any. Destroying it joins.
class Worker {
 public:
  ~Worker() { join(); }

  /// Runs `body` on a thread of its own, after the worker that `after` belongs to has ended.
  void start(std::stop_token after, std::function<void()> body) {
    thread_ =
        std::thread([after = std::move(after), body = std::move(body), ended = ended_]() mutable {
          if (after.stop_possible()) wait_for(after);
          body();
          ended.request_stop();
        });
  }
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  /// Requested when the thread has nothing left to do. Outlives the worker.
  std::stop_token ended() const { return ended_.get_token(); }
  bool has_ended() const { return ended_.stop_requested(); }

 private:
  std::stop_source ended_;
  std::thread thread_;
};

}  // namespace cdviz::pipeline
