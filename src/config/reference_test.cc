#include "config/reference.h"

#include <algorithm>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/test_catalogue.h"

namespace cdviz::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string page(std::string_view name) {
  for (const auto& one : reference(testing::catalogue())) {
    if (one.name == name) return one.text;
  }
  ADD_FAILURE() << "no page " << name;
  return {};
}

TEST(Reference, HasAPageForTheSectionsAndOneForEachKind) {
  std::vector<std::string> names;
  for (const auto& one : reference(testing::catalogue())) names.push_back(one.name);
  EXPECT_THAT(names,
              ElementsAre("configuration.md", "source-webhook.md", "sink-database.md",
                          "sink-stdout.md", "transformer-change.md", "configuration.schema.json"));
}

TEST(Reference, SaysTypeDefaultLimitsAndMeaning) {
  const auto text = page("configuration.md");
  EXPECT_THAT(text, HasSubstr("| `port` | integer | `8080` | The port. From 0 to 65535. |"));
  EXPECT_THAT(text, HasSubstr("| `timeout` | duration | `\"30s\"` | How long. From 1ms to 10m. |"));
  EXPECT_THAT(
      text,
      HasSubstr(
          "| `level` | text | `\"info\"` | How much to say. One of `debug`, `info`, `warn`. |"));
  EXPECT_THAT(text, HasSubstr("### Keys of `http.tls`"));
  EXPECT_THAT(text, HasSubstr("[`webhook`](source-webhook.md): Takes requests."));
}

TEST(Reference, ShowsTheSmallestExample) {
  EXPECT_THAT(
      page("source-webhook.md"),
      HasSubstr("```toml\n[sources.NAME.extractor]\ntype = \"webhook\"\nid = \"000\"\n```"));
  EXPECT_THAT(page("sink-database.md"), HasSubstr("url_file = \"/run/secrets/url\"\n"));
}

TEST(JsonSchema, KnowsEveryKeyAndNoOther) {
  const auto schema = boost::json::parse(json_schema(testing::catalogue()));
  EXPECT_EQ(schema.at("$schema"), "https://json-schema.org/draft/2020-12/schema");
  const auto& http = schema.at_pointer("/properties/http");
  EXPECT_EQ(http.at("additionalProperties"), false);
  EXPECT_EQ(http.at_pointer("/properties/port/anyOf/0/maximum"), 65535);
  EXPECT_EQ(http.at_pointer("/properties/port/default"), 8080);
  EXPECT_EQ(http.at_pointer("/properties/host_file/type"), "string");
  EXPECT_FALSE(http.at("properties").as_object().contains("port_file"));
  const auto& sinks = schema.at_pointer("/properties/sinks/additionalProperties/oneOf").as_array();
  ASSERT_EQ(sinks.size(), 2U);
  EXPECT_EQ(sinks[0].at_pointer("/properties/type/const"), "database");
  EXPECT_TRUE(sinks[0].at("properties").as_object().contains("from"));
}

}  // namespace
}  // namespace cdviz::config
