// Events a second that the source and the sink of NATS move through JetStream, beside bare libnats
// doing the same with the same bytes, in turns, on a nats-server of its own. Only the ratio of one
// run can be compared with another run's. Prints JSON, or why it cannot.
//
// usage: nats_bench [EVENTS [ROUNDS]]   (default: 50000, 3)
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <nats/nats.h>
#include <sys/resource.h>

#include "config/load.h"
#include "nats/testing/server.h"
#include "net/routes.h"
#include "sinks/nats/message.h"
#include "sinks/nats/nats.h"
#include "sources/nats/nats.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace {

using namespace cdviz;
using SteadyClock = std::chrono::steady_clock;
constexpr int kBatch = 500;

struct NoRoutes final : net::Routes {
  Result<Registration> add(net::Route) override { return Error{Fault::stop, "no server here"}; }
};

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "nats_bench: %s\n", message.c_str());
  std::exit(1);  // NOLINT(concurrency-mt-unsafe)
}

void must(natsStatus status, const char* what) {
  if (status != NATS_OK) fail(fmt::format("{}: {}", what, natsStatus_GetText(status)));
}

struct Figures {
  double seconds = 0;
  double cpu = 0;  ///< of this process, without the server
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

template <class Work>
Figures measured(Work work) {
  const double cpu = cpu_seconds();
  const auto start = SteadyClock::now();
  work();
  return {std::chrono::duration<double>(SteadyClock::now() - start).count(), cpu_seconds() - cpu};
}

/// 1 KB each, as they come out of the queue.
std::vector<Event> make_events(std::size_t count, const std::string& prefix) {
  std::vector<Event> events;
  for (std::size_t i = 0; i < count; ++i) {
    EventData data{.source = fmt::format("/ci/jenkins-{}", i % 40),
                   .id = fmt::format("{}-{:012x}", prefix, i),
                   .type = "dev.cdevents.service.deployed.0.3.0",
                   .timestamp = "2026-03-01T12:00:00Z",
                   .subject_id = fmt::format("namespace/service-{}", i % 300),
                   .json = {}};
    data.json = fmt::format(
        R"({{"context":{{"specversion":"0.5.1","id":"{}","source":"{}","type":"{}","timestamp":"{}"}},"subject":{{"id":"{}","content":{{}}}},"customData":{{"pad":"{}"}}}})",
        data.id, data.source, data.type, data.timestamp, data.subject_id, std::string(760, 'x'));
    events.emplace_back(std::move(data));
  }
  return events;
}

/// Counts, and answers at once: what the pipeline costs is measured elsewhere.
class CountingInlet final : public Inlet {
 public:
  bool put(std::vector<Message> batch, Checkpoint, Settled settled) override {
    return offer(std::move(batch), std::move(settled)) == Offered::taken;
  }
  Offered offer(std::vector<Message> batch, Settled settled) override {
    settled(Receipt{});
    const std::lock_guard lock(mutex_);
    count_ += batch.size();
    changed_.notify_all();
    return Offered::taken;
  }
  Result<std::optional<std::string>> checkpoint(std::string_view) const override {
    return std::optional<std::string>();
  }
  void wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return count_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t count_ = 0;
};

class Bench {
 public:
  explicit Bench(std::size_t count) : count_(count) {
    must(natsConnection_ConnectTo(&connection_, server_.url().c_str()), "connect");
    must(natsConnection_JetStream(&js_, connection_, nullptr), "JetStream");
  }
  ~Bench() {
    jsCtx_Destroy(js_);
    natsConnection_Destroy(connection_);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  void new_stream() {
    js_DeleteStream(js_, "B", nullptr, nullptr);
    jsStreamConfig config;
    jsStreamConfig_Init(&config);
    const char* subjects[] = {"cdevents.>"};
    config.Name = "B";
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    must(js_AddStream(nullptr, js_, &config, nullptr, nullptr), "stream");
  }

  Figures sink(const std::vector<Event>& events) {
    static constexpr std::array<const SinkKind*, 1> kKinds = {&sinks::nats::kind};
    config::Input input;
    input.built_in = {{"bench", "[sinks.b]\nenabled = true\ntype = \"nats\"\nservers = \"" +
                                    server_.url() + "\"\nstream = \"B\"\n"}};
    auto loaded = config::load(input, config::Catalogue{{}, {}, kKinds});
    auto made = sinks::nats::kind.make(loaded.sinks().at(0).options, services());
    if (!made) fail(made.error().message);
    return measured([&] {
      for (std::size_t at = 0; at < events.size(); at += kBatch) {
        const auto batch =
            std::span(events).subspan(at, std::min<std::size_t>(kBatch, events.size() - at));
        if (const auto sent = (*made)->write(batch, {}); !sent) fail(sent.error().message);
      }
    });
  }

  /// The same messages, as libnats publishes them best: all of a batch in flight.
  Figures bare_publish(const std::vector<Event>& events) {
    const sinks::nats::MessageSettings settings{
        .subject = EventTemplate::parse("cdevents.{type}").value(),
        .encoding = {.transport = cloudevents::Transport::nats, .structured = true}};
    std::vector<sinks::nats::Message> messages;
    for (const Event& event : events) {
      messages.push_back(sinks::nats::message_of(*event, settings, WallTime{}).value());
    }
    return measured([&] {
      for (std::size_t at = 0; at < messages.size(); at += kBatch) {
        const std::size_t end = std::min<std::size_t>(messages.size(), at + kBatch);
        for (std::size_t i = at; i < end; ++i) {
          natsMsg* message = nullptr;
          must(natsMsg_Create(&message, messages[i].subject.c_str(), nullptr,
                              messages[i].body.data(), static_cast<int>(messages[i].body.size())),
               "message");
          for (const auto& [name, value] : messages[i].headers) {
            must(natsMsgHeader_Add(message, name.c_str(), value.c_str()), "header");
          }
          must(js_PublishMsgAsync(js_, &message, nullptr), "publish");
          natsMsg_Destroy(message);
        }
        must(js_PublishAsyncComplete(js_, nullptr), "acknowledgements");
      }
    });
  }

  Figures source() {
    static constexpr std::array<const SourceKind*, 1> kKinds = {&sources::nats::kind};
    config::Input input;
    input.built_in = {
        {"bench",
         "[sources.b]\nenabled = true\n[sources.b.extractor]\ntype = \"nats\"\nservers = \"" +
             server_.url() + "\"\nmode = \"jetstream\"\nstream = \"B\"\nconsumer = \"ours\"\n"}};
    auto loaded = config::load(input, config::Catalogue{{}, kKinds, {}});
    auto made = sources::nats::kind.make(loaded.sources().at(0).options, services());
    if (!made) fail(made.error().message);
    CountingInlet inlet;
    std::jthread thread;
    const Figures figures = measured([&] {
      thread = std::jthread([&](const std::stop_token& stop) {
        if (const auto ran = (*made)->run(inlet, stop); !ran) fail(ran.error().message);
      });
      inlet.wait_for(count_);
    });
    return figures;
  }

  /// Fetch and acknowledge, as libnats does it.
  Figures bare_fetch() {
    natsSubscription* subscription = nullptr;
    jsSubOptions options;
    jsSubOptions_Init(&options);
    options.Stream = "B";
    must(js_PullSubscribe(&subscription, js_, "cdevents.>", "bare", nullptr, &options, nullptr),
         "subscribe");
    const Figures figures = measured([&] {
      std::size_t got = 0;
      while (got < count_) {
        natsMsgList list{};
        must(natsSubscription_Fetch(&list, subscription, kBatch, 5000, nullptr), "fetch");
        for (int i = 0; i < list.Count; ++i) must(natsMsg_Ack(list.Msgs[i], nullptr), "ack");
        got += static_cast<std::size_t>(list.Count);
        natsMsgList_Destroy(&list);
      }
      must(natsConnection_Flush(connection_), "flush");
    });
    natsSubscription_Destroy(subscription);
    return figures;
  }

 private:
  Services services() { return {"b", clock_, metrics_, log_, routes_}; }

  const std::size_t count_;
  nats::testing::Server server_;
  natsConnection* connection_ = nullptr;
  jsCtx* js_ = nullptr;
  SystemClock clock_;
  telemetry::Metrics metrics_;
  telemetry::Log log_{{.level = telemetry::Level::error}, clock_};
  NoRoutes routes_;
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

struct Series {
  std::vector<double> rates, cpu;
  void add(const Figures& figures, std::size_t count) {
    rates.push_back(static_cast<double>(count) / figures.seconds);
    cpu.push_back(figures.cpu / static_cast<double>(count) * 1e6);
  }
  std::string json(const char* name) const {
    return fmt::format("\"{}\":{{\"events_per_second\":{:.0f},\"cpu_us\":{:.2f}}}", name,
                       median(rates), median(cpu));
  }
};

}  // namespace

int main(int argc, char** argv) try {
  if (const auto why = nats::testing::Server::missing(); !why.empty()) fail(why);
  const std::size_t count = argc > 1 ? std::stoul(argv[1]) : 50'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 3;
  Bench bench(count);
  Series sink, bare_sink, source, bare_source;
  for (int round = 0; round < rounds; ++round) {
    const auto events = make_events(count, std::to_string(round));
    bench.new_stream();
    bare_sink.add(bench.bare_publish(events), count);
    bench.new_stream();
    sink.add(bench.sink(events), count);
    bare_source.add(bench.bare_fetch(), count);
    source.add(bench.source(), count);
  }
  std::printf("{%s,%s,%s,%s}\n", sink.json("sink").c_str(), bare_sink.json("bare_publish").c_str(),
              source.json("source").c_str(), bare_source.json("bare_fetch").c_str());
  return 0;
} catch (const std::exception& e) {
  fail(e.what());
}
