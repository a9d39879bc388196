// What is told of a real folder, look by look.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>

#include <boost/json.hpp>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "activity/ledger.h"
#include "activity/testing.h"
#include "sources/folder/activity_look.h"
#include "sources/folder/activity_source.h"
#include "sources/folder/watch.h"

namespace cdviz::sources::folder {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class ActivityLookTest : public testing::Test {
 protected:
  ActivityLookTest() {
    std::string name = (fs::temp_directory_path() / "cdviz-activity-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    settings_.path = root_.string();
    settings_.settle = 0ms;
    settings_.watch = false;
  }
  ~ActivityLookTest() override {
    std::error_code ignored;
    fs::permissions(root_, fs::perms::owner_all, ignored);
    fs::remove_all(root_, ignored);
  }

  void write(const std::string& path, const std::string& content) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary) << content;
  }
  static activity::ArtifactEvents events() {
    return activity::ArtifactEvents(
        {.section = "file",
         .purl = activity::PurlTemplate::parse("pkg:generic/{name}?checksum=sha256:{sha256}",
                                               activity::places({}, {}))
                     .value()});
  }
  Result<void> look(bool tells = true) {
    activity::Ledger ledger(inlet_, events_, clock_, "file:///x");
    Watch watch(false);
    ActivityLook look(settings_, events_, ledger, clock_, watch, restless_, tells, {});
    const auto done = look.run();
    again_ = look.again();
    unreadable_ = look.unreadable_count();
    return done;
  }
  /// "published created PATH" of each message since the last call.
  std::vector<std::string> told() {
    std::vector<std::string> all;
    for (const auto& message : inlet_.take()) {
      const auto event = boost::json::parse(message.body);
      const auto& file = event.at("customData").at("file");
      const std::string type(event.at("context").at("type").as_string());
      all.push_back((type.find("deleted") != std::string::npos ? "deleted " : "published ") +
                    std::string(file.at("change").as_string()) + " " +
                    std::string(file.at("path").as_string()));
      ids_.insert(std::string(event.at("context").at("id").as_string()));
      ++count_;
    }
    return all;
  }
  std::vector<std::string> look_and_tell() {
    const auto done = look();
    EXPECT_TRUE(done) << done.error().message;
    return told();
  }

  fs::path root_;
  ActivitySettings settings_;
  activity::MemoryInlet inlet_;
  activity::ArtifactEvents events_ = events();
  SystemClock clock_;
  Restless restless_;
  bool again_ = false;
  std::size_t unreadable_ = 0, count_ = 0;
  std::set<std::string> ids_;
};

TEST_F(ActivityLookTest, FilesThatComeChangeAndGoAreToldOnce) {
  EXPECT_THAT(look_and_tell(), IsEmpty());
  write("a/one", "1");
  write("two", "2");
  EXPECT_THAT(look_and_tell(), ElementsAre("published created a/one", "published created two"));
  EXPECT_THAT(look_and_tell(), IsEmpty());
  write("two", "22");
  EXPECT_THAT(look_and_tell(), ElementsAre("published modified two"));
  fs::remove(root_ / "two");
  fs::remove_all(root_ / "a");
  EXPECT_THAT(look_and_tell(),
              UnorderedElementsAre("deleted deleted a/one", "deleted deleted two"));
  EXPECT_THAT(look_and_tell(), IsEmpty());
  EXPECT_EQ(ids_.size(), count_);
}

TEST_F(ActivityLookTest, AMoveIsOneHappening) {
  write("a", "content");
  look_and_tell();
  fs::create_directory(root_ / "below");
  fs::rename(root_ / "a", root_ / "below/b");
  EXPECT_THAT(look_and_tell(), ElementsAre("published moved below/b", "deleted moved a"));
  fs::rename(root_ / "below/b", root_ / "a");
  EXPECT_THAT(look_and_tell(), ElementsAre("published moved a", "deleted moved below/b"));
  EXPECT_THAT(look_and_tell(), IsEmpty());
  EXPECT_EQ(ids_.size(), count_) << "there and back again are different happenings";
}

TEST_F(ActivityLookTest, AFileThatReplacesAnotherByARenameIsAModification) {
  write("a", "old");
  look_and_tell();
  write("a.tmp", "new");
  fs::rename(root_ / "a.tmp", root_ / "a");
  EXPECT_THAT(look_and_tell(), ElementsAre("published modified a"));
}

TEST_F(ActivityLookTest, ATouchIsNotAChange) {
  write("a", "content");
  look_and_tell();
  fs::last_write_time(root_ / "a", fs::file_time_type::clock::now() + 1h);
  EXPECT_THAT(look_and_tell(), IsEmpty());
  fs::permissions(root_ / "a", fs::perms::owner_read);
  EXPECT_THAT(look_and_tell(), IsEmpty());
  settings_.checksum = false;
  fs::last_write_time(root_ / "a", fs::file_time_type::clock::now() + 2h);
  EXPECT_THAT(look_and_tell(), ElementsAre("published modified a"));
}

TEST_F(ActivityLookTest, AFileOfOldIsNoticedWhateverItsTime) {
  write("a", "content");
  fs::last_write_time(root_ / "a", fs::file_time_type::clock::now() - 24h * 365 * 20);
  EXPECT_THAT(look_and_tell(), ElementsAre("published created a"));
}

