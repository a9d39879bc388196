#include <set>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "activity/ledger.h"
#include "activity/testing.h"

namespace cdviz::activity {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class FixedClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point now() const override { return {}; }
  WallTime wall() const override { return wall_; }
  bool wait(std::chrono::milliseconds, std::stop_token) const override { return true; }
  WallTime wall_{1'790'000'000'000ms};
};

class LedgerTest : public testing::Test {
 protected:
  LedgerTest() : events_(settings()) {}
  static Settings settings() {
    return {.section = "file",
            .purl = PurlTemplate::parse("pkg:generic/{name}", places({}, {})).value()};
  }
  Ledger ledger() { return {inlet_, events_, clock_, "file:///srv"}; }
  static Thing thing(const std::string& path, std::optional<WallTime> time = {}) {
    return {.path = path, .time = time};
  }
  /// Tells of it as a source does that has looked it up.
  void tell(Ledger& ledger, const std::string& key, Thing thing) {
    auto last = ledger.known(key);
    ASSERT_TRUE(last);
    ASSERT_TRUE(
        ledger.tell({.key = key, .thing = std::move(thing), .mark = "m", .last = *last}, stop_));
  }
  void lose(Ledger& ledger, const std::string& key) {
    auto last = ledger.known(key);
    ASSERT_TRUE(last && *last);
    ASSERT_TRUE(ledger.tell_gone({.key = key, .last = **last}, stop_));
  }
  /// "published created" of each message that came since the last call.
  std::vector<std::string> told() {
    std::vector<std::string> all;
    for (const auto& message : inlet_.take()) {
      const auto event = boost::json::parse(message.body);
      const std::string type(event.at("context").at("type").as_string());
      const std::string change(event.at("customData").at("file").at("change").as_string());
      const std::string id(event.at("context").at("id").as_string());
      all.push_back((type.find("deleted") != std::string::npos ? "deleted " : "published ") +
                    change);
      ids_.push_back(id);
    }
    return all;
  }
  std::size_t different_ids() const { return std::set(ids_.begin(), ids_.end()).size(); }

  FixedClock clock_;
  MemoryInlet inlet_;
  ArtifactEvents events_;
  std::stop_token stop_;
  std::vector<std::string> ids_;
};

TEST_F(LedgerTest, EventsAndRowsGoTogether) {
  Ledger ledger = this->ledger();
  tell(ledger, "a", thing("a"));
  EXPECT_TRUE(inlet_.rows().empty());
  EXPECT_TRUE(ledger.known("a")->has_value());  // though it is not on disk yet
  ASSERT_TRUE(ledger.flush(stop_));
  EXPECT_THAT(told(), ElementsAre("published created"));
  EXPECT_EQ(ledger.known("a")->value(), (Known{.thing = thing("a"), .mark = "m"}));
  EXPECT_EQ(ledger.told(), 1U);
}

TEST_F(LedgerTest, WhatComesAndGoesAgainHasAnotherIdEachTime) {
  Ledger ledger = this->ledger();
  for (int i = 0; i < 3; ++i) {
    tell(ledger, "a", thing("a"));
    lose(ledger, "a");
  }
  ASSERT_TRUE(ledger.flush(stop_));
  EXPECT_EQ(told().size(), 6U);
  EXPECT_EQ(different_ids(), 6U);
}

TEST_F(LedgerTest, AnOldCopyThatIsPutBackIsAnotherHappening) {
  Ledger ledger = this->ledger();
  tell(ledger, "a", thing("a", clock_.wall_ - 2h));
  tell(ledger, "a", thing("a", clock_.wall_ - 1h));
  tell(ledger, "a", thing("a", clock_.wall_ - 2h));
  tell(ledger, "a", thing("a", clock_.wall_ - 1h));
  ASSERT_TRUE(ledger.flush(stop_));
  EXPECT_THAT(told(), ElementsAre("published created", "published modified", "published modified",
                                  "published modified"));
  EXPECT_EQ(different_ids(), 4U);
}

TEST_F(LedgerTest, ALedgerThatIsLostTellsTheSameIds) {
  const WallTime made = clock_.wall_ - 2h;
  for (int i = 0; i < 2; ++i) {
    MemoryInlet fresh;
    Ledger ledger(fresh, events_, clock_, "file:///srv");
    tell(ledger, "a", thing("a", made));
    tell(ledger, "a", thing("a", made + 1h));
    ASSERT_TRUE(ledger.flush(stop_));
    for (const auto& message : fresh.take()) {
      ids_.emplace_back(boost::json::parse(message.body).at("context").at("id").as_string());
    }
    clock_.wall_ += 1h;
  }
  EXPECT_EQ(ids_.size(), 4U);
  EXPECT_EQ(different_ids(), 2U);
}

