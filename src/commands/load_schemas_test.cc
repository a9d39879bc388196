#include "commands/load_schemas.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "registry/registry.h"

namespace cdviz::commands {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct LoadSchemas : ::testing::Test {
  LoadSchemas() {
    std::string name = (std::filesystem::temp_directory_path() / "cdviz-schemas-XXXXXX").string();
    directory = ::mkdtemp(name.data());
  }
  ~LoadSchemas() override { std::filesystem::remove_all(directory); }

  std::string write(const std::string& name, const std::string& text) const {
    const auto path = (directory / name).string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  LoadedSchemas load(const std::string& toml) {
    config = config::load({.built_in = {{"test", toml}}}, registry::catalogue());
    return load_schemas(config);
  }
  /// "path: message" of each.
  std::vector<std::string> mistakes() const {
    std::vector<std::string> all;
    for (const auto& one : config.mistakes()) all.push_back(one.path + ": " + one.message);
    return all;
  }
  static std::string entry(const std::string& path, const std::string& more = "") {
    return "[[schemas]]\nfile = \"" + path + "\"\n" + more + "\n";
  }

  std::filesystem::path directory;
  config::Config config;
};

TEST_F(LoadSchemas, WithoutAnyThereAreNone) {
  EXPECT_EQ(load("").schemas, nullptr);
  EXPECT_TRUE(config.valid());
}

TEST_F(LoadSchemas, FilesReferToEachOtherByTheirPaths) {
  write("common parts.json", R"({"$defs":{"id":{"type":"string"}}})");
  const auto main = write("main.json", R"({"$ref":"common%20parts.json#/$defs/id"})");
  const auto loaded =
      load(entry(main, "type = \"*\"") + entry((directory / "common parts.json").string()));
  ASSERT_THAT(mistakes(), ElementsAre());
  simdjson::dom::parser parser;
  std::vector<Problem> problems;
  loaded.schemas->validate("t", {}, parser.parse(std::string("7")).value(), problems);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_THAT(problems[0].message, HasSubstr("common parts.json#/$defs/id"));
}

TEST_F(LoadSchemas, AMistakeInAFileNamesTheFileAndThePlaceInIt) {
  const auto good = write("good.json", "true");
  const auto bad = write("bad.json", R"({"items":{"minlength":1},"$ref":"#/x"})");
  EXPECT_EQ(load(entry(good) + entry(bad)).schemas, nullptr);
  EXPECT_THAT(mistakes(),
              ElementsAre(HasSubstr("schemas[1].file: " + bad + "#/items/minlength: this keyword"),
                          HasSubstr(bad + "#/$ref: refers to")));
}

TEST_F(LoadSchemas, AFileThatCannotBeReadIsAMistake) {
  load(entry((directory / "nowhere.json").string()) + entry("") +
       entry(write("large.json", std::string(cdevents::JsonSchemas::kTextBytes + 1, ' '))));
  EXPECT_THAT(mistakes(), ElementsAre(HasSubstr("cannot be read"), HasSubstr("is empty"),
                                      HasSubstr("schemas[2].file: names")));
}

TEST_F(LoadSchemas, TooManyAreAMistake) {
  const auto path = write("s.json", "true");
  std::string toml;
  for (std::size_t i = 0; i < cdevents::UserSchemas::kSchemas; ++i) toml += entry(path);
  EXPECT_NE(load(toml).schemas, nullptr);
  EXPECT_EQ(load(toml + entry(path)).schemas, nullptr);
  EXPECT_THAT(mistakes(), ElementsAre(HasSubstr("at most 256")));
}

TEST_F(LoadSchemas, OtherBytesOfAFileChangeTheFingerprint) {
  const auto path = write("s.json", "true");
  const auto before = load(entry(path)).fingerprint;
  EXPECT_EQ(load(entry(path)).fingerprint, before);
  EXPECT_NE(load(entry(path, "type = \"*\"")).fingerprint, before);
  write("s.json", "false");
  EXPECT_NE(load(entry(path)).fingerprint, before);
}

}  // namespace
}  // namespace cdviz::commands
