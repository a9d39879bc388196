// Transformers that need no script, made from configurations as users write them.
#include "transforms/basic/basic.h"

#include <map>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "core/transform.h"
#include "net/routes.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz::transforms::basic {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Basic : ::testing::Test {
  /// A transformer with these keys; null, and `mistakes`, when it is wrong.
  std::unique_ptr<Transform> make(const std::string& keys) {
    static constexpr std::array kKinds = {&passthrough, &discard_all, &log, &filter, &deduplicate};
    config::Catalogue catalogue{};
    catalogue.transformers = kKinds;
    config::Input input;
    input.built_in = {{"test", "[transformers.x]\n" + keys}};
    const auto loaded = config::load(input, catalogue);
    mistakes.clear();
    std::unique_ptr<Transform> out;
    if (!loaded.transformers().empty()) {
      const auto& entry = loaded.transformers()[0];
      auto made = entry.kind->make(entry.options, {"x", clock, metrics, logger, routes});
      if (made) out = std::move(*made);
    }
    for (const auto& mistake : loaded.mistakes()) mistakes.push_back(config::to_string(mistake));
    return loaded.valid() ? std::move(out) : nullptr;
  }

  struct NoRoutes final : net::Routes {
    Result<Registration> add(net::Route) override { return Registration{}; }
  };
  SystemClock clock;
  telemetry::Metrics metrics;
  telemetry::Log logger{{.level = telemetry::Level::off}, clock};
  NoRoutes routes;
  std::vector<std::string> mistakes;
};

TEST_F(Basic, PassthroughAndDiscardAll) {
  EXPECT_EQ(make("type = 'passthrough'")->apply({.body = "x"})->messages.at(0).body, "x");
  const auto none = make("type = 'discard_all'")->apply({.body = "x"});
  EXPECT_TRUE(none->messages.empty());
  EXPECT_THAT(none->reason, HasSubstr("discard_all"));
  EXPECT_EQ(make("type = 'log'")->apply({.body = "x"})->messages.at(0).body, "x");
}

TEST_F(Basic, FilterKeepsOrDropsByAValue) {
  const auto keep = make("type = 'filter'\npath = '/a/0/b~1c'\nmatches = ['x*', '7']");
  EXPECT_EQ(keep->apply({.body = R"({"a":[{"b/c":"x1"}]})"})->messages.size(), 1U);
  EXPECT_EQ(keep->apply({.body = R"({"a":[{"b/c":7}]})"})->messages.size(), 1U);
  EXPECT_EQ(keep->apply({.body = R"({"a":[{"b/c":"y"}]})"})->messages.size(), 0U);
  EXPECT_EQ(keep->apply({.body = R"({"a":[]})"})->messages.size(), 0U);
  EXPECT_EQ(keep->apply({.body = "no JSON"})->messages.size(), 0U);
  const auto drop = make("type = 'filter'\nheader = 'X-Event'\nmatches = ['ping']\nexcept = true");
  EXPECT_EQ(drop->apply({.body = "{}", .headers = {{"x-event", "ping"}}})->reason,
            "filtered by the header X-Event");
  EXPECT_EQ(drop->apply({.body = "{}", .headers = {{"x-event", "push"}}})->messages.size(), 1U);
  EXPECT_EQ(drop->apply({.body = "{}"})->messages.size(), 1U);
  EXPECT_EQ(make("type = 'filter'\nmatches = ['a']"), nullptr);
  EXPECT_EQ(make("type = 'filter'\npath = 'a'\nmatches = ['a']"), nullptr);
}

struct Memory {
  std::map<std::string, std::string> entries;
  /// As the queue does once a batch is on disk.
  void commit(const Transformed& transformed) {
    for (const Memo& memo : transformed.memos) {
      entries[memo.entry.key] = memo.entry.value.value();
      memo.by->remember(memo.entry);
    }
  }
  Transform::Recall recall() {
    return [this](const std::string& key) -> std::optional<std::string> {
      const auto found = entries.find(key);
      return found == entries.end() ? std::nullopt : std::optional(found->second);
    };
  }
};

std::string with_id(int id) { return "{\"id\":" + std::to_string(id) + "}"; }

TEST_F(Basic, DeduplicateKnowsWhatWasStoredAlsoAfterARestart) {
  const std::string keys = "type = 'deduplicate'\nkey_path = '/id'\ncapacity = 3";
  Memory memory;
  auto one = make(keys);
  one->begin(memory.recall());
  for (int id = 1; id <= 4; ++id) memory.commit(*one->apply({.body = with_id(id)}));
  const auto again = one->apply({.body = with_id(4)});
  EXPECT_TRUE(again->messages.empty());
  EXPECT_THAT(again->reason, HasSubstr("a duplicate: its /id"));
  auto next = make(keys);
  next->begin(memory.recall());
  EXPECT_TRUE(next->apply({.body = with_id(2)})->messages.empty());
  EXPECT_TRUE(next->apply({.body = with_id(4)})->messages.empty());
  memory.commit(*next->apply({.body = with_id(5)}));
  EXPECT_TRUE(next->apply({.body = with_id(5)})->messages.empty());
  EXPECT_TRUE(next->apply({.body = with_id(3)})->messages.empty());
  for (int id = 1; id <= 2; ++id) {  // beyond the capacity
    EXPECT_EQ(next->apply({.body = with_id(id)})->messages.size(), 1U);
  }
}

TEST_F(Basic, DeduplicateLetsTheRetryOfAFailedMessagePass) {
  auto one = make("type = 'deduplicate'\nkey_path = '/id'");
  EXPECT_EQ(one->apply({.body = with_id(1)})->messages.size(), 1U);  // and could not be stored
  EXPECT_EQ(one->apply({.body = with_id(1)})->messages.size(), 1U);
  EXPECT_EQ(one->apply({.body = "{}"})->memos.size(), 0U);
  auto off = make("type = 'deduplicate'\nkey_path = '/id'\ncapacity = 0");
  EXPECT_EQ(off->apply({.body = with_id(1)})->memos.size(), 0U);
}

}  // namespace
}  // namespace cdviz::transforms::basic
