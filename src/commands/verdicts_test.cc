#include "commands/verdicts.h"

#include <cstdlib>
#include <vector>

#include <gtest/gtest.h>

namespace cdviz::commands {
namespace {

const std::vector<Problem> kNone;
const std::vector<Problem> kTwo = {{"/context/id", "required", "is missing"},
                                   {"", "type", "must be <an object>\x1b"}};

/// What a writer made of one file with these verdicts.
template <class Make>
std::string written(Make make, const std::vector<Verdict>& verdicts) {
  char* buffer = nullptr;
  std::size_t size = 0;
  std::FILE* out = open_memstream(&buffer, &size);
  const auto writer = make(out);
  writer->begin();
  writer->begin_file("a&b");
  for (const auto& verdict : verdicts) writer->write(verdict);
  writer->end_file();
  writer->end();
  std::fclose(out);
  std::string text(buffer, size);
  std::free(buffer);
  return text;
}

std::vector<Verdict> verdicts() {
  return {
      {.file = "a&b", .type = "t", .id = "1", .era = "0.4", .valid = true, .violations = kNone},
      {.index = 1, .file = "a&b", .line = 7, .violations = kTwo},
      {.index = 2, .file = "a&b", .line = 8, .id = "\"\n", .valid = true, .violations = kTwo},
  };
}

TEST(Verdicts, TextNamesFileAndLineAndIsSafeForATerminal) {
  const std::string violations =
      "  /context/id: is missing (required)\n"
      "  the document: must be <an object>\\x1b (type)\n";
  const std::string rest =
      "a&b:7: invalid\n" + violations + "a&b:8: accepted \"\\x0a\n" + violations;
  const auto text = [](bool quiet) {
    return written([&](std::FILE* out) { return text_verdicts(out, quiet); }, verdicts());
  };
  EXPECT_EQ(text(false), "a&b:1: valid t 1\n" + rest);
  EXPECT_EQ(text(true), rest);
}

TEST(Verdicts, JsonIsOneObjectALine) {
  const std::string violations =
      R"([{"pointer":"/context/id","rule":"required","message":"is missing"},)"
      R"({"pointer":"","rule":"type","message":"must be <an object>\u001b"}])";
  EXPECT_EQ(written([](std::FILE* out) { return json_verdicts(out); }, verdicts()),
            R"({"index":0,"type":"t","id":"1","valid":true,"era":"0.4","violations":[]})"
            "\n"
            R"({"index":1,"type":null,"id":null,"valid":false,"era":null,"violations":)" +
                violations + "}\n" +
                R"({"index":2,"type":null,"id":"\"\n","valid":true,"era":null,"violations":)" +
                violations + "}\n");
}

TEST(Verdicts, JunitCountsEachFile) {
  const std::string lines =
      "/context/id: is missing (required)\nthe document: must be &lt;an object&gt;\xEF\xBF\xBD "
      "(type)\n";
  EXPECT_EQ(written([](std::FILE* out) { return junit_verdicts(out); }, verdicts()),
            R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="cdevents">
  <testsuite name="a&amp;b" tests="3" failures="1" errors="0" skipped="0">
    <testcase name="1" classname="t" file="a&amp;b" line="1"/>
    <testcase name="event 1" classname="unknown" file="a&amp;b" line="7">
      <failure type="required" message="/context/id is missing">)" +
                lines + R"(</failure>
    </testcase>
    <testcase name="&quot;&#10;" classname="unknown" file="a&amp;b" line="8">
      <system-out>)" +
                lines + R"(</system-out>
    </testcase>
  </testsuite>
</testsuites>
)");
}

TEST(XmlText, HoldsOnlyWhatXmlCan) {
  EXPECT_EQ(xml_text("é日😀 '"), "é日😀 '");
  EXPECT_EQ(xml_text("\"<&>\n\t\r"), "&quot;&lt;&amp;&gt;&#10;&#9;&#13;");
  EXPECT_EQ(xml_text({"\x00\x1f\xff\xEF\xBF\xBE", 6}),
            "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

}  // namespace
}  // namespace cdviz::commands
