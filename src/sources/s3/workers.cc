#include "sources/s3/workers.h"

#include <utility>

namespace cdviz::sources::s3 {

Workers::Workers(std::size_t threads, MakeBucket make_bucket)
    : make_bucket_(std::move(make_bucket)) {
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { run(stop); });
  }
}

Workers::~Workers() {
  for (auto& thread : threads_) thread.request_stop();
}

void Workers::give(Job job) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back(std::move(job));
  changed_.notify_one();
}

void Workers::run(const std::stop_token& stop) {
  std::unique_ptr<aws::Bucket> bucket;
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, stop, [&] { return !jobs_.empty(); });
    if (stop.stop_requested()) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    if (!bucket) bucket = make_bucket_();
    job(*bucket, stop);
    job = nullptr;
    lock.lock();
  }
}

}  // namespace cdviz::sources::s3
