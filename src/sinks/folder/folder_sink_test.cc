// The sink with the options that a user writes.
#include <array>
#include <chrono>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "net/routes.h"
#include "sinks/folder/folder.h"
#include "sinks/folder/testing.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz::sinks::folder {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::event;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::TemporaryFolder;

struct NoRoutes final : net::Routes {
  Result<Registration> add(net::Route) override { return Error{Fault::stop, "no server here"}; }
};

struct FolderSinkTest : ::testing::Test {
  std::unique_ptr<Sink> sink(const std::string& more = "") { return sink_in(folder.path, more); }
  std::unique_ptr<Sink> sink_in(const std::string& path, const std::string& more = "") {
    static constexpr std::array<const SinkKind*, 1> kKinds = {&kind};
    loaded = config::load(
        {.built_in = {{"test", "[sinks.out]\ntype = \"folder\"\n" +
                                   (path.empty() ? "" : "path = \"" + path + "\"\n") + more}}},
        {.sections = {}, .sources = {}, .sinks = kKinds});
    auto made = kind.make(loaded.sinks().at(0).options, {"out", clock, metrics, log, routes});
    if (!made || !loaded.valid()) return nullptr;
    (*made)->begin();
    return std::move(*made);
  }
  TemporaryFolder folder;
  SystemClock clock;
  telemetry::Metrics metrics;
  telemetry::Log log{{.level = telemetry::Level::off}, clock};
  NoRoutes routes;
  config::Config loaded;
};

TEST_F(FolderSinkTest, EachEventIsAFileByteForByte) {
  const auto to = sink();
  ASSERT_TRUE(to->write(std::array{event("a"), event("b", ",\n \"x\" : 1.10")}, {}));
  EXPECT_THAT(folder.files(), ElementsAre("a.json", "b.json"));
  EXPECT_EQ(folder.text("b.json"), "{\"id\":\"b\",\n \"x\" : 1.10}");
  EXPECT_THAT(folder.hidden(), IsEmpty());
}

TEST_F(FolderSinkTest, TheSameEventTwiceIsTheSameFile) {
  for (const auto* more : {"", "compression = \"gzip\"", "compression = \"zstd\""}) {
    const TemporaryFolder own;
    {
      const auto to = sink_in(own.path, more);
      ASSERT_TRUE(to->write(std::array{event("a"), event("a"), event("b")}, {}));
      ASSERT_TRUE(to->write(std::array{event("a")}, {}));
    }
    const auto again = sink_in(own.path, more);
    ASSERT_TRUE(again->write(std::array{event("b"), event("a")}, {}));
    EXPECT_THAT(own.files(), SizeIs(2)) << more;
  }
}

TEST_F(FolderSinkTest, AnotherEventWithTheSameNameIsNotOverwritten) {
  const auto to = sink();
  ASSERT_TRUE(to->write(std::array{event("a"), event("a", ",\"other\":1")}, {}));
  ASSERT_TRUE(to->write(std::array{event("a", ",\"third\":1")}, {}));
  ASSERT_TRUE(to->write(std::array{event("a", ",\"third\":1"), event("a")}, {}));
  EXPECT_THAT(folder.files(), SizeIs(3));
  EXPECT_EQ(folder.text("a.json"), "{\"id\":\"a\"}");
}

TEST_F(FolderSinkTest, AFolderInTheWayOfANameIsLeftThere) {
  std::filesystem::create_directory(folder.path + "/a.json");
  const auto to = sink();
  ASSERT_TRUE(to->write(std::array{event("a")}, {}));
  EXPECT_THAT(folder.files(), SizeIs(1));
}

TEST_F(FolderSinkTest, FoldersAreMadeAsTheNameSays) {
  const auto to = sink_in(folder.path + "/deep/archive", "name = \"{year}/{subject}/{id}.json\"");
  ASSERT_TRUE(to->write(std::array{event("a"), event("../b")}, {}));
  EXPECT_THAT(folder.files(), ElementsAre("deep/archive/2024/service/%2E.%2Fb.json",
                                          "deep/archive/2024/service/a.json"));
  std::filesystem::remove_all(folder.path + "/deep/archive/2024");
  ASSERT_TRUE(to->write(std::array{event("c")}, {}));  // made anew
  EXPECT_THAT(folder.files(), ElementsAre("deep/archive/2024/service/c.json"));
}

