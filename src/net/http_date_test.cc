#include "net/http_date.h"

#include <gtest/gtest.h>

namespace cdviz::net {
namespace {

TEST(HttpDate, IsTheExampleOfTheSpecification) {
  EXPECT_EQ(http_date(WallTime{std::chrono::milliseconds{784'111'777'999}}),
            "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(HttpDate, KnowsLeapDaysAndTheEndOfAYear) {
  EXPECT_EQ(http_date(WallTime{std::chrono::seconds{951'782'400}}),
            "Tue, 29 Feb 2000 00:00:00 GMT");
  EXPECT_EQ(http_date(WallTime{std::chrono::seconds{1'767'225'599}}),
            "Wed, 31 Dec 2025 23:59:59 GMT");
}

}  // namespace
}  // namespace cdviz::net
