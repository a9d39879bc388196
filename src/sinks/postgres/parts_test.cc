#include "sinks/postgres/parts.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cdviz::sinks::postgres {
namespace {

using ::testing::ElementsAre;

Event event_of(const std::string& id, const std::string& subject, std::size_t bytes = 10) {
  return Event(EventData{.source = "/ci",
                         .id = id,
                         .type = "dev.cdevents.taskrun.started.0.2.0",
                         .timestamp = "2026-03-01T12:00:00Z",
                         .subject_id = subject,
                         .json = std::string(bytes, 'x')});
}

Part pointers(const std::vector<Event>& events) {
  Part all;
  for (const Event& event : events) all.push_back(&event);
  return all;
}

std::vector<std::string> ids(std::span<const Event* const> part) {
  std::vector<std::string> found;
  for (const Event* event : part) found.push_back((*event)->id);
  return found;
}

std::size_t part_of(const std::vector<Part>& parts, const Event& event) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (std::ranges::find(parts[i], &event) != parts[i].end()) return i;
  }
  return parts.size();
}

TEST(Parts, EveryEventIsInOnePartAndTheOrderIsKept) {
  std::vector<Event> events;
  events.reserve(2000);
  for (int i = 0; i < 2000; ++i) {
    events.push_back(event_of(std::to_string(i), fmt::format("run {}", i / 3)));
  }
  const auto parts = divide(pointers(events), 2);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].size() + parts[1].size(), 2000U);
  EXPECT_NEAR(static_cast<double>(parts[0].size()), 1000, 150);
  for (const Part& part : parts) EXPECT_TRUE(std::ranges::is_sorted(part)) << "one vector's order";
}

TEST(Parts, EventsOfOneSubjectStayTogether) {
  std::vector<Event> events;
  events.reserve(300);
  for (int i = 0; i < 300; ++i) {
    events.push_back(event_of(std::to_string(i), fmt::format("run {}", i % 100)));
  }
  const auto parts = divide(pointers(events), 4);
  EXPECT_EQ(parts.size(), 4U);
  for (std::size_t i = 100; i < 300; ++i) {
    EXPECT_EQ(part_of(parts, events[i]), part_of(parts, events[i % 100])) << i;
  }
}

TEST(Parts, CopiesOfAnEventStayTogetherWhateverTheirSubjects) {
  std::vector<Event> events;
  events.reserve(200);
  for (int i = 0; i < 200; ++i) {
    events.push_back(event_of(i % 2 == 0 ? "copied" : std::to_string(i), std::to_string(i)));
  }
  const auto parts = divide(pointers(events), 3);
  const std::size_t home = part_of(parts, events[0]);
  for (std::size_t i = 0; i < 200; i += 2) EXPECT_EQ(part_of(parts, events[i]), home) << i;
  EXPECT_GE(parts[home].size(), 100U);
}

TEST(Parts, OneWayAndNoEventsAreNothingSpecial) {
  const std::vector<Event> events{event_of("a", "1"), event_of("b", "2")};
  const auto parts = divide(pointers(events), 1);
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_THAT(ids(parts[0]), ElementsAre("a", "b"));
  EXPECT_TRUE(divide({}, 2).empty());
}

TEST(Parts, ATransactionHoldsWhatFitsAndALargerEventGoesAlone) {
  const std::vector<Event> events{event_of("a", "1", 60), event_of("b", "2", 40),
                                  event_of("c", "3", 500), event_of("d", "4", 1)};
  const Part all = pointers(events);
  const TransactionLimits limits{.events = 3, .bytes = 100};
  EXPECT_EQ(fitting(all, limits), 2U);
  EXPECT_EQ(fitting(std::span(all).subspan(2), limits), 1U) << "too large, alone";
  EXPECT_EQ(fitting(std::span(all).subspan(3), limits), 1U);
  EXPECT_EQ(fitting({}, limits), 0U);
  EXPECT_EQ(fitting(all, {.events = 3, .bytes = 10'000}), 3U);
}

}  // namespace
}  // namespace cdviz::sinks::postgres
