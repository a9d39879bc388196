#include "core/event_template.h"

#include <gtest/gtest.h>

namespace cdviz {
namespace {

EventData event() {
  return {.source = "/ci/one",
          .id = "e-1",
          .type = "dev.cdevents.service.deployed.0.2.0",
          .timestamp = "2026-01-31T12:00:00Z",
          .subject_id = "shop/cart",
          .json = "{}",
          .origin = "hooks",
          .received_at = WallTime(std::chrono::sys_days(std::chrono::year(2026) / 2 / 3) +
                                  std::chrono::hours(4) + std::chrono::minutes(59))};
}

std::string rendered(std::string_view text, const EventTemplate::Encode& encode = nullptr) {
  const auto parsed = EventTemplate::parse(text);
  return parsed ? parsed->render(event(), encode) : "error: " + parsed.error().message;
}

TEST(EventTemplate, EveryPlaceIsFilledFromTheEvent) {
  EXPECT_EQ(rendered("{type}|{family}|{subject}|{predicate}|{version}"),
            "dev.cdevents.service.deployed.0.2.0|dev.cdevents|service|deployed|0.2.0");
  EXPECT_EQ(rendered("{id}|{source}|{timestamp}|{subject_id}|{origin}"),
            "e-1|/ci/one|2026-01-31T12:00:00Z|shop/cart|hooks");
  EXPECT_EQ(rendered("{year}/{month}/{day}/{hour}"), "2026/02/03/04");
}

TEST(EventTemplate, TextBetweenThePlacesStaysAndABraceIsWrittenTwice) {
  EXPECT_EQ(rendered("cdevents.{subject}"), "cdevents.service");
  EXPECT_EQ(rendered("{{{id}}}"), "{e-1}");
  EXPECT_EQ(rendered(""), "");
}

TEST(EventTemplate, OnlyValuesAreEncoded) {
  const auto encode = [](std::string_view value) { return "<" + std::string(value) + ">"; };
  EXPECT_EQ(rendered("a/{subject_id}/b", encode), "a/<shop/cart>/b");
}

TEST(EventTemplate, AMistakeIsNamed) {
  EXPECT_NE(rendered("{subjekt}").find("there is no {subjekt}; known are {type}"),
            std::string::npos);
  EXPECT_NE(rendered("a}").find("lone"), std::string::npos);
  EXPECT_NE(rendered("{id").find("never closed"), std::string::npos);
}

TEST(EventTemplate, WithoutAPlaceItIsConstant) {
  EXPECT_TRUE(EventTemplate::parse("cdevents")->constant());
  EXPECT_FALSE(EventTemplate::parse("{id}")->constant());
}

}  // namespace
}  // namespace cdviz
