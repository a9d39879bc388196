#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "commands/commands.h"
#include "commands/completion_script.h"

namespace cdviz::commands {
namespace {

using ::testing::HasSubstr;

struct Ran {
  int status;
  std::string output;
};

Ran run(const std::string& command) {
  std::string output;
  std::FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  std::array<char, 4096> buffer{};
  while (const auto count = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    output.append(buffer.data(), count);
  }
  return {pclose(pipe), output};
}

bool is_installed(const std::string& shell) { return run("command -v " + shell).status == 0; }

/// A program with every sort of flag, and its scripts as files in a folder of their own.
class Completion : public ::testing::Test {
 protected:
  Completion() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "cdviz-completion-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    std::ofstream{directory_ / "file one.toml"} << "x";
    std::filesystem::create_directory(directory_ / "folder");
    auto* check = app_.add_subcommand("check", "It's a [check]: of $HOME");
    check->add_option("--config", files_, "Files")->type_name("FILE");
    check->add_option("-C,--directory", text_, "Where")->type_name("DIR");
    check->add_flag("--reach", flag_, "Reach");
    check->add_option("--format", text_, "How")->check(CLI::IsMember({"json", "text"}));
    check->add_option_group("group")->add_option("--grouped", text_, "In a group");
    auto* letters = app_.add_subcommand("dead-letters", "Letters");
    letters->add_subcommand("list", "List")->add_flag("--json", flag_, "As JSON");
    letters->add_subcommand("show", "Show");
  }
  ~Completion() override { std::filesystem::remove_all(directory_); }

  std::string script(const std::string& name, const std::string& text) {
    const auto path = directory_ / name;
    std::ofstream{path} << text;
    return path.string();
  }

  /// What bash offers for the words, the last of which is being typed; one a line.
  std::string offered(const std::string& words) {
    const auto path = script("bash", bash_completion(app_, "cdviz-test"));
    const auto ran = run("cd '" + directory_.string() + "' && bash --norc -c 'set -u; source \"" +
                         path + "\"; COMP_WORDS=(cdviz-test " + words +
                         "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _cdviz_test; printf \"%s\\n\" "
                         "\"${COMPREPLY[@]}\"'");
    EXPECT_EQ(ran.status, 0) << ran.output;
    return ran.output;
  }

  CLI::App app_{"test"};
  std::filesystem::path directory_;
  std::vector<std::string> files_;
  std::string text_;
  bool flag_ = false;
};

TEST_F(Completion, OffersVerbsAndFlags) {
  EXPECT_EQ(offered("ch"), "check\n");
  EXPECT_EQ(offered("\"\""), "check\ndead-letters\n--help\n-h\n");
  EXPECT_EQ(offered("check --re"), "--reach\n");
  EXPECT_EQ(offered("check --gr"), "--grouped\n");
  EXPECT_EQ(offered("dead-letters \"\""), "list\nshow\n--help\n-h\n");
  EXPECT_EQ(offered("dead-letters list --j"), "--json\n");
  EXPECT_EQ(offered("check --config dead-letters --re"), "--reach\n") << "a value is no verb";
}

TEST_F(Completion, OffersTheValuesOfAFlag) {
  EXPECT_EQ(offered("check --format \"\""), "json\ntext\n");
  EXPECT_EQ(offered("check --format = j"), "json\n") << "as bash splits --format=j";
  EXPECT_EQ(offered("check --format ="), "json\ntext\n");
  EXPECT_EQ(offered("check --config fi"), "file one.toml\n");
  EXPECT_EQ(offered("check -C fo"), "folder\n");
}

TEST_F(Completion, OfTheWholeProgramIsUnderstoodByBash) {
  CLI::App app;
  int exit_code = 0;
  add_all(app, exit_code);
  const auto text = bash_completion(app, "cdviz-collector");
  EXPECT_THAT(text, HasSubstr("'/config print'"));
  const auto ran = run("bash -n '" + script("whole", text) + "'");
  EXPECT_EQ(ran.status, 0) << ran.output;
}

TEST_F(Completion, IsUnderstoodByZsh) {
  if (!is_installed("zsh")) GTEST_SKIP() << "zsh is not installed";
  const auto path = script("_cdviz-test", zsh_completion(app_, "cdviz-test"));
  auto ran = run("zsh -n '" + path + "'");
  EXPECT_EQ(ran.status, 0) << ran.output;
  ran = run("zsh -fc 'autoload -Uz compinit; compinit -u -D; source " + path +
            "; whence -w _cdviz_test_dead_letters_list; "
            "echo $_comps[cdviz-test]'");
  EXPECT_EQ(ran.output, "_cdviz_test_dead_letters_list: function\n_cdviz_test\n");
}

TEST_F(Completion, IsUnderstoodByFish) {
  if (!is_installed("fish")) GTEST_SKIP() << "fish is not installed";
  const auto path = script("cdviz-test.fish", fish_completion(app_, "cdviz-test"));
  const auto offered_by_fish = [&](const std::string& line) {
    return run("cd '" + directory_.string() + "' && HOME='" + directory_.string() +
               "' fish -N -c 'source " + path + "; complete -C \"" + line + "\"'")
        .output;
  };
  EXPECT_EQ(offered_by_fish("cdviz-test ch"), "check\tIt's a [check]: of $HOME\n");
  EXPECT_EQ(offered_by_fish("cdviz-test check --form"), "--format\tHow\n");
  EXPECT_EQ(offered_by_fish("cdviz-test check --format j"), "json\tHow\n");
  EXPECT_EQ(offered_by_fish("cdviz-test dead-letters li"), "list\tList\n");
  EXPECT_EQ(offered_by_fish("cdviz-test dead-letters list --js"), "--json\tAs JSON\n");
}

}  // namespace
}  // namespace cdviz::commands