TEST_F(FolderSinkTest, HeadersGoIntoAFileBesideWhenAskedFor) {
  const auto to = sink("write_headers_json = true");
  ASSERT_TRUE(to->write(
      std::array{event("a", "", {{"traceparent", "x"}, {"X-A", "\"quoted\""}}), event("b")}, {}));
  EXPECT_THAT(folder.files(), ElementsAre("a.headers.json", "a.json", "b.json"));
  EXPECT_EQ(folder.text("a.headers.json"), R"({"X-A":"\"quoted\"","traceparent":"x"})");
}

TEST_F(FolderSinkTest, LinesAreSeenWhenTheSinkEnds) {
  {
    const auto to = sink("format = \"ndjson\"\nname = \"events\"");
    ASSERT_TRUE(to->write(std::array{event("a"), event("b")}, {}));
    EXPECT_THAT(folder.files(), IsEmpty());
  }
  ASSERT_THAT(folder.files(), SizeIs(1));
  EXPECT_EQ(folder.text(folder.files()[0]), "{\"id\":\"a\"}\n{\"id\":\"b\"}\n");
}

TEST_F(FolderSinkTest, LinesAreSeenWhenTheirTimeHasComeAlsoWhenNothingFollows) {
  const auto to = sink("format = \"ndjson\"\nroll_after = \"100ms\"");
  ASSERT_TRUE(to->write(std::array{event("a")}, {}));
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (folder.files().empty() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(1ms);  // between two looks
  }
  ASSERT_THAT(folder.files(), SizeIs(1));
  EXPECT_EQ(folder.text(folder.files()[0]), "{\"id\":\"a\"}\n");
}

TEST_F(FolderSinkTest, APlaceThatIsNoFolderStopsTheSinkUntilItIsOne) {
  folder.write("file", "x");
  const auto to = sink_in(folder.path + "/file/deep");
  const auto written = to->write(std::array{event("a")}, {});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().fault, Fault::stop);
  EXPECT_NE(written.error().message.find(folder.path), std::string::npos);
  std::filesystem::remove(folder.path + "/file");
  ASSERT_TRUE(to->write(std::array{event("a")}, {}));
}

TEST_F(FolderSinkTest, AFolderThatIsRemovedIsMadeAnew) {
  const auto to = sink();
  ASSERT_TRUE(to->write(std::array{event("a")}, {}));
  std::filesystem::remove_all(folder.path);
  Result<void> written = to->write(std::array{event("b")}, {});
  if (!written) written = to->write(std::array{event("b")}, {});  // the same batch again
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_THAT(folder.files(), ElementsAre("b.json"));
}

TEST_F(FolderSinkTest, AStopEndsAWriteAndLeavesNothingBehind) {
  const auto to = sink();
  std::stop_source stop;
  stop.request_stop();
  const auto written = to->write(std::array{event("a")}, stop.get_token());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().fault, Fault::retry);
  EXPECT_THAT(folder.files(), IsEmpty());
  EXPECT_THAT(folder.hidden(), IsEmpty());
}

TEST_F(FolderSinkTest, TheKeysOfTheExistingCollectorWork) {
  const auto to = sink_in("", "kind = \"fs\"\nparameters = { root = \"" + folder.path + "\" }");
  ASSERT_TRUE(to);
  ASSERT_TRUE(to->write(std::array{event("a")}, {}));
  EXPECT_THAT(folder.files(), ElementsAre("a.json"));
}

TEST_F(FolderSinkTest, WhatIsWrongWithOptionsIsToldAndNothingIsMade) {
  EXPECT_FALSE(sink_in(""));
  EXPECT_FALSE(sink("name = \"../{id}\""));
  EXPECT_FALSE(sink("name = \"{nothing}\""));
  EXPECT_FALSE(sink("format = \"ndjson\"\nname = \"{id}\""));
  EXPECT_FALSE(sink("format = \"ndjson\"\nwrite_headers_json = true"));
  EXPECT_FALSE(sink("roll_after = \"1m\""));
}

}  // namespace
}  // namespace cdviz::sinks::folder
