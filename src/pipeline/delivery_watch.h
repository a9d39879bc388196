// confirm = "delivered": who waits until every sink has what they sent.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "core/result.h"
#include "queue/queue.h"

namespace cdviz::pipeline {

/// Safe to call from any thread. Calls back on the thread that brings the news, without its lock.
class DeliveryWatch {
 public:
  /// Batches that may wait at a time; then the door is closed for more until some are delivered.
  static constexpr std::size_t kWaiters = 10'000;
  using Done = std::function<void(const Result<void>&)>;
  /// A place among those that may wait; destroying it gives the place back.
  using Place = std::shared_ptr<void>;

  explicit DeliveryWatch(std::size_t waiters_max = kWaiters) : waiters_max_(waiters_max) {}

  void add_sink(const std::string& sink, queue::Position cursor);
  /// Nobody waits for this sink any more.
  void remove_sink(const std::string& sink);
  /// `sink` has (or rejected) everything up to `cursor`.
  void delivered(const std::string& sink, queue::Position cursor);

  /// @param wait  for a place, until `stop`
  /// @returns a place, or null when there is none
  Place reserve(bool wait, const std::stop_token& stop);
  /// Calls `done` once: with success when every sink has everything up to `position`, or with a
  /// failure.
  /// @param owner  for cancel()
  void await(queue::Position position, const void* owner, Done done);
  /// Fails all who wait for `owner`.
  void cancel(const void* owner);
  /// Fails all who wait, now and from now on: the pipeline is closing and some sink does not get
  /// on.
  void close();

 private:
  struct Waiter {
    const void* owner;
    Done done;
  };
  /// Takes those out who have waited long enough. The caller holds mutex_.
  std::vector<Done> take_delivered();

  const std::size_t waiters_max_;
  std::mutex mutex_;
  std::condition_variable_any place_free_;
  std::size_t places_taken_ = 0;
  std::map<std::string, queue::Position> cursors_;
  std::multimap<queue::Position, Waiter> waiters_;
  bool closed_ = false;
};

}  // namespace cdviz::pipeline