TEST_F(ActivityLookTest, WhatHasNotSettledIsNotTold) {
  settings_.settle = 1h;
  write("a", "half");
  EXPECT_THAT(look_and_tell(), IsEmpty());
  EXPECT_TRUE(again_);
  EXPECT_EQ(restless_.size(), 1U);
  // As if we had seen it like this for long.
  restless_["a"].second -= 2h;
  EXPECT_THAT(look_and_tell(), ElementsAre("published created a"));
  EXPECT_FALSE(again_);
}

TEST_F(ActivityLookTest, WhatWasThereBeforeIsOnlyRemembered) {
  write("a", "1");
  ASSERT_TRUE(look(false));
  EXPECT_THAT(told(), IsEmpty());
  fs::remove(root_ / "a");
  EXPECT_THAT(look_and_tell(), ElementsAre("deleted deleted a"));
}

TEST_F(ActivityLookTest, AFolderThatIsNotThereIsWaitedForAndNothingIsDeleted) {
  write("a", "1");
  look_and_tell();
  fs::rename(root_, root_.string() + ".away");
  EXPECT_EQ(look().error().fault, Fault::retry);
  EXPECT_THAT(told(), IsEmpty());
  fs::rename(root_.string() + ".away", root_);
  EXPECT_THAT(look_and_tell(), IsEmpty());
}

TEST_F(ActivityLookTest, AnEmptyFolderOfAnotherDeviceIsNotBelieved) {
  write("a", "1");
  look_and_tell();
  inlet_.set_row("note/device", "4711");
  fs::rename(root_ / "a", root_.string() + ".a");
  EXPECT_EQ(look().error().code, "no_folder");
  EXPECT_THAT(told(), IsEmpty());
  fs::rename(root_.string() + ".a", root_ / "a");
  EXPECT_THAT(look_and_tell(), IsEmpty());
}

TEST_F(ActivityLookTest, WhatCannotBeSeenIsNotGone) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
  write("a/one", "1");
  look_and_tell();
  fs::permissions(root_ / "a", fs::perms::none);
  EXPECT_THAT(look_and_tell(), IsEmpty());
  EXPECT_EQ(unreadable_, 1U);
  fs::permissions(root_ / "a", fs::perms::owner_all);
  EXPECT_THAT(look_and_tell(), IsEmpty());
}

TEST_F(ActivityLookTest, OnlyFilesCount) {
  ASSERT_EQ(::mkfifo((root_ / "pipe").c_str(), 0600), 0);
  fs::create_symlink("/etc/passwd", root_ / "link");
  fs::create_symlink(root_, root_ / "loop");
  write(".hidden", "1");
  write(".git/config", "1");
  write("plain", "1");
  EXPECT_THAT(look_and_tell(), ElementsAre("published created plain"));
  // A folder where a file stood.
  fs::remove(root_ / "plain");
  write("plain/inner", "2");
  EXPECT_THAT(look_and_tell(),
              UnorderedElementsAre("published created plain/inner", "deleted deleted plain"));
}

TEST_F(ActivityLookTest, PatternsSayWhichFiles) {
  settings_.patterns = PathPatterns::parse({"**/*.tgz", "!tmp/**"}).value();
  write("a.tgz", "1");
  write("x/b.tgz", "2");
  write("x/b.txt", "3");
  write("tmp/c.tgz", "4");
  EXPECT_THAT(look_and_tell(), ElementsAre("published created a.tgz", "published created x/b.tgz"));
  settings_.patterns = PathPatterns::parse({"*.tgz"}).value();
  EXPECT_THAT(look_and_tell(), IsEmpty()) << "what is no longer meant is not gone";
}

TEST_F(ActivityLookTest, NamesMayBeAnything) {
  for (const auto* name : {"a b", "\xff\xfe", "new\nline", "per%cent", "\"q\""}) write(name, name);
  EXPECT_EQ(look_and_tell().size(), 5U);
  EXPECT_THAT(look_and_tell(), IsEmpty());
  fs::remove(root_ / "\xff\xfe");
  EXPECT_EQ(look_and_tell().size(), 1U);
  EXPECT_EQ(ids_.size(), 6U);
}

TEST_F(ActivityLookTest, TooManyFilesStopTheSource) {
  settings_.files_max = 2;
  for (const auto* name : {"a", "b", "c"}) write(name, "1");
  EXPECT_EQ(look().error().fault, Fault::stop);
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(ActivityLookTest, MoreNewFilesThanAreComparedAreToldAllTheSame) {
  const std::size_t count = ActivityLook::kFreshMax + 500;
  settings_.checksum = false;
  for (std::size_t i = 0; i < count; ++i) write(std::to_string(i), "");
  EXPECT_EQ(look_and_tell().size(), count);
  EXPECT_THAT(look_and_tell(), IsEmpty());
}

TEST(FileUri, IsAUri) {
  EXPECT_EQ(file_uri("/srv/builds/"), "file:///srv/builds");
  EXPECT_EQ(file_uri("/srv/./a b/../\xC3\xA9"), "file:///srv/%C3%A9");
  EXPECT_EQ(file_uri("/"), "file:///");
}

}  // namespace
}  // namespace cdviz::sources::folder
