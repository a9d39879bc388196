#include "sources/folder/file_state.h"

#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sources/folder/metadata.h"
#include "sources/folder/seen.h"
#include "sources/folder/side_files.h"

namespace cdviz::sources::folder {
namespace {

TEST(FileState, IsReadAsItWasWritten) {
  const Entry entry{.stamp = {1, -2, 3},
                    .format = parsers::Format::csv_row,
                    .compression = parsers::Compression::zstd,
                    .complete = true,
                    .cut = true,
                    .documents = 4,
                    .offset = 5,
                    .head_bytes = 6,
                    .head_hash = ~std::uint64_t{0},
                    .tail_hash = 8,
                    .content = 9,
                    .path = 10};
  EXPECT_EQ(parse_entry(to_text(entry)), entry);
  EXPECT_EQ(parse_entry(to_text(Entry{})), Entry{});
  for (const FileKey key : {FileKey{0, 255}, FileKey{17, ~std::uint64_t{0}}}) {
    EXPECT_EQ(parse_key(to_text(key)), key);
  }
}

TEST(FileState, TimesOfAnyYearCanBeSubtracted) {
  struct stat status {};
  status.st_mtim = {std::numeric_limits<time_t>::max(), 999'999'999};
  status.st_ctim = {std::numeric_limits<time_t>::min(), 0};
  const Stamp stamp = stamp_of(status);
  EXPECT_GT(stamp.modified_ns - std::int64_t{4'000'000'000'000'000'000}, 0);
  EXPECT_LT(stamp.changed_ns, 0);
  const Metadata metadata("{}", "/");
  EXPECT_THAT(metadata.of({.name = "a", .path = "a"}, stamp), testing::HasSubstr("\"2106-"));
  EXPECT_THAT(metadata.of({.name = "a", .path = "a"}, {.modified_ns = stamp.changed_ns}),
              testing::HasSubstr("\"1833-"));
}

TEST(FileState, WhatWasNotWrittenByItIsNothing) {
  const std::string good = to_text(Entry{});
  for (const std::string& text :
       {std::string(), std::string("1"), good + " 1", "2" + good.substr(1),
        good.substr(0, good.size() - 2), "1 ff" + good.substr(3), std::string("x")}) {
    EXPECT_FALSE(parse_entry(text)) << text;
  }
  for (const auto* text : {"", "x", "1:", "1:2:3"}) {
    EXPECT_FALSE(parse_key(text)) << text;
  }
}

TEST(Seen, AFileThatHasChangedIsNotWhatWasSeen) {
  Seen seen;
  const FileKey key{0, 7};
  EXPECT_FALSE(seen.holds(key, {}));
  seen.add(key, {1, 2, 3});
  EXPECT_TRUE(seen.holds(key, {1, 2, 3}));
  EXPECT_FALSE(seen.holds(key, {1, 2, 4}));
  EXPECT_FALSE(seen.holds({1, 7}, {1, 2, 3}));
}

TEST(Seen, HoldsMostOfManyInMemoryThatHasALimit) {
  Seen seen;
  constexpr std::uint64_t kFiles = 400'000;
  for (std::uint64_t i = 1; i <= kFiles; ++i) seen.add({0, i}, {i, 0, 0});
  std::uint64_t held = 0;
  for (std::uint64_t i = 1; i <= kFiles; ++i) held += seen.holds({0, i}, {i, 0, 0}) ? 1 : 0;
  EXPECT_GT(held, kFiles * 95 / 100);
}

TEST(SideFiles, HaveTheNameOfTheirFile) {
  EXPECT_EQ(stem_of("a.json"), "a");
  EXPECT_EQ(stem_of("a.b.json.gz"), "a.b");
  EXPECT_EQ(stem_of("a"), "a");
  EXPECT_EQ(stem_of(".a"), ".a");
  EXPECT_TRUE(is_side_file("a.headers.json", {}));
  EXPECT_FALSE(is_side_file("a.headers.json", {.headers = false}));
  EXPECT_FALSE(is_side_file("headers.json", {}));
}

}  // namespace
}  // namespace cdviz::sources::folder
