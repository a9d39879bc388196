#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kafka/token.h"

namespace cdviz::kafka {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

net::HttpReply reply(int status, std::string body) {
  net::HttpReply made;
  made.status = status;
  made.body = std::move(body);
  return made;
}

TEST(KafkaToken, AnAnswerHoldsATokenAndHowLongItIsGood) {
  const auto token =
      token_in(reply(200, R"({"access_token":"abc","token_type":"Bearer","expires_in":60})"), kNow);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->value, "abc");
  EXPECT_EQ(token->expires, kNow + std::chrono::seconds(60));
}

TEST(KafkaToken, WithoutATimeItIsAskedForAgainSoon) {
  const auto token = token_in(reply(200, R"({"access_token":"abc"})"), kNow);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->expires, kNow + std::chrono::minutes(5));
}

TEST(KafkaToken, ARefusalStopsAndABusyServerIsAskedAgain) {
  const auto refused = token_in(reply(401, R"({"error":"invalid_client"})"), kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::stop);
  EXPECT_THAT(refused.error().message, HasSubstr("401 (invalid_client)"));
  EXPECT_EQ(token_in(reply(503, ""), kNow).error().fault, Fault::retry);
  EXPECT_EQ(token_in(reply(200, "<html>"), kNow).error().fault, Fault::retry);
  EXPECT_EQ(token_in(reply(200, R"({"access_token":7})"), kNow).error().fault, Fault::retry);
}

TEST(KafkaToken, NothingOfTheAnswerIsRepeated) {
  const auto odd = token_in(reply(400, R"({"error":"our secret is HUNTER2"})"), kNow);
  ASSERT_FALSE(odd);
  EXPECT_THAT(odd.error().message, Not(HasSubstr("HUNTER2")));
}

TEST(KafkaToken, ExtensionsAreKeysOfLettersWithValues) {
  const auto good = parse_extensions("cluster=lkc-1,pool=a=b");
  ASSERT_TRUE(good);
  EXPECT_THAT(*good, ElementsAre(Pair("cluster", "lkc-1"), Pair("pool", "a=b")));
  EXPECT_TRUE(parse_extensions("")->empty());
  for (const auto* bad : {"cluster", "=x", "a1=b", "auth=x", "a=b,,"}) {
    EXPECT_FALSE(parse_extensions(bad)) << bad;
  }
}

}  // namespace
}  // namespace cdviz::kafka
