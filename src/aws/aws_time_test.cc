#include <gtest/gtest.h>

#include "aws/time.h"

namespace cdviz::aws {
namespace {

TEST(AwsTime, ReadsWhatTheServicesWrite) {
  EXPECT_EQ(format_time(*parse_time("2026-11-29T22:33:11Z")), "2026-11-29T22:33:11Z");
  EXPECT_EQ(format_time(*parse_time("2026-11-29T22:33:11.000Z")), "2026-11-29T22:33:11Z");
  EXPECT_EQ(format_time(*parse_time("2024-02-29T00:00:00.5Z")), "2024-02-29T00:00:00.500Z");
  EXPECT_EQ(format_time(*parse_time("1969-12-31T23:59:59.123456789Z")), "1969-12-31T23:59:59.123Z");
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), parse_time("1994-11-06T08:49:37Z"));
}

TEST(AwsTime, ReadsNothingElse) {
  for (const auto* text :
       {"", "Z", "2026-11-29", "2026-11-29T22:33:11", "2026-11-29T22:33:11+00:00",
        "2026-13-29T22:33:11Z", "2025-02-29T22:33:11Z", "2026-11-29T24:33:11Z",
        "2026-11-29 22:33:11Z", "2026-11-29T22:33:11.Z", "2026-11-29T22:33:11,1Z",
        "-026-11-29T22:33:11Z", "2026-11-29T22:33:11.12345678901Z"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
  EXPECT_FALSE(parse_http_date("yesterday noon"));
}

}  // namespace
}  // namespace cdviz::aws
