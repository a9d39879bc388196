#include "parsers/xml.h"

#include <string>

#include <gtest/gtest.h>

namespace cdviz::parsers {
namespace {

std::string json(std::string_view xml) {
  auto made = xml_to_json(xml);
  return made ? *made : made.error().code + ": " + made.error().message;
}

TEST(Xml, ElementsAttributesAndTextHaveTheirPlaces) {
  EXPECT_EQ(json(R"(<root><parent id="1"><child>Value</child></parent></root>)"),
            R"({"root":{"#c":[{"parent":{"@id":"1","#c":[{"child":{"#t":"Value"}}]}}]}})");
  EXPECT_EQ(json("<?xml version=\"1.0\"?>\n<!-- c --><a>\n  <b/>\n  <b x='1' y=\"\"/>\n</a>\n"),
            R"({"a":{"#c":[{"b":{}},{"b":{"@x":"1","@y":""}}]}})");
}

TEST(Xml, TextIsTrimmedCharacterDataIsTextAndReferencesAreResolved) {
  EXPECT_EQ(json("<a>  x &lt;&amp;&#233; <![CDATA[<raw>]]> </a>"),
            "{\"a\":{\"#t\":\"x <&\xC3\xA9 <raw>\"}}");
  EXPECT_EQ(json("<a>one<b/>two</a>"), R"({"a":{"#c":[{"b":{}}],"#t":"onetwo"}})");
}

TEST(Xml, OtherEncodingsBecomeUtf8) {
  EXPECT_EQ(json("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xE9</a>"),
            "{\"a\":{\"#t\":\"\xC3\xA9\"}}");
  EXPECT_EQ(json("<a>\xff</a>"), "utf8: holds text that is not UTF-8");
}

TEST(Xml, EntitiesAreNeitherExpandedNorFetched) {
  EXPECT_EQ(json("<!DOCTYPE a [<!ENTITY x \"xxxx\"><!ENTITY y \"&x;&x;\">]><a>&y;</a>"),
            "xml: declares entities, which are not expanded");
  EXPECT_EQ(json("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>"),
            "xml: declares entities, which are not expanded");
  EXPECT_EQ(json("<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/a.dtd\"><a/>"), R"({"a":{}})");
}

TEST(Xml, WhatIsNotWellFormedIsRefused) {
  for (const auto* text : {"", "text", "<a>", "<a></b>", "<a/><b/>", "<a x='1' x='2'/>", "<a x=1/>",
                           "<!-- only -->", "<a", "\xEF\xBB\xBF"}) {
    EXPECT_TRUE(json(text).starts_with("xml: ")) << text << ": " << json(text);
  }
}

TEST(Xml, DepthAndNumberHaveLimits) {
  const auto nested = [](std::size_t depth) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += "<a>";
    for (std::size_t i = 0; i < depth; ++i) text += "</a>";
    return text;
  };
  EXPECT_TRUE(json(nested(kXmlDepth)).starts_with("{\"a\""));
  EXPECT_TRUE(json(nested(kXmlDepth + 1)).starts_with("too_deep"));
  EXPECT_TRUE(json(nested(100'000)).starts_with("too_deep"));
  std::string many = "<a>";
  for (int i = 0; i < 1'000'000; ++i) many += "<b/>";
  EXPECT_TRUE(json(many + "</a>").starts_with("too_many"));
}

}  // namespace
}  // namespace cdviz::parsers