TEST_F(LedgerTest, AMoveIsOneBatch) {
  Ledger ledger = this->ledger();
  tell(ledger, "a", thing("a"));
  const auto former = ledger.known("a")->value();
  ASSERT_TRUE(
      ledger.tell_moved({.key = "b", .thing = thing("b"), .mark = "m"}, "a", former, stop_));
  ASSERT_TRUE(ledger.flush(stop_));
  EXPECT_THAT(told(), ElementsAre("published created", "published moved", "deleted moved"));
  EXPECT_EQ(inlet_.batches(), 1U);
  EXPECT_EQ(ledger.known("a")->value().gone, clock_.wall_);
  EXPECT_EQ(ledger.known("b")->value().gone, std::nullopt);
}

TEST_F(LedgerTest, WhatIsOnlyRememberedIsNotTold) {
  Ledger ledger = this->ledger();
  ASSERT_TRUE(ledger.remember("a", {.thing = thing("a"), .mark = "m"}, stop_));
  ASSERT_TRUE(ledger.set_note("begun", "1", stop_));
  EXPECT_EQ(*ledger.note("begun"), "1");
  ASSERT_TRUE(ledger.flush(stop_));
  EXPECT_TRUE(told().empty());
  EXPECT_EQ(*ledger.note("begun"), "1");
  EXPECT_TRUE(ledger.known("a")->has_value());
  ASSERT_TRUE(ledger.forget("a", stop_));
  EXPECT_FALSE(ledger.known("a")->has_value());
  ASSERT_TRUE(ledger.flush(stop_));
  EXPECT_FALSE(ledger.known("a")->has_value());
}

TEST_F(LedgerTest, BatchesHaveALimit) {
  Ledger ledger = this->ledger();
  for (std::size_t i = 0; i < Ledger::kBatchMessages * 2 + 1; ++i) {
    tell(ledger, std::to_string(i), thing(std::to_string(i)));
  }
  EXPECT_EQ(inlet_.batches(), 2U);
  const std::string details = R"({"x":")" + std::string(Ledger::kBatchBytes, 'x') + "\"}";
  ASSERT_TRUE(ledger.tell({.key = "big", .thing = {.path = "big", .details = details}}, stop_));
  EXPECT_EQ(inlet_.batches(), 3U);
}

TEST_F(LedgerTest, AFailureOfTheQueueKeepsNothing) {
  Ledger ledger = this->ledger();
  tell(ledger, "a", thing("a"));
  inlet_.fail_next({Fault::retry, "the disk is full", "queue_full"});
  EXPECT_EQ(ledger.flush(stop_).error().code, "queue_full");
  EXPECT_FALSE(ledger.known("a")->has_value());
  tell(ledger, "a", thing("a"));
  inlet_.close();
  EXPECT_EQ(ledger.flush(stop_).error().fault, Fault::retry);
}

TEST_F(LedgerTest, RowsComeInPages) {
  Ledger ledger = this->ledger();
  for (const auto* key : {"r:a", "r:b", "r:c", "s:a"}) tell(ledger, key, thing(key));
  ASSERT_TRUE(ledger.flush(stop_));
  inlet_.set_row("thing/r:b", "damaged");
  const auto first = ledger.page("r:", "", 2);
  ASSERT_TRUE(first);
  ASSERT_EQ(first->size(), 2U);
  EXPECT_EQ(first->at(0).first, "r:a");
  EXPECT_EQ(first->at(1).second.gone, WallTime::min());
  const auto second = ledger.page("r:", first->back().first, 2);
  ASSERT_EQ(second->size(), 1U);
  EXPECT_EQ(second->at(0).second.thing.path, "r:c");
}

TEST(Known, SurvivesTheQueue) {
  const Known known{
      .thing = {.path = "\xff"}, .mark = std::string("m\0\xff", 3), .gone = WallTime{7ms}};
  EXPECT_EQ(parse_known(to_text(known)), known);
  for (const auto* text :
       {"", "{}", R"({"thing":1})", R"({"thing":{},"mark":7})", R"({"thing":{},"mark":"%"})"}) {
    EXPECT_EQ(parse_known(text), std::nullopt) << text;
  }
}

TEST(SeenKeys, FindsWhatWasSeenAndNothingElse) {
  SeenKeys keys;
  for (int i = 0; i < 100'000; i += 2) keys.add(std::to_string(i));
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_EQ(keys.contains(std::to_string(i)), i % 2 == 0) << i;
  }
  keys.add("late");
  EXPECT_TRUE(keys.contains("late"));
  EXPECT_EQ(keys.size(), 50'001U);
}

}  // namespace
}  // namespace cdviz::activity
