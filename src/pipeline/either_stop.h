// Waiting for one of two requests to stop, and for one request without a deadline: what
// std::stop_token leaves out.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace cdviz::pipeline {

/// Has a token that is requested as soon as one of two others is. Lives as long as somebody waits
/// on the token.
class EitherStop {
 public:
  EitherStop(const std::stop_token& a, const std::stop_token& b)
      : on_a_(a, Forward{both_}), on_b_(b, Forward{both_}) {}
  std::stop_token token() const { return both_.get_token(); }

 private:
  struct Forward {
    std::stop_source both;
    void operator()() noexcept { both.request_stop(); }
  };
  std::stop_source both_;
  std::stop_callback<Forward> on_a_;
  std::stop_callback<Forward> on_b_;
};

/// Waits until `token` is requested, for ever if need be.
inline void wait_for(const std::stop_token& token) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait(lock, token, [] { return false; });
}

}  // namespace cdviz::pipeline
