#include "cdevents/lenient_time.h"

#include <random>

#include <gtest/gtest.h>

#include "cdevents/date_time.h"

namespace cdviz::cdevents {
namespace {

TEST(LenientTime, Trap7WhatComesCloseIsMended) {
  const struct {
    const char* text;
    const char* mended;
  } kCases[] = {
      {"2026-11-20T12:00:00.123+0100", "2026-11-20T12:00:00.123+01:00"},  // Jira
      {"2026-11-20T12:00:00-0830", "2026-11-20T12:00:00-08:30"},
      {"2026-11-20T12:00:00+01", "2026-11-20T12:00:00+01:00"},
      {"2026-11-20 12:00:00Z", "2026-11-20T12:00:00Z"},
      {"2026-11-20 12:00:00.123456", "2026-11-20T12:00:00.123456Z"},  // Python's str(datetime)
      {"2026-11-20 12:00:00.123456+00:00", "2026-11-20T12:00:00.123456+00:00"},
      {"2026-11-20T12:00:00", "2026-11-20T12:00:00Z"},
      {"2026-11-20 12:00:00 +0100", "2026-11-20T12:00:00+01:00"},
      {"1990-12-31 23:59:60", "1990-12-31T23:59:60Z"},
  };
  for (const auto& [text, mended] : kCases) EXPECT_EQ(mended_time(text), mended) << text;
}

TEST(LenientTime, WhatIsRightOrNoMomentIsLeftAlone) {
  for (const char* text :
       {"2026-11-20T12:00:00Z", "2026-11-20t12:00:00.1z", "2026-11-20T12:00:00-00:00", "",
        "2026-11-20", "2026-11-20T24:00:00", "2026-02-29 12:00:00", "2026-11-20T12:00:00 ",
        "2026-11-20T12:00:00+010", "2026-11-20T12:00:00+2500", "2026-11-20T12:00:00+01000",
        "2026-11-20T12:00:00CET", "2026-11-20T12:00:00,5", "2026-11-20T12:00:00.", "1763640000",
        "2026-11-20  12:00:00", "20 Nov 2026 12:00:00 +0100", "1990-12-31 12:59:60"}) {
    EXPECT_EQ(mended_time(text), std::nullopt) << text;
  }
}

/// PostgreSQL's reader refuses them; the database reads them by itself (0001_lake.sql, instant()).
TEST(LenientTime, Trap8WhatIsRfc3339IsNotRewrittenForADatabase) {
  for (const char* text : {"0000-01-01T00:00:00Z", "2026-03-01T12:00:00+23:59",
                           "9999-12-31T23:59:59.9999999Z", "2016-12-31T23:59:60Z"}) {
    EXPECT_EQ(mended_time(text), std::nullopt) << text;
  }
}

/// Spoils right ones and expects them back; and whatever comes out is a date-time.
TEST(LenientTime, WhatWasSpoiltIsMended) {
  std::mt19937 random(3);
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  const auto two = [&](unsigned n) {
    const unsigned value = below(n);
    return std::string(value < 10 ? "0" : "") + std::to_string(value);
  };
  for (int i = 0; i < 5'000; ++i) {
    const std::string date = std::to_string(1900 + below(200)) + "-1" + std::to_string(below(3)) +
                             "-2" + std::to_string(below(9));
    std::string clock = two(24) + ":" + two(60) + ":" + two(60);
    if (below(2) == 0) clock += "." + std::to_string(below(1'000'000));
    const std::string hours = (below(2) == 0 ? "+" : "-") + two(24);
    const std::string minutes = two(60);
    ASSERT_TRUE(is_date_time(date + "T" + clock + hours + ":" + minutes));
    EXPECT_EQ(mended_time(date + "T" + clock + hours + minutes),
              date + "T" + clock + hours + ":" + minutes);
    EXPECT_EQ(mended_time(date + " " + clock), date + "T" + clock + "Z");

    std::string noise = date + " " + clock + hours + minutes;
    noise[below(static_cast<unsigned>(noise.size()))] = "0T Z+-:.x"[below(9)];
    const auto mended = mended_time(noise);
    EXPECT_TRUE(!mended || is_date_time(*mended)) << noise;
  }
}

TEST(LenientTime, NowHasMilliseconds) {
  EXPECT_EQ(to_rfc3339(WallTime(std::chrono::milliseconds(0))), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_rfc3339(WallTime(std::chrono::milliseconds(1'795'352'405'007))),
            "2026-11-22T13:00:05.007Z");
  EXPECT_EQ(to_rfc3339(WallTime(std::chrono::milliseconds(-1))), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace cdviz::cdevents
