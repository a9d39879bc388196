#include "cloudevents/metadata.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloudevents/unwrap.h"
#include "core/json_spans.h"

namespace cdviz::cloudevents {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Headers kRequired = {
    {"ce-specversion", "1.0"}, {"ce-id", "1"}, {"ce-source", "/s"}, {"ce-type", "t"}};

Headers with(const Headers& more) {
  Headers headers = kRequired;
  for (const auto& [name, value] : more) headers.add(name, value);
  return headers;
}

std::string added(std::string metadata, const Headers& headers) {
  add_attributes(metadata, headers);
  return metadata;
}

TEST(AttributesAsMetadata, StandUnderTheirNames) {
  EXPECT_EQ(added({}, with({{"content-type", "application/json"},
                            {"CE-Team", "a \"b\""},
                            {"x-kept", "1"},
                            {"ce-subject", "cart"}})),
            R"({"cloudevents":{"specversion":"1.0","id":"1","source":"/s","type":"t",)"
            R"("subject":"cart","datacontenttype":"application/json","team":"a \"b\""}})");
}

TEST(AttributesAsMetadata, StandBesideWhatTheSourceKnows) {
  EXPECT_EQ(
      added(R"({"context":{"source":"/x"},"topic":"cloudevents"})", kRequired),
      R"({"context":{"source":"/x"},"topic":"cloudevents","cloudevents":{"specversion":"1.0",)"
      R"("id":"1","source":"/s","type":"t"}})");
}

TEST(AttributesAsMetadata, AreTheSameInEveryMode) {
  const auto structured =
      unwrap({.body = R"({"specversion":"1.0","id":"1","source":"/s","type":"t","count":5,)"
                      R"("Sampled":true,"data":{}})",
              .headers = {{"content-type", "application/cloudevents+json"}}});
  ASSERT_TRUE(structured.data);
  const Headers binary =
      with({{"ce-count", "5"}, {"ce-sampled", "true"}, {"content-type", "application/json"}});
  EXPECT_EQ(added({}, structured.data->headers), added({}, binary));
}

TEST(AttributesAsMetadata, OfANameThatComesTwiceTheLastCounts) {
  const auto metadata = added({}, with({{"ce-team", "first"}, {"CE-TEAM", "last"}}));
  EXPECT_THAT(metadata, HasSubstr(R"("team":"last")"));
  EXPECT_THAT(metadata, Not(HasSubstr("first")));
}

TEST(AttributesAsMetadata, AreNotAddedToWhatIsNoCloudEvent) {
  EXPECT_EQ(added(R"({"a":1})", {{"ce-id", "alone"}}), R"({"a":1})");
  EXPECT_EQ(added({}, {{"content-type", "application/cloudevents+json"}}), "");
}

TEST(AttributesAsMetadata, TheUsersOwnMemberStays) {
  const std::string own = R"({"cloudevents" : {"type":"mine"}})";
  EXPECT_EQ(added(own, kRequired), own);
  EXPECT_EQ(added("[]", kRequired), "[]");
  EXPECT_EQ(added("{", kRequired), "{");
}

TEST(AttributesAsMetadata, WhatIsTooLargeIsLeftOutAndNothingElse) {
  Headers headers = {{"ce-first", std::string(kMetadataBytes - 100, 'x')}};
  for (const auto& [name, value] : kRequired) headers.add(name, value);
  headers.add("ce-second", std::string(200, 'y'));
  headers.add("ce-third", "z");
  const auto metadata = added({}, headers);
  EXPECT_LT(metadata.size(), kMetadataBytes + 200);
  const auto tree = json::Tree::read(metadata);
  ASSERT_TRUE(tree);
  const auto found = tree->root().find("cloudevents");
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->find("type"));
  EXPECT_TRUE(found->find("first"));
  EXPECT_FALSE(found->find("second"));
  EXPECT_TRUE(found->find("third"));
}

}  // namespace
}  // namespace cdviz::cloudevents
