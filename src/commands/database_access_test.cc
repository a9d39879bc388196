#include "commands/database_access.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "commands/connection_file.h"
#include "commands/queue_access.h"

namespace cdviz::commands {
namespace {

class FindDatabase : public ::testing::Test {
 protected:
  FindDatabase() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "cdviz-database-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    ::unsetenv("CDVIZ_DATABASE_URL");
    flags_.config = std::make_shared<ConfigFlags>();
  }
  ~FindDatabase() override {
    std::filesystem::remove_all(directory_);
    ::unsetenv("CDVIZ_DATABASE_URL");
  }

  std::filesystem::path directory_;
  DatabaseFlags flags_;
  std::string url_;
};

TEST_F(FindDatabase, TakesTheFlagBeforeTheEnvironment) {
  ::setenv("CDVIZ_DATABASE_URL", "postgresql://environment", 1);
  EXPECT_EQ(find_database(flags_, Login::reader, url_), 0);
  EXPECT_EQ(url_, "postgresql://environment");
  flags_.url = "postgresql://flag";
  EXPECT_EQ(find_database(flags_, Login::reader, url_), 0);
  EXPECT_EQ(url_, "postgresql://flag");
}

TEST_F(FindDatabase, ReadsTheFirstLineOfAFile) {
  flags_.url_file = (directory_ / "url").string();
  EXPECT_EQ(find_database(flags_, Login::reader, url_), kExitWrongUsage);
  std::ofstream{flags_.url_file} << "postgresql://file\r\nmore\n";
  EXPECT_EQ(find_database(flags_, Login::reader, url_), 0);
  EXPECT_EQ(url_, "postgresql://file");
}

TEST_F(FindDatabase, OfARunningUpTakesTheLoginThatTheCommandNeeds) {
  flags_.data_dir = directory_.string();
  EXPECT_EQ(find_database(flags_, Login::reader, url_), kExitNothing);
  ASSERT_TRUE(write_connection_file(
      directory_, {"http://a", "http://a/webhook/000", "postgresql://r", "postgresql://o"}));
  EXPECT_EQ(find_database(flags_, Login::reader, url_), 0);
  EXPECT_EQ(url_, "postgresql://r");
  EXPECT_EQ(find_database(flags_, Login::owner, url_), 0);
  EXPECT_EQ(url_, "postgresql://o");
}

TEST_F(FindDatabase, AsksWhichWhenNothingSays) {
  std::filesystem::current_path(directory_);
  EXPECT_EQ(find_database(flags_, Login::reader, url_), kExitWrongUsage);
  EXPECT_EQ(url_, "");
}

}  // namespace
}  // namespace cdviz::commands
