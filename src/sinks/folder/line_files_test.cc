// Lines in files, and what a crash leaves.
#include "sinks/folder/line_files.h"

#include <algorithm>
#include <array>
#include <optional>

#include <gtest/gtest.h>

#include "sinks/folder/testing.h"

namespace cdviz::sinks::folder {
namespace {

using testing::event;
using testing::TemporaryFolder;
using Strings = std::vector<std::string>;

struct LineFilesTest : ::testing::Test {
  /// As after a start: what was open before is closed as a crash does.
  LineFiles& start(Compression compression = Compression::none,
                   std::uint64_t roll_bytes = 1 << 20) {
    lines.reset();
    store.reset();
    auto opened = Store::open(folder.path, "out");
    EXPECT_TRUE(opened) << opened.error().message;
    store.emplace(std::move(*opened));
    lines.emplace(*store,
                  LineFileSettings{.sink = "out",
                                   .name = *FileName::parse("{year}/events"),
                                   .compression = compression,
                                   .roll_bytes = roll_bytes},
                  clock);
    EXPECT_TRUE(lines->recover());
    return *lines;
  }
  std::string part() const { return ".cdviz-out/" + folder.hidden().at(0); }
  std::string all_text() const {
    std::string text;
    for (const auto& name : folder.files()) text += folder.text(name);
    return text;
  }
  TemporaryFolder folder;
  SystemClock clock;
  std::optional<Store> store;
  std::optional<LineFiles> lines;
};

TEST_F(LineFilesTest, AFileIsSeenWhenItIsComplete) {
  start();
  ASSERT_TRUE(lines->write(std::array{event("a"), event("b", ",\n\"x\":1")}));
  EXPECT_TRUE(folder.files().empty());
  ASSERT_TRUE(lines->roll());
  ASSERT_EQ(folder.files().size(), 1U);
  EXPECT_TRUE(folder.files()[0].ends_with("Z-out.ndjson")) << folder.files()[0];
  EXPECT_EQ(all_text(), "{\"id\":\"a\"}\n{\"id\":\"b\", \"x\":1}\n");
  EXPECT_TRUE(folder.hidden().empty());
  ASSERT_TRUE(lines->roll());  // nothing is open
  EXPECT_EQ(folder.files().size(), 1U);
  EXPECT_EQ(lines->files(), 1U);
}

TEST_F(LineFilesTest, AFileThatIsLargeEnoughIsComplete) {
  start(Compression::none, 1);
  for (const auto* id : {"a", "b", "c"}) ASSERT_TRUE(lines->write(std::array{event(id)}));
  EXPECT_EQ(folder.files().size(), 3U);  // however quickly one follows the other
  EXPECT_EQ(all_text(), "{\"id\":\"a\"}\n{\"id\":\"b\"}\n{\"id\":\"c\"}\n");
}

TEST_F(LineFilesTest, AfterACrashTheHalfLineIsTakenOffAndTheRestIsSeen) {
  start();
  ASSERT_TRUE(lines->write(std::array{event("a"), event("b")}));
  lines.reset();
  folder.write(part(), folder.text(part()) + "{\"id\":\"c");
  start();
  EXPECT_EQ(all_text(), "{\"id\":\"a\"}\n{\"id\":\"b\"}\n");
  EXPECT_TRUE(folder.hidden().empty());
}

TEST_F(LineFilesTest, WhatACrashLeftUnconfirmedIsNotWrittenTwice) {
  start();
  ASSERT_TRUE(lines->write(std::array{event("a"), event("b"), event("c")}));
  start();  // the cursor stands behind a
  ASSERT_TRUE(lines->write(std::array{event("b"), event("c"), event("d")}));
  ASSERT_TRUE(lines->write(std::array{event("e")}));
  ASSERT_TRUE(lines->roll());
  std::string text = all_text();
  EXPECT_EQ(std::ranges::count(text, '\n'), 5);
}

TEST_F(LineFilesTest, NorIsWhatHadItsNameAlready) {
  for (const auto compression : {Compression::none, Compression::zstd}) {
    start(compression, 1);  // each batch is a file
    const auto before = folder.files().size();
    for (const auto* id : {"a", "b", "c", "d"}) ASSERT_TRUE(lines->write(std::array{event(id)}));
    start(compression, 1);  // the cursor stands behind a
    for (const auto* id : {"b", "c", "d", "e"}) ASSERT_TRUE(lines->write(std::array{event(id)}));
    EXPECT_EQ(folder.files().size() - before, 5U);
    start(compression, 1);  // and now behind all of them: a new one is written
    ASSERT_TRUE(lines->write(std::array{event("f")}));
    ASSERT_TRUE(lines->write(std::array{event("a")}));  // sent once more by somebody
    EXPECT_EQ(folder.files().size() - before, 7U);
    std::filesystem::remove_all(folder.path + "/.cdviz-out");
  }
}

TEST_F(LineFilesTest, WhatIsKeptForThatHasALimit) {
  start(Compression::gzip, 1);
  const std::string large = ",\"x\":\"" + std::string(3 << 20, 'x') + "\"";
  for (const auto* id : {"a", "b", "c", "d", "e", "f"}) {
    ASSERT_TRUE(lines->write(std::array{event(id, large)}));
  }
  std::uintmax_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path + "/.cdviz-out")) {
    bytes += entry.file_size();
  }
  EXPECT_LE(bytes, std::uintmax_t{12} << 20);
  EXPECT_EQ(folder.files().size(), 6U);
}

