// A few threads, each with a bucket of its own, that do what they are given: libcurl's handles
// belong to one thread, and straight code is easiest to stop.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "aws/bucket.h"

namespace cdviz::sources::s3 {

class Workers {
 public:
  using MakeBucket = std::function<std::unique_ptr<aws::Bucket>()>;
  using Job = std::function<void(aws::Bucket&, const std::stop_token&)>;

  /// @param make_bucket  called on each thread when it has something to do for the first time
  Workers(std::size_t threads, MakeBucket make_bucket);
  /// Asks those that run to stop, forgets those that wait, and waits for the threads: about a
  /// second.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Safe to call from any thread. Begun in the order in which they were given.
  void give(Job job);

 private:
  void run(const std::stop_token& stop);

  const MakeBucket make_bucket_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Job> jobs_;
  std::vector<std::jthread> threads_;
};

}  // namespace cdviz::sources::s3
