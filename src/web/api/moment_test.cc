#include "web/api/moment.h"

#include <gtest/gtest.h>

namespace cdviz::web::api {
namespace {

using namespace std::chrono_literals;

/// Saturday.
const WallTime kNow{std::chrono::sys_days(std::chrono::year(2026) / 1 / 31).time_since_epoch() +
                    12h + 34min + 56s + 789ms};

std::string at(std::string_view text, Edge edge = Edge::begin) {
  const auto moment = moment_of(text, edge, kNow);
  return moment ? rfc3339(moment->time) + (moment->relative ? " moves" : "") : "nothing";
}

TEST(Moment, IsWhatGrafanaWrites) {
  EXPECT_EQ(at("now"), "2026-01-31T12:34:56.789Z moves");
  EXPECT_EQ(at("now-7d"), "2026-01-24T12:34:56.789Z moves");
  EXPECT_EQ(at("now-1M"), "2025-12-31T12:34:56.789Z moves");
  EXPECT_EQ(at("now+1h"), "2026-01-31T13:34:56.789Z moves");
  EXPECT_EQ(at("7d"), "2026-01-24T12:34:56.789Z moves");
  EXPECT_EQ(at("1769860800000"), "2026-01-31T12:00:00.000Z");
  EXPECT_EQ(at("2026-01-31"), "2026-01-31T00:00:00.000Z");
  EXPECT_EQ(at("2026-01-31T12:00:00Z"), "2026-01-31T12:00:00.000Z");
  EXPECT_EQ(at("2026-01-31T12:00"), "2026-01-31T12:00:00.000Z");
  EXPECT_EQ(at("2026-01-31T12:00:00.25+01:30"), "2026-01-31T10:30:00.250Z");
  EXPECT_EQ(at("2026-01-31T12:00:00.123456-01:00"), "2026-01-31T13:00:00.123Z");
}

TEST(Moment, HasEdgesOfUnits) {
  EXPECT_EQ(at("now/d"), "2026-01-31T00:00:00.000Z moves");
  EXPECT_EQ(at("now/d", Edge::end), "2026-02-01T00:00:00.000Z moves");
  EXPECT_EQ(at("now-1d/d"), "2026-01-30T00:00:00.000Z moves");
  EXPECT_EQ(at("now/w"), "2026-01-26T00:00:00.000Z moves");
  EXPECT_EQ(at("now/w", Edge::end), "2026-02-02T00:00:00.000Z moves");
  EXPECT_EQ(at("now/M"), "2026-01-01T00:00:00.000Z moves");
  EXPECT_EQ(at("now/M", Edge::end), "2026-02-01T00:00:00.000Z moves");
  EXPECT_EQ(at("now-1y/y"), "2025-01-01T00:00:00.000Z moves");
  EXPECT_EQ(at("now/h"), "2026-01-31T12:00:00.000Z moves");
}

TEST(Moment, IsNothingElse) {
  for (const auto* text : {"",
                           "now-",
                           "now-7",
                           "now-7x",
                           "now/x",
                           "now/",
                           "yesterday",
                           "2026-02-30",
                           "2026-13-01",
                           "2026-01-31T25:00:00Z",
                           "2026-01-31T12:61:00Z",
                           "12345",
                           "2026-01-31'; drop",
                           "now()",
                           "now-99999999999d",
                           "infinity",
                           "-infinity",
                           "1e12",
                           "/d",
                           "now-1d/dd"})
    EXPECT_EQ(at(text), "nothing") << text;
}

TEST(Moment, OfADefaultIsReadFromItsSql) {
  EXPECT_EQ(moment_of_default("now()"), "now");
  EXPECT_EQ(moment_of_default("now() - interval '7 days'"), "now-7d");
  EXPECT_EQ(moment_of_default("now() - interval '24 hours'"), "now-24h");
  EXPECT_EQ(moment_of_default("now() - interval '1 hour'"), "now-1h");
  EXPECT_EQ(moment_of_default("'infinity'"), std::nullopt);
  EXPECT_EQ(moment_of_default("now() - interval '7 moons'"), std::nullopt);
}

TEST(Moment, IsRoundedByTheLengthOfTheTime) {
  EXPECT_EQ(step_for(6h), 30s);
  EXPECT_EQ(step_for(24h), 5min);
  EXPECT_EQ(step_for(24h * 30), 1h);
  EXPECT_EQ(rfc3339(rounded_down(kNow, 30s)), "2026-01-31T12:34:30.000Z");
  EXPECT_EQ(rfc3339(rounded_down(WallTime(-1ms), 30s)), "1969-12-31T23:59:30.000Z");
}

}  // namespace
}  // namespace cdviz::web::api
