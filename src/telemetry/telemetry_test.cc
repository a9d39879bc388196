#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "telemetry/log.h"
#include "telemetry/metrics.h"
#include "telemetry/process_metrics.h"

namespace cdviz::telemetry {
namespace {

using testing::HasSubstr;
using testing::Not;

struct StoppedClock final : Clock {
  std::chrono::steady_clock::time_point time{std::chrono::hours(1)};
  std::chrono::steady_clock::time_point now() const override { return time; }
  WallTime wall() const override { return WallTime(std::chrono::milliseconds(1'700'000'000'123)); }
  bool wait(std::chrono::milliseconds, std::stop_token) const override { return true; }
};

/// A log that writes into a pipe, and what was written.
struct LogFixture : testing::Test {
  LogFixture() { EXPECT_EQ(pipe(fds), 0); }
  ~LogFixture() override {
    close(fds[0]);
    if (fds[1] >= 0) close(fds[1]);
  }
  std::string written() {
    close(fds[1]);
    fds[1] = -1;
    std::string text(65536, '\0');
    text.resize(
        static_cast<std::size_t>(std::max<ssize_t>(0, read(fds[0], text.data(), text.size()))));
    return text;
  }
  int fds[2]{};
  StoppedClock clock;
};

TEST_F(LogFixture, ALineIsLogfmtAndControlCharactersAreEscaped) {
  Log log({.fd = fds[1]}, clock);
  log.info("database", "connected again", {{"host", "a b"}, {"attempt", 3}, {"x", "\x1b[31m\n"}});
  EXPECT_EQ(written(),
            "ts=2023-11-14T22:13:20.123Z level=info msg=\"connected again\" component_id=database "
            "host=\"a b\" attempt=3 x=\"\\u001b[31m\\n\"\n");
}

TEST_F(LogFixture, JsonLinesCanBeAskedFor) {
  Log log({.format = LogFormat::json, .fd = fds[1]}, clock);
  log.error("q", "it \"broke\"");
  EXPECT_EQ(written(),
            "{\"ts\":\"2023-11-14T22:13:20.123Z\",\"level\":\"error\",\"msg\":\"it \\\"broke\\\"\","
            "\"component_id\":\"q\"}\n");
}

TEST_F(LogFixture, RepeatedWarningsAreCountedAndWrittenOnceInTenSeconds) {
  Log log({.fd = fds[1]}, clock);
  for (int i = 0; i < 5; ++i) log.warn("database", "away");
  log.warn("other", "away");
  clock.time += std::chrono::seconds(10);
  log.warn("database", "away");
  const std::string text = written();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_THAT(text, HasSubstr("repeated=4"));
}

TEST_F(LogFixture, LevelsAreChosenByComponent) {
  Log log({.level = Level::warn, .component_levels = {{"noisy", Level::debug}}, .fd = fds[1]},
          clock);
  log.info("quiet", "not shown");
  log.debug("noisy", "shown");
  const std::string text = written();
  EXPECT_THAT(text, HasSubstr("component_id=noisy"));
  EXPECT_THAT(text, Not(HasSubstr("quiet")));
}

TEST(Metrics, TheSameNameAndLabelsAreTheSameMetric) {
  Metrics metrics;
  metrics.counter("cdviz_x_total", "Help.", {{"a", "1"}}).Increment();
  metrics.counter("cdviz_x_total", "Other help.", {{"a", "1"}}).Increment();
  EXPECT_THAT(metrics.text(), HasSubstr("cdviz_x_total{a=\"1\"} 2"));
}

TEST(Metrics, AreRefreshedBeforeEachScrapeUntilTheHandleGoes) {
  Metrics metrics;
  Gauge& gauge = metrics.gauge("cdviz_depth", "Help.");
  auto handle = metrics.before_scrape([&] { gauge.Increment(); });
  metrics.text();
  EXPECT_THAT(metrics.text(), HasSubstr("cdviz_depth 2"));
  handle.reset();
  EXPECT_THAT(metrics.text(), HasSubstr("cdviz_depth 2"));
}

TEST(Metrics, AHandleMayOutliveThem) {
  Metrics::Handle handle;
  {
    Metrics metrics;
    handle = metrics.before_scrape([] {});
  }
  handle.reset();
}

TEST(ProcessMetrics, SayWhatTheProcessUses) {
  Metrics metrics;
  const auto handle = add_process_metrics(metrics, "1.2.3");
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("version=\"1.2.3\""));
  EXPECT_GT(metrics.gauge("process_resident_memory_bytes", "").Value(), 1e6);
  EXPECT_GE(metrics.gauge("process_open_fds", "").Value(), 3);
  EXPECT_GT(metrics.gauge("process_start_time_seconds", "").Value(), 1.6e9);
}

}  // namespace
}  // namespace cdviz::telemetry
