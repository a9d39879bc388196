// Whether the schemas say what the validator says is tested in tests/differential, by ajv.
#include "cdevents/json_schema_text.h"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cdevents/releases.h"

namespace cdviz::cdevents {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::Not;

std::string schema(std::string_view name) { return json_schema_text(*find_kind(name)); }

TEST(JsonSchemaText, IsTheWholeEventForPeopleToo) {
  EXPECT_EQ(schema("build.queued.0.1.0"), R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "dev.cdevents.build.queued.0.1.0",
  "$comment": "CDEvents 0.1.0, 0.1.1, 0.1.2",
  "type": "object",
  "properties": {
    "context": {
      "type": "object",
      "properties": {
        "version": {
          "type": "string",
          "minLength": 1
        },
        "id": {
          "type": "string",
          "minLength": 1
        },
        "source": {
          "type": "string",
          "minLength": 1
        },
        "type": {
          "type": "string",
          "const": "dev.cdevents.build.queued.0.1.0"
        },
        "timestamp": {
          "type": "string",
          "format": "date-time"
        }
      },
      "required": [
        "version",
        "id",
        "source",
        "type",
        "timestamp"
      ],
      "additionalProperties": false
    },
    "subject": {
      "type": "object",
      "properties": {
        "id": {
          "type": "string",
          "minLength": 1
        },
        "source": {
          "type": "string"
        },
        "type": {
          "type": "string",
          "minLength": 1
        },
        "content": {
          "type": "object",
          "additionalProperties": false
        }
      },
      "required": [
        "id",
        "type",
        "content"
      ],
      "additionalProperties": false
    },
    "customData": {
      "anyOf": [
        {
          "type": "object"
        },
        {
          "type": "string"
        }
      ]
    },
    "customDataContentType": {
      "type": "string"
    }
  },
  "required": [
    "context",
    "subject"
  ],
  "additionalProperties": false
}
)");
}

TEST(JsonSchemaText, OfEveryKindIsJson) {
  for (const EventKind& kind : Vocabulary::get().kinds()) {
    const auto parsed = json::parse(json_schema_text(kind));
    EXPECT_EQ(parsed.at("title").as_string(), kind.type);
    EXPECT_EQ(parsed.at_pointer("/properties/context/properties/type/const").as_string(),
              kind.type);
  }
}

TEST(JsonSchemaText, LinksFollowTheRevisionThatTheEventSays) {
  const auto parsed = json::parse(schema("service.deployed.0.2.0"));
  const auto& context = parsed.at_pointer("/properties/context");
  EXPECT_EQ(context.at_pointer("/if/properties/version/pattern").as_string(), "^0\\.4\\.0");
  EXPECT_THAT(json::serialize(context.at("then")), HasSubstr("link_type"));
  EXPECT_THAT(json::serialize(context.at("else")), Not(HasSubstr("link_type")));
  EXPECT_THAT(schema("service.deployed.0.3.0"), Not(HasSubstr("link_type")));
  EXPECT_THAT(schema("approval.created"), HasSubstr("domainId"));
}

TEST(JsonSchemaText, OfCustomEventsLeavesTheContentOpen) {
  EXPECT_THAT(custom_json_schema_text(Era::v0_4), HasSubstr("\"version\""));
  const auto parsed = json::parse(custom_json_schema_text(Era::v0_5));
  EXPECT_THAT(
      json::value_to<std::string>(parsed.at_pointer("/properties/context/properties/type/pattern")),
      HasSubstr("cdeventsx"));
  EXPECT_EQ(json::serialize(parsed.at_pointer("/properties/subject/properties/content")),
            R"({"type":"object"})");
}

}  // namespace
}  // namespace cdviz::cdevents