TEST_F(LineFilesTest, APartWithoutAWholeLineIsRemoved) {
  start();
  lines.reset();
  folder.write(".cdviz-out/1700000000000.part", std::string(600'000, 'x'));
  folder.write(".cdviz-out/1700000000001.part", "");
  folder.write(".cdviz-out/7.tmp", "left");
  folder.write(".cdviz-out/other.part", "not ours\n");
  start();
  EXPECT_TRUE(folder.files().empty());
  EXPECT_EQ(folder.hidden(), Strings{"other.part"});
}

TEST_F(LineFilesTest, ALongHalfLineIsTakenOffToo) {
  start();
  lines.reset();
  folder.write(".cdviz-out/1700000000000.part", "{}\n" + std::string(900'000, 'x'));
  start();
  EXPECT_EQ(folder.files(), Strings{"2023/events-20231114T221320.000Z-out.ndjson"});
  EXPECT_EQ(all_text(), "{}\n");
}

TEST_F(LineFilesTest, ACrashBetweenCompressionAndTheEndChangesNothing) {
  start(Compression::gzip);
  lines.reset();
  folder.write(".cdviz-out/1700000000000.part", "{}\n");
  start(Compression::gzip);
  const auto once = all_text();
  lines.reset();
  folder.write(".cdviz-out/1700000000000.part", "{}\n");  // its removal was not on the disk
  start(Compression::gzip);
  EXPECT_EQ(folder.files(), Strings{"2023/events-20231114T221320.000Z-out.ndjson.gz"});
  EXPECT_EQ(all_text(), once);
}

TEST_F(LineFilesTest, ASecondCollectorIsKeptAway) {
  start();
  const auto second = Store::open(folder.path, "out");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault, Fault::retry);
  EXPECT_EQ(second.error().code, "locked");
  EXPECT_TRUE(Store::open(folder.path, "another"));
}

TEST_F(LineFilesTest, APartThatSomebodyRemovedIsNoticed) {
  start();
  ASSERT_TRUE(lines->write(std::array{event("a")}));
  std::filesystem::remove(folder.path + "/" + part());
  const auto written = lines->write(std::array{event("b")});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().fault, Fault::retry);
  ASSERT_TRUE(lines->write(std::array{event("b")}));
  ASSERT_TRUE(lines->roll());
  EXPECT_EQ(all_text(), "{\"id\":\"b\"}\n");
}

}  // namespace
}  // namespace cdviz::sinks::folder
