#include <gtest/gtest.h>

#include "sources/s3/mark.h"

namespace cdviz::sources::s3 {
namespace {

TEST(S3Mark, ComesBackAsItWasWritten) {
  for (const Mark& mark :
       {Mark{}, Mark{.etag = "abc-2", .version = "v 1%", .size = 5'000'000'000, .modified = -5},
        Mark{.etag = "-",
        .documents = 7,
        .whole = false,
        .left = true,
        .missed = true,
        .read_at = 1'750'000'000}}) {
    EXPECT_EQ(parse_mark(to_text(mark)), mark) << to_text(mark);
  }
  EXPECT_EQ(to_text({.etag = "abc", .size = 3, .modified = 9, .documents = 2, .read_at = 4}),
            "1 abc - 3 9 2 - 4");
}

TEST(S3Mark, AnythingElseIsNone) {
  for (const auto* text : {"", "1", "2 abc - 3 9 2 - 4", "1 abc - x 9 2 - 4", "1 abc - 3 9 2 -",
                           "1 abc - 3 9 2 - 4 5", "1 abc - 3 9 2 - 4x", "1 abc - -3 9 2 - 4"}) {
    EXPECT_FALSE(parse_mark(text)) << text;
  }
}

TEST(S3Mark, TellsAnObjectFromAnotherOfTheSameKey) {
  const Mark mark{.etag = "a", .version = "v1", .modified = 100};
  EXPECT_TRUE(is_same(mark, "a", "v1", 100));
  EXPECT_TRUE(is_same(mark, "a", "", 100)) << "a listing knows no version";
  EXPECT_TRUE(is_same(mark, "a", "", 0)) << "a notification knows no time";
  EXPECT_FALSE(is_same(mark, "b", "", 100));
  EXPECT_FALSE(is_same(mark, "a", "", 101)) << "written again, with the same content";
  EXPECT_FALSE(is_same(mark, "a", "v2", 100));
  EXPECT_EQ(object_key_of(ledger_key("a/b")), "a/b");
}

}  // namespace
}  // namespace cdviz::sources::s3
