// What the HTTP source itself costs for a request: credentials, signature, decoding, splitting, and
// the answer. The inlet here accepts everything at once.
#include <array>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <zlib.h>

#include "core/clock.h"
#include "core/component.h"
#include "net/routes.h"
#include "sources/http/webhook_source.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace {

using namespace cdviz;

/// Keeps the route that takes events, to be called directly.
class OneRoute final : public net::Routes {
 public:
  Result<Registration> add(net::Route route) override {
    const std::lock_guard lock(mutex_);
    if (route.method != "POST") return Registration{};
    route_ = std::make_shared<net::Route>(std::move(route));
    added_.notify_all();
    return Registration(route_);
  }
  std::shared_ptr<net::Route> wait() {
    std::unique_lock lock(mutex_);
    added_.wait(lock, [&] { return route_ != nullptr; });
    return route_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable added_;
  std::shared_ptr<net::Route> route_;
};

class AcceptingInlet final : public Inlet {
 public:
  bool put(std::vector<Message> batch, Checkpoint, Settled settled) override {
    return offer(std::move(batch), std::move(settled)) == Offered::taken;
  }
  Offered offer(std::vector<Message> batch, Settled settled) override {
    Receipt receipt;
    receipt.accepted.reserve(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      receipt.accepted.push_back({i, "271069a8-fc18-44f1-b38f-9d70a1695819", "/event/source/123"});
    }
    settled(receipt);
    return Offered::taken;
  }
  Result<std::optional<std::string>> checkpoint(std::string_view) const override {
    return std::optional<std::string>{};
  }
};

std::string event_of(std::size_t bytes) {
  std::string text = R"({"context":{"id":"1"},"customData":{)";
  for (int i = 0; text.size() + 40 < bytes; ++i) {
    text += "\"field" + std::to_string(i) + R"(":"some text","n":)" + std::to_string(i) + ",";
  }
  return text + R"("last":true}})";
}

std::string gzipped(std::string text) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK) std::abort();
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

void run(benchmark::State& state, sources::http::WebhookSettings settings,
         const net::Request& request, std::int64_t events) {
  SystemClock clock;
  telemetry::Metrics metrics;
  telemetry::Log log({.level = telemetry::Level::off}, clock);
  OneRoute routes;
  AcceptingInlet inlet;
  settings.id = "bench";
  const auto source = sources::http::make_webhook_source(
      std::move(settings), Services{"bench", clock, metrics, log, routes});
  std::jthread thread([&](std::stop_token stop) { static_cast<void>(source->run(inlet, stop)); });
  const auto route = routes.wait();
  for (auto _ : state) {
    int status = route->admit(request) ? 401 : 0;
    route->handle(request, [&](net::Response response) { status = response.status; });
    if (status != 202) state.SkipWithError("not accepted");
  }
  state.SetItemsProcessed(state.iterations() * events);
}

net::Request request_of(std::string body, Headers headers) {
  net::Request request;
  request.method = "POST";
  request.path = "/webhook/bench";
  request.remote_address = "127.0.0.1:54321";
  request.headers = {{"Host", "127.0.0.1"}, {"User-Agent", "bench"}, {"Accept", "*/*"}};
  for (const auto& [name, value] : headers) request.headers.add(name, value);
  request.body = std::move(body);
  return request;
}

const Headers kJson{{"Content-Type", "application/json"}};

void one_event(benchmark::State& state) { run(state, {}, request_of(event_of(1024), kJson), 1); }
BENCHMARK(one_event);

void one_event_sniffed(benchmark::State& state) {
  run(state, {}, request_of(event_of(1024), {}), 1);
}
BENCHMARK(one_event_sniffed);

void one_event_gzipped(benchmark::State& state) {
  run(state, {},
      request_of(gzipped(event_of(1024)),
                 {{"Content-Type", "application/json"}, {"Content-Encoding", "gzip"}}),
      1);
}
BENCHMARK(one_event_gzipped);

void one_event_with_bearer_token(benchmark::State& state) {
  sources::http::WebhookSettings settings;
  settings.credentials.allow_bearer("a-token-of-some-length-0123456789");
  run(state, std::move(settings),
      request_of(event_of(1024), {{"Content-Type", "application/json"},
                                  {"Authorization", "Bearer a-token-of-some-length-0123456789"}}),
      1);
}
BENCHMARK(one_event_with_bearer_token);

void one_event_signed(benchmark::State& state) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const std::string body = event_of(1024);
  const std::array parts{std::string_view(body)};
  const net::Mac mac = net::Hmac(net::HashAlgorithm::sha256, "key").of(parts);
  std::string signature = "sha256=";
  for (const char c : mac.view()) {
    signature += kDigits[static_cast<unsigned char>(c) >> 4U];
    signature += kDigits[static_cast<unsigned char>(c) & 0xFU];
  }
  sources::http::WebhookSettings settings;
  const auto added = settings.rules.add(
      {"X-Hub-Signature-256", net::SignatureRule{.keys = {"key"}, .prefix = "sha256="}});
  if (!added) std::abort();
  run(state, std::move(settings),
      request_of(body, {{"Content-Type", "application/json"}, {"X-Hub-Signature-256", signature}}),
      1);
}
BENCHMARK(one_event_signed);

void hundred_events(benchmark::State& state) {
  std::string body = "[" + event_of(1024);
  for (int i = 1; i < 100; ++i) body += "," + event_of(1024);
  run(state, {}, request_of(body + "]", kJson), 100);
}
BENCHMARK(hundred_events);

void hundred_lines(benchmark::State& state) {
  std::string body;
  for (int i = 0; i < 100; ++i) body += event_of(1024) + "\n";
  run(state, {}, request_of(body, {{"Content-Type", "application/x-ndjson"}}), 100);
}
BENCHMARK(hundred_lines);

}  // namespace

BENCHMARK_MAIN();
