// How long a document takes to become a checked event (docs/architecture.md, "Speed and size": at
// most 5 µs for 1 KB).
#include <string>
#include <variant>

#include <benchmark/benchmark.h>

#include "cdevents/check.h"
#include "cdevents/parse.h"

namespace {

std::string event_of(std::size_t bytes) {
  std::string text =
      R"({"context":{"version":"0.4.1","id":"271069a8-fc18-44f1-b38f-9d70a1695819","source":"/event/source/123",)"
      R"("type":"dev.cdevents.service.deployed.0.2.0","timestamp":"2023-03-20T14:27:05.315384Z"},)"
      R"("subject":{"id":"mySubject123","source":"/event/source/123","type":"service","content":{"environment":{"id":"test123"},)"
      R"("artifactId":"pkg:oci/myapp@sha256%3A0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427"}},"customData":{)";
  for (int i = 0; text.size() + 40 < bytes; ++i) {
    text += "\"field" + std::to_string(i) + R"(":"some text","n":)" + std::to_string(i) + ",";
  }
  return text + R"("last":true}})";
}

void parse(benchmark::State& state) {
  const std::string document = event_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    auto parsed = cdviz::cdevents::parse(std::string(document));
    if (!std::holds_alternative<cdviz::EventData>(parsed)) state.SkipWithError("refused");
    benchmark::DoNotOptimize(parsed);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(document.size()));
}
BENCHMARK(parse)->Arg(1024)->Arg(16 * 1024)->Unit(benchmark::kMicrosecond);

void check(benchmark::State& state, cdviz::cdevents::Policy policy) {
  const std::string document = event_of(static_cast<std::size_t>(state.range(0)));
  const cdviz::cdevents::Rules rules{.policy = policy};
  for (auto _ : state) {
    auto checked = cdviz::cdevents::check(std::string(document), rules, {}, {});
    if (!std::holds_alternative<cdviz::cdevents::Checked>(checked)) state.SkipWithError("refused");
    benchmark::DoNotOptimize(checked);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(document.size()));
}
void strict(benchmark::State& state) { check(state, cdviz::cdevents::Policy::strict); }
void report(benchmark::State& state) { check(state, cdviz::cdevents::Policy::report); }
void off(benchmark::State& state) { check(state, cdviz::cdevents::Policy::off); }
BENCHMARK(strict)->Arg(1024)->Arg(16 * 1024)->Unit(benchmark::kMicrosecond);
BENCHMARK(report)->Arg(1024)->Arg(16 * 1024)->Unit(benchmark::kMicrosecond);
BENCHMARK(off)->Arg(1024)->Arg(16 * 1024)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
