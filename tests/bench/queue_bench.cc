// Events a second that the queue takes with an fsync before each answer, beside a plain log (write,
// fdatasync) in the same groups on the same disk. Many requests in flight, 1 KB events, one or
// several to a request.
//
// usage: queue_bench [DIRECTORY [SECONDS [BACKLOG_MIB]]]   (default: ./queue-bench, 3, 256)
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "queue/queue.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace {

using namespace cdviz;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kEventBytes = 1024;

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

double cpu_seconds() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  const auto of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return of(use.ru_utime) + of(use.ru_stime);
}

Event event(std::size_t number) {
  return Event({.source = "/bench",
                .id = "id-" + std::to_string(number),
                .type = "dev.cdevents.service.deployed.0.2.0",
                .timestamp = "2026-01-01T00:00:00Z",
                .subject_id = "service",
                .json = std::string(kEventBytes - 100, 'x'),
                .origin = "bench",
                .received_at = WallTime{std::chrono::milliseconds(1'700'000'000'000)}});
}

/// Keeps `in_flight` requests of `events` events waiting for their answer.
class Load {
 public:
  Load(queue::Queue& queue, int in_flight, std::size_t events)
      : queue_(queue), in_flight_(in_flight), events_(events) {}

  double run(double seconds) {
    const auto start = SteadyClock::now();
    std::size_t number = 0;
    while (seconds_since(start) < seconds) {
      {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [&] { return open_ < in_flight_; });
        ++open_;
      }
      queue::Batch batch;
      for (std::size_t i = 0; i < events_; ++i) batch.events.push_back(event(++number));
      batch.settled = [this](const Result<queue::Position>& outcome) {
        if (!outcome) std::abort();
        done_ += events_;
        const std::lock_guard lock(mutex_);
        --open_;
        room_.notify_one();
      };
      if (queue_.submit(std::move(batch), true) != Offered::taken) std::abort();
    }
    const double rate = static_cast<double>(done_) / seconds_since(start);
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return open_ == 0; });
    return rate;
  }

 private:
  queue::Queue& queue_;
  const int in_flight_;
  const std::size_t events_;
  std::atomic<std::size_t> done_ = 0;
  std::mutex mutex_;
  std::condition_variable room_;
  int open_ = 0;
};

/// A sink that has everything at once, so that the queue also reads, moves a cursor and deletes.
class Drain {
 public:
  explicit Drain(queue::Queue& queue) : queue_(queue) {
    if (!queue_.attach("drain", queue::From::oldest)) std::abort();
    thread_ = std::jthread([this](std::stop_token stop) {
      queue::Position at{0};
      while (!stop.stop_requested()) {
        if (!queue_.wait_beyond(at, std::chrono::seconds(1), stop)) continue;
        const auto found = queue_.read(at, 1000, 4U << 20U);
        if (!found || found->empty()) continue;
        at = found->back().position;
        queue_.advance("drain", at, {}, nullptr);
      }
    });
  }

 private:
  queue::Queue& queue_;
  std::jthread thread_;
};

double log_rate(const std::filesystem::path& file, std::size_t group, double seconds) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const std::string block(group * kEventBytes, 'x');
  const auto start = SteadyClock::now();
  std::size_t events = 0;
  while (seconds_since(start) < seconds) {
    if (::write(fd, block.data(), block.size()) < 0 || ::fdatasync(fd) != 0) std::abort();
    events += group;
  }
  const double rate = static_cast<double>(events) / seconds_since(start);
  ::close(fd);
  std::filesystem::remove(file);
  return rate;
}

