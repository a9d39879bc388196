#include "web/api/dead_letters.h"

#include <gtest/gtest.h>

namespace cdviz::web::api {
namespace {

TEST(DeadLetters, ValuesOfSecretHeadersAreNotShown) {
  for (const auto* name : {"Authorization", "proxy-authorization", "Cookie", "X-Gitlab-Token",
                           "X-API-Key", "X-Hub-Signature-256", "Webhook-Signature"})
    EXPECT_TRUE(is_secret_header(name)) << name;
  for (const auto* name : {"Content-Type", "traceparent", "X-GitHub-Event", "User-Agent"})
    EXPECT_FALSE(is_secret_header(name)) << name;
}

TEST(DeadLetters, WithoutAQueueItSaysSo) {
  const auto answer = dead_letters("/nowhere", {}, {});
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.body.find("there is no queue"), std::string::npos) << answer.body;
}

TEST(DeadLetters, WrongParametersAreTold) {
  EXPECT_EQ(dead_letters("/nowhere", {{"limit", "501"}}, {}).status, 400);
  EXPECT_EQ(dead_letters("/nowhere", {{"cursor", "x"}}, {}).status, 400);
  EXPECT_EQ(dead_letters("/nowhere", {{"what", "x"}}, {}).status, 400);
  EXPECT_EQ(dead_letter("/nowhere", "one", {}).status, 400);
}

}  // namespace
}  // namespace cdviz::web::api
