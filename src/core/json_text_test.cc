#include "core/json_text.h"

#include <gtest/gtest.h>

#include "core/utf8.h"

namespace cdviz {
namespace {

TEST(JsonString, EscapesWhatJsonWantsEscaped) {
  EXPECT_EQ(json_string(""), R"("")");
  EXPECT_EQ(json_string("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(json_string({"\n\r\t\0\x1f\x7f", 6}), "\"\\n\\r\\t\\u0000\\u001f\x7f\"");
}

TEST(JsonString, KeepsUtf8AndReplacesWhatIsNot) {
  EXPECT_EQ(json_string("é€😀"), "\"é€😀\"");
  EXPECT_EQ(json_string("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
  EXPECT_EQ(json_string("\xC3"), "\"\xEF\xBF\xBD\"");                          // cut short
  EXPECT_EQ(json_string("\xED\xA0\x80").find('\xED'), std::string::npos);      // a surrogate
  EXPECT_EQ(json_string("\xC0\xAF").find('\xC0'), std::string::npos);          // overlong
  EXPECT_EQ(json_string("\xF4\x90\x80\x80").find('\xF4'), std::string::npos);  // beyond U+10FFFF
}

TEST(IsUtf8, WantsEveryCharacterWhole) {
  EXPECT_TRUE(is_utf8("aé€😀"));
  for (const char* text : {"\xff", "\xc3", "\xed\xa0\x80", "\xc0\x80", "\xf4\x90\x80\x80"}) {
    EXPECT_FALSE(is_utf8(text)) << text;
  }
}

TEST(IndentedJson, IsOneMemberALineAndKeepsTheTokens) {
  EXPECT_EQ(indented_json(R"({"a":[1.10,"x, {\"}"],"b":{},"c":[ ],"d":null})"),
            R"({
  "a": [
    1.10,
    "x, {\"}"
  ],
  "b": {},
  "c": [],
  "d": null
}
)");
  EXPECT_EQ(indented_json("1"), "1\n");
}

TEST(IndentedJson, NonsenseDoesNoHarm) {
  for (const char* text : {"", "\"", "\"\\", "}]}", "{", "[", "{ ", "\"a"}) {
    EXPECT_LT(indented_json(text).size(), 100U) << text;
  }
}

}  // namespace
}  // namespace cdviz
