#include "commands/config_flags.h"

#include <cstdlib>
#include <filesystem>

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cdviz::commands {
namespace {

using ::testing::ElementsAre;

struct Line {
  CLI::App app{"test"};
  CLI::App* verb = app.add_subcommand("verb");
  CLI::App* other = verb->add_subcommand("other");
  std::shared_ptr<ConfigFlags> flags = add_config_flags(*verb);

  void parse(std::vector<std::string> arguments) {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants it
    app.parse(arguments);
  }
};

TEST(ConfigFlags, MayBeGivenSeveralTimes) {
  Line line;
  line.parse({"verb", "--config", "a.toml", "--set", "a=[1,2]", "--config=b.toml", "--set=b=x,y",
              "other"});
  EXPECT_THAT(line.flags->files, ElementsAre("a.toml", "b.toml"));
  EXPECT_THAT(line.flags->settings, ElementsAre("a=[1,2]", "b=x,y"));
  EXPECT_TRUE(line.other->parsed());
}

TEST(ConfigFlags, TheEnvironmentNamesAFileWhenNoFlagDoes) {
  ::setenv("CDVIZ_COLLECTOR_CONFIG", "from-environment.toml", 1);
  Line line;
  line.parse({"verb"});
  EXPECT_THAT(line.flags->files, ElementsAre("from-environment.toml"));
  Line other;
  other.parse({"verb", "--config", "a.toml"});
  EXPECT_THAT(other.flags->files, ElementsAre("a.toml"));
  ::unsetenv("CDVIZ_COLLECTOR_CONFIG");
}

TEST(ConfigFlags, TheDirectoryIsEnteredFirst) {
  const auto before = std::filesystem::current_path();
  const auto wanted = std::filesystem::canonical(std::filesystem::temp_directory_path());
  Line line;
  line.parse({"verb", "--config", "a.toml", "-C", wanted});
  EXPECT_EQ(std::filesystem::current_path(), wanted);
  std::filesystem::current_path(before);
  Line missing;
  EXPECT_THROW(missing.parse({"verb", "-C", "/nonexistent/x"}), CLI::ValidationError);
}

TEST(ConfigFlags, TheInputHoldsTheEnvironmentAsItIs) {
  ::setenv("CDVIZ_COLLECTOR__HTTP__HOST", "a=b", 1);
  const auto input = input_of({{"f"}, {"s"}});
  EXPECT_EQ(input.environment.at("CDVIZ_COLLECTOR__HTTP__HOST"), "a=b");
  EXPECT_THAT(input.files, ElementsAre("f"));
  EXPECT_THAT(input.settings, ElementsAre("s"));
  ::unsetenv("CDVIZ_COLLECTOR__HTTP__HOST");
}

}  // namespace
}  // namespace cdviz::commands
