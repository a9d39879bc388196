// without_queue: the collector's HTTP server, webhook source and pipeline over a queue that says
// "stored" at once and keeps nothing; one webhook for each policy: 000 (report), strict, off. What
// the real one reaches of this one's rate is the price of being safe on disk. Prints its port, and
// runs until its standard input ends.
#include <cstdio>
#include <memory>
#include <utility>

#include "core/clock.h"
#include "net/server.h"
#include "pipeline/pipeline.h"
#include "queue/queue.h"
#include "sources/http/webhook_source.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace {

using namespace cdviz;

class NoQueue final : public queue::Queue {
 public:
  Offered submit(queue::Batch batch, bool, std::stop_token) override {
    batch.settled(queue::Position{1});
    return Offered::taken;
  }
  Result<queue::Position> attach(const std::string&, queue::From) override {
    return queue::Position{0};
  }
  Result<bool> release(const std::string&) override { return true; }
  Result<std::vector<queue::Stored>> read(queue::Position, std::size_t, std::size_t) override {
    return std::vector<queue::Stored>{};
  }
  bool wait_beyond(queue::Position, std::chrono::milliseconds timeout,
                   std::stop_token stop) override {
    SystemClock{}.wait(timeout, stop);
    return false;
  }
  void advance(const std::string&, queue::Position, std::vector<queue::DeadLetter>,
               std::function<void(const Result<void>&)> settled) override {
    if (settled) settled({});
  }
  Result<std::optional<std::string>> checkpoint(std::string_view, std::string_view) const override {
    return std::optional<std::string>{};
  }
  Result<std::vector<Checkpoint::Entry>> checkpoints(std::string_view, std::string_view,
                                                     std::string_view, std::size_t) const override {
    return std::vector<Checkpoint::Entry>{};
  }
  queue::QueueStatus status() const override {
    queue::QueueStatus status{};
    status.accepting = true;
    return status;
  }
  Result<std::vector<Refusal>> refusals(std::int64_t, std::size_t) override {
    return std::vector<Refusal>{};
  }
  Result<std::vector<queue::DeadLetter>> replay_requests(std::size_t) override {
    return std::vector<queue::DeadLetter>{};
  }
  void replayed(std::int64_t, queue::Batch) override {}
  void requeue(std::int64_t, Event, const std::string&) override {}
};

}  // namespace

int main() {
  SystemClock clock;
  telemetry::Metrics metrics;
  telemetry::Log log({}, clock);
  NoQueue queue;
  net::ServerSettings settings;
  settings.port = 0;
  net::Server server(settings, clock, metrics, log);
  const auto pipeline = pipeline::Pipeline::make({}, queue, clock, metrics, log);

  pipeline::Parts parts;
  using cdevents::Policy;
  for (const auto& [id, policy] :
       {std::pair{"000", Policy::report}, {"strict", Policy::strict}, {"off", Policy::off}}) {
    const std::string name = std::string("bench-") + id;
    const Services services{
        .name = name, .clock = clock, .metrics = metrics, .log = log, .routes = server};
    parts.sources.push_back({.name = name,
                             .type = "webhook",
                             .fingerprint = "",
                             .source = sources::http::make_webhook_source({.id = id}, services),
                             .rules = {.policy = policy}});
  }
  if (const auto started = pipeline->start(std::move(parts)); !started) {
    std::fprintf(stderr, "%s\n", started.error().message.c_str());
    return 1;
  }
  if (const auto listening = server.start(); !listening) {
    std::fprintf(stderr, "%s\n", listening.error().message.c_str());
    return 1;
  }
  std::printf("%u\n", static_cast<unsigned>(server.port()));
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  server.stop_accepting();
  pipeline->stop();
  return 0;
}
