// What CloudEvents cost: taking an event of 1 KB out of each mode, and sending it in each. To
// compare with events_bench, which checks the event itself.
#include <string>

#include <benchmark/benchmark.h>

#include "cloudevents/encode.h"
#include "cloudevents/transport.h"
#include "cloudevents/unwrap.h"

namespace {

using namespace cdviz;
using namespace cdviz::cloudevents;

EventData event() {
  EventData data{.source = "https://ci.example.org/job/42",
                 .id = "271069a8-fc18-44f1-b38f-9d70a1695819",
                 .type = "dev.cdevents.service.deployed.0.3.0",
                 .timestamp = "2026-11-20T12:00:00.123456Z",
                 .subject_id = "pkg:oci/app@sha256%3A0b31b1c02ff458ad9b7b",
                 .json = {}};
  data.json = R"({"context":{"specversion":"0.5.1","id":")" + data.id +
              R"("},"customData":{"pad":")" + std::string(850, 'x') + "\"}}";
  return data;
}

Message message_of(const Encoding& encoding) {
  auto encoded = encode(event(), encoding);
  return {.body = encoded.body,
          .headers = attribute_headers(encoding.transport, encoded.headers).headers};
}

void unwrap_mode(benchmark::State& state) {
  const Message message = message_of({.structured = state.range(0) != 0});
  for (auto _ : state) benchmark::DoNotOptimize(unwrap(message));
}
BENCHMARK(unwrap_mode)->ArgName("structured")->Arg(0)->Arg(1);

void unwrap_plain(benchmark::State& state) {
  const Message message{.body = event().json, .headers = {{"traceparent", "x"}, {"x-kept", "y"}}};
  for (auto _ : state) benchmark::DoNotOptimize(unwrap(message));
}
BENCHMARK(unwrap_plain);

void read_headers(benchmark::State& state) {
  auto headers = encode(event(), {}).headers;
  for (const auto* other : {"Host", "User-Agent", "Accept", "Content-Length", "traceparent"}) {
    headers.add(other, "something");
  }
  for (auto _ : state) benchmark::DoNotOptimize(attribute_headers(Transport::http, headers));
}
BENCHMARK(read_headers);

void encode_mode(benchmark::State& state) {
  const EventData data = event();
  const Encoding encoding{.structured = state.range(0) != 0};
  for (auto _ : state) benchmark::DoNotOptimize(encode(data, encoding));
}
BENCHMARK(encode_mode)->ArgName("structured")->Arg(0)->Arg(1);

}  // namespace

BENCHMARK_MAIN();
