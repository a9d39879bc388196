#include "commands/queue_access.h"

#include <gtest/gtest.h>

namespace cdviz::commands {
namespace {

TEST(Times, AreReadAndWritten) {
  const WallTime now{std::chrono::milliseconds(1'700'000'000'123)};
  EXPECT_EQ(time_text(now), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(parse_since("2h", now), now - std::chrono::hours(2));
  EXPECT_EQ(parse_since("2023-11-14T22:13:20Z", now),
            WallTime{std::chrono::seconds(1'700'000'000)});
  EXPECT_EQ(time_text(*parse_since("2023-11-14", now)), "2023-11-14T00:00:00.000Z");
  for (const char* wrong : {"", "2", "2x", "-1h", "yesterday", "2023-11-14T22", "2023-11-14Zx"})
    EXPECT_FALSE(parse_since(wrong, now)) << wrong;
}

TEST(BytesText, HasAUnit) {
  EXPECT_EQ(bytes_text(12), "12 B");
  EXPECT_EQ(bytes_text(1536), "1.5 KiB");
  EXPECT_EQ(bytes_text(std::uint64_t{1} << 30), "1.0 GiB");
}

}  // namespace
}  // namespace cdviz::commands