double queue_rate(const std::filesystem::path& directory, int in_flight, std::size_t events,
                  bool drained, double seconds, double& cpu_us) {
  std::filesystem::remove_all(directory);
  const SystemClock clock;
  telemetry::Metrics metrics;
  telemetry::Log log({.level = telemetry::Level::warn}, clock);
  auto queue = queue::Queue::open({.directory = directory, .max_bytes = std::uint64_t{8} << 30},
                                  clock, metrics, log);
  if (!queue) {
    std::fprintf(stderr, "%s\n", queue.error().message.c_str());
    std::exit(1);
  }
  const double cpu = cpu_seconds();
  double rate = 0;
  {
    std::unique_ptr<Drain> drain;
    if (drained) drain = std::make_unique<Drain>(**queue);
    rate = Load(**queue, in_flight, events).run(seconds);
  }
  cpu_us = (cpu_seconds() - cpu) / (rate * seconds) * 1e6;
  queue->reset();
  std::filesystem::remove_all(directory);
  return rate;
}

/// Fills a queue in a child that then dies, and opens it: what a start costs after kill -9.
void start_time(const std::filesystem::path& directory, std::uint64_t megabytes) {
  std::filesystem::remove_all(directory);
  const SystemClock clock;
  const queue::QueueSettings settings{.directory = directory,
                                      .max_bytes = std::uint64_t{8} << 30,
                                      .durability = queue::Durability::os};
  const pid_t child = ::fork();
  if (child == 0) {
    telemetry::Metrics metrics;
    telemetry::Log log({.level = telemetry::Level::warn}, clock);
    auto queue = queue::Queue::open(settings, clock, metrics, log);
    if (!queue || !(*queue)->attach("away", queue::From::oldest)) ::_exit(1);
    std::size_t number = 0;
    while ((*queue)->status().bytes < megabytes << 20U) {
      queue::Batch batch;
      for (int i = 0; i < 1000; ++i) batch.events.push_back(event(++number));
      (*queue)->submit(std::move(batch), true);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  telemetry::Metrics metrics;
  telemetry::Log log({.level = telemetry::Level::warn}, clock);
  const auto start = SteadyClock::now();
  auto queue = queue::Queue::open(settings, clock, metrics, log);
  const double opened = seconds_since(start);
  if (!queue) std::exit(1);
  const auto pending = (*queue)->status().sinks.at(0).pending_events;
  const auto again = SteadyClock::now();
  queue::Position at{0};
  std::size_t read = 0;
  while (read < pending) {
    const auto found = (*queue)->read(at, 1000, 4U << 20U);
    if (!found || found->empty()) break;
    read += found->size();
    at = found->back().position;
  }
  std::printf("start after kill -9 with %llu MiB: %.0f ms; %zu events read at %.0f/s, ",
              static_cast<unsigned long long>((*queue)->status().bytes >> 20U), opened * 1000, read,
              static_cast<double>(read) / seconds_since(again));
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  std::printf("peak memory %ld MiB\n", use.ru_maxrss / 1024);
  queue->reset();
  std::filesystem::remove_all(directory);
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path directory = argc > 1 ? argv[1] : "queue-bench";
  const double seconds = argc > 2 ? std::atof(argv[2]) : 3;
  const auto backlog = static_cast<std::uint64_t>(argc > 3 ? std::atoi(argv[3]) : 256);
  std::filesystem::create_directories(directory);
  start_time(directory / "queue", backlog);
  std::printf("%-34s %12s %10s\n", "1 KB events, fsynced", "events/s", "CPU us");
  for (const std::size_t group : {1U, 64U, 256U, 1024U})
    std::printf("%-27s %6zu %12.0f\n", "log, events to a write:", group,
                log_rate(directory / "log", group, seconds / 3));
  for (const bool drained : {false, true}) {
    for (const auto& [in_flight, events] :
         {std::pair{1, 1UL}, {64, 1UL}, {256, 1UL}, {1024, 1UL}, {16, 100UL}}) {
      double cpu_us = 0;
      const double rate =
          queue_rate(directory / "queue", in_flight, events, drained, seconds, cpu_us);
      std::printf("%-11s %5d requests x %4zu %12.0f %10.1f\n", drained ? "and drained" : "queue",
                  in_flight, events, rate, cpu_us);
      std::fflush(stdout);
    }
  }
}
