// Inputs, outputs and their differences.
#include "commands/transform_files.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "commands/line_diff.h"

namespace cdviz::commands {
namespace {

namespace fs = std::filesystem;

struct TransformFiles : ::testing::Test {
  ~TransformFiles() override { fs::remove_all(folder); }
  void write(const std::string& name, const std::string& text) const {
    ASSERT_TRUE(write_file(folder / name, text));
  }
  const fs::path folder =
      fs::temp_directory_path() / ("cdviz-transform-" + std::to_string(getpid()));
};

TEST_F(TransformFiles, InputsHaveTheirHeadersAndMetadata) {
  write("b/push.json", "{}");
  write("b/push.headers.json", R"({"X-Kind":"push"})");
  write("b/push.metadata.json", R"({"a":1})");
  write("a.xml", "<a/>");
  write("b/old.json.new", "{}");
  const auto inputs = read_inputs(folder);
  ASSERT_TRUE(inputs);
  ASSERT_EQ(inputs->size(), 2U);
  EXPECT_EQ((*inputs)[0].path, "a.xml");
  EXPECT_EQ((*inputs)[1].message.headers, (Headers{{"X-Kind", "push"}}));
  EXPECT_EQ((*inputs)[1].message.metadata, R"({"a":1})");
  write("b/push.headers.json", R"({"X-Kind":1})");
  EXPECT_FALSE(read_inputs(folder));
  EXPECT_FALSE(read_inputs(folder / "none"));
}

TEST_F(TransformFiles, NamesFollowTheInput) {
  EXPECT_EQ(name_of("a/push.json"), "a/push.json");
  EXPECT_EQ(name_of("a/push.json", "1"), "a/push.1.json");
  EXPECT_EQ(name_of("a/report.xml"), "a/report.xml.json");
}

TEST_F(TransformFiles, JsonIsSortedAndKeepsItsTokens) {
  EXPECT_EQ(
      sorted_json(R"({"b":1.50,"a":[{"d":"\u00e9","c":[]}],"e":{}})"),
      "{\n  \"a\": [\n    {\n      \"c\": [],\n      \"d\": \"\\u00e9\"\n    }\n  ],\n  \"b\": "
      "1.50,\n  \"e\": {}\n}\n");
  EXPECT_EQ(sorted_json("[1"), "[1");
}

TEST_F(TransformFiles, DifferencesAreFoundAndAccepted) {
  write("same.json", R"({"b":1,"a":2})");
  write("other.json", "{}");
  write("old.json", "{}");
  const OutputFiles actual = {
      {"same.json", sorted_json(R"({"a":2,"b":1})")}, {"other.json", "[]\n"}, {"new.json", "1\n"}};
  auto expected = read_outputs(folder);
  ASSERT_TRUE(expected);
  const auto differences = compare(*expected, actual);
  ASSERT_EQ(differences.size(), 3U);
  EXPECT_EQ(differences[0].path, "new.json");
  EXPECT_EQ(differences[1].path, "old.json");
  EXPECT_EQ(differences[2].path, "other.json");
  for (const auto& one : differences) ASSERT_TRUE(accept(folder, one));
  expected = read_outputs(folder);
  EXPECT_TRUE(compare(*expected, actual).empty());
  EXPECT_TRUE(read_outputs(folder / "none")->empty());
}

TEST(LineDiff, ShowsWhatDiffersAndALittleAround) {
  EXPECT_EQ(line_diff("a\nb\nc\n", "a\nx\nc\n", false), "  a\n- b\n+ x\n  c\n");
  EXPECT_EQ(line_diff("1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\n5\n7\n", false),
            "  …\n  3\n  4\n  5\n- 6\n+ 7\n");
  EXPECT_EQ(line_diff("", "a\n", true), "\x1b[32m+ a\x1b[0m\n");
  EXPECT_EQ(line_diff("a\n", "a\n", false), "");
  EXPECT_EQ(line_diff("a\x1b[2J\n", "", false), "- a\\x1b[2J\n");
}

}  // namespace
}  // namespace cdviz::commands
