#include "net/header_rules.h"

#include <string>

#include <gtest/gtest.h>

namespace cdviz::net {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'614'265'330)};

// The example of GitHub's documentation.
constexpr const char* kGitHubSecret = "It's a Secret to Everybody";
constexpr const char* kGitHubBody = "Hello, World!";
constexpr const char* kGitHubMac =
    "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

HeaderRules rules_with(HeaderRule rule) {
  HeaderRules rules;
  const auto added = rules.add(std::move(rule));
  EXPECT_TRUE(added) << added.error().message;
  return rules;
}

std::string why_not(HeaderRule rule) {
  HeaderRules rules;
  const auto added = rules.add(std::move(rule));
  if (added) return "";
  EXPECT_EQ(added.error().fault, Fault::stop);
  return added.error().message;
}

/// 0: let in; 401 or 403 as HTTP would say.
int verdict(const HeaderRules& rules, const Headers& headers, std::string_view body = {},
            WallTime now = kNow) {
  auto denial = rules.check_head(headers, now);
  if (!denial) denial = rules.check_body(headers, body);
  if (!denial) return 0;
  return denial->kind == Denial::Kind::forbidden ? 403 : 401;
}

TEST(HeaderRules, WithoutRulesEverybodyMay) { EXPECT_EQ(verdict(HeaderRules{}, {}), 0); }

TEST(HeaderRules, ExistsWantsAValue) {
  const auto rules = rules_with({"X-Token", ExistsRule{}});
  EXPECT_EQ(verdict(rules, {{"x-token", "any"}}), 0);
  EXPECT_EQ(verdict(rules, {{"x-token", ""}}), 401);
  EXPECT_EQ(verdict(rules, {}), 401);
}

TEST(HeaderRules, EqualsWantsTheWholeValue) {
  const auto rules = rules_with({"X-Gitlab-Token", EqualsRule{.value = "s3cret"}});
  EXPECT_EQ(verdict(rules, {{"X-Gitlab-Token", "s3cret"}}), 0);
  EXPECT_EQ(verdict(rules, {{"X-Gitlab-Token", "S3cret"}}), 403);
  EXPECT_EQ(verdict(rules, {{"X-Gitlab-Token", "s3cret2"}}), 403);
  EXPECT_EQ(verdict(rules, {}), 401);
  EXPECT_EQ(verdict(rules, {{"X-Gitlab-Token", "s3cret"}, {"x-gitlab-token", "no"}}), 403);
}

TEST(HeaderRules, EqualsMayIgnoreCaseAndAddPrefixAndSuffix) {
  const auto rules = rules_with(
      {"A", EqualsRule{.value = "Val", .case_sensitive = false, .prefix = "P:", .suffix = ";"}});
  EXPECT_EQ(verdict(rules, {{"A", "p:vAL;"}}), 0);
  EXPECT_EQ(verdict(rules, {{"A", "val"}}), 403);
}

TEST(HeaderRules, MatchesFindsThePatternAnywhere) {
  const auto rules = rules_with({"X-Event", MatchesRule{"^(push|deploy)"}});
  EXPECT_EQ(verdict(rules, {{"X-Event", "pushed"}}), 0);
  EXPECT_EQ(verdict(rules, {{"X-Event", "a push"}}), 403);
  EXPECT_EQ(verdict(rules, {}), 401);
}

TEST(HeaderRules, AllOfThemMustHold) {
  auto rules = rules_with({"A", ExistsRule{}});
  ASSERT_TRUE(rules.add({"B", MatchesRule{"b"}}));
  EXPECT_EQ(verdict(rules, {{"A", "a"}, {"B", "b"}}), 0);
  EXPECT_EQ(verdict(rules, {{"A", "a"}, {"B", "c"}}), 403);
  EXPECT_EQ(verdict(rules, {{"B", "b"}}), 401);
}

TEST(HeaderRules, EmptySecretsAndBadPatternsAreConfigurationErrors) {
  EXPECT_NE(why_not({"A", EqualsRule{.value = ""}}), "");
  EXPECT_NE(why_not({"A", MatchesRule{""}}), "");
  EXPECT_NE(why_not({"A", MatchesRule{"("}}).find("missing )"), std::string::npos);
  EXPECT_NE(why_not({"A", SignatureRule{.keys = {}}}), "");
  EXPECT_NE(why_not({"A", SignatureRule{.keys = {"good", ""}}}), "");
  EXPECT_NE(why_not({"A", SignatureRule{.keys = {"k"}, .prefix = "a b"}}), "");
  EXPECT_NE(why_not({"A", SignatureRule{.keys = {"k"}, .timestamp_header = "T"}}), "");
}

TEST(Signature, OfGitHubsDocumentationVerifies) {
  const auto rules = rules_with(
      {"X-Hub-Signature-256", SignatureRule{.keys = {kGitHubSecret}, .prefix = "sha256="}});
  const auto with = [&](std::string value, std::string_view body = kGitHubBody) {
    return verdict(rules, {{"X-Hub-Signature-256", std::move(value)}}, body);
  };
  const std::string mac = kGitHubMac;
  EXPECT_EQ(with("sha256=" + mac), 0);
  EXPECT_EQ(with("sha256=" + mac, "Hello, World"), 401);
  EXPECT_EQ(with("sha256=0" + mac.substr(1)), 401);
  EXPECT_EQ(with("sha256=" + mac.substr(2)), 401);
  EXPECT_EQ(with("sha256=" + mac + "00"), 401);
  EXPECT_EQ(with("sha256="), 401);
  EXPECT_EQ(with(mac), 401);
  EXPECT_EQ(with("sha1=" + mac), 401);
  EXPECT_EQ(with(""), 401);
  EXPECT_EQ(verdict(rules, {}, kGitHubBody), 401);
}

TEST(Signature, AMissingOneIsRefusedWithoutTheBody) {
  const auto rules = rules_with({"S", SignatureRule{.keys = {"k"}}});
  EXPECT_TRUE(rules.has_signatures());
  const auto denial = rules.check_head({}, kNow);
  ASSERT_TRUE(denial);
  EXPECT_EQ(denial->kind, Denial::Kind::unauthenticated);
}

TEST(Signature, EitherOfTwoSecretsIsGoodWhileOneIsReplaced) {
  const Headers headers{{"S", kGitHubMac}};
  EXPECT_EQ(verdict(rules_with({"S", SignatureRule{.keys = {"new", kGitHubSecret}}}), headers,
                    kGitHubBody),
            0);
  EXPECT_EQ(
      verdict(rules_with({"S", SignatureRule{.keys = {"new", "newer"}}}), headers, kGitHubBody),
      401);
}

TEST(Signature, MayUseAnyOfTheHashesAndEncodings) {
  // printf 'Hello, World!' | openssl dgst -sha512 -hmac key -binary | base64 -w0, and so on
  const auto check = [](HashAlgorithm algorithm, BinaryText encoding, std::string value) {
    return verdict(
        rules_with(
            {"S", SignatureRule{.keys = {"key"}, .algorithm = algorithm, .encoding = encoding}}),
        {{"S", std::move(value)}}, "Hello, World!");
  };
  EXPECT_EQ(check(HashAlgorithm::sha1, BinaryText::hex, "b688f6f2602474b86713f193726755f0095edc8b"),
            0);
  EXPECT_EQ(check(HashAlgorithm::sha1, BinaryText::base64, "toj28mAkdLhnE/GTcmdV8Ale3Is="), 0);
  EXPECT_EQ(check(HashAlgorithm::sha384, BinaryText::hex,
                  "9fe103f87ef7dba0cda630259f21c261ced8b42b9dcdf5a17be91ee7c2435620459d891a720a84e2"
                  "965365ea7cf36ef1"),
            0);
  EXPECT_EQ(check(HashAlgorithm::sha512, BinaryText::base64,
                  "e3NawZDr0UMtVvla4q6loEojEo9MIo4pm3pJ+3Vh3ozI9P30SG3HQ9/"
                  "QeCfWFyc6q0Kzv4GdJD3tMi+sFnQZ8Q=="),
            0);
  EXPECT_EQ(check(HashAlgorithm::sha256, BinaryText::base64,
                  "e3NawZDr0UMtVvla4q6loEojEo9MIo4pm3pJ+3Vh3ozI9P30SG3HQ9/"
                  "QeCfWFyc6q0Kzv4GdJD3tMi+sFnQZ8Q=="),
            401);
}

/// The example of Standard Webhooks, with its key decoded from
/// whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw.
SignatureRule standard_webhooks() {
  return {.keys = {*decode_text(BinaryText::base64, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")},
          .prefix = "v1,",
          .encoding = BinaryText::base64,
          .signed_headers = {"webhook-id", "webhook-timestamp"},
          .separator = ".",
          .timestamp_header = "webhook-timestamp"};
}
constexpr const char* kStandardBody = R"({"test": 2432232314})";
Headers standard_headers(std::string signature) {
  return {{"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
          {"webhook-timestamp", "1614265330"},
          {"webhook-signature", std::move(signature)}};
}
constexpr const char* kStandardSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

TEST(Signature, OfStandardWebhooksVerifies) {
  const auto rules = rules_with({"webhook-signature", standard_webhooks()});
  EXPECT_EQ(verdict(rules, standard_headers(kStandardSignature), kStandardBody), 0);
}

TEST(Signature, OneGoodOneOfSeveralIsEnough) {
  const auto rules = rules_with({"webhook-signature", standard_webhooks()});
  const std::string bad = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= v1a,xyz ";
  EXPECT_EQ(verdict(rules, standard_headers(bad + kStandardSignature), kStandardBody), 0);
  EXPECT_EQ(verdict(rules, standard_headers(bad), kStandardBody), 401);

  const auto commas = rules_with({"S", SignatureRule{.keys = {kGitHubSecret}, .prefix = "v1="}});
  EXPECT_EQ(verdict(commas, {{"S", std::string("t=1,v1=00,v1=") + kGitHubMac}}, kGitHubBody), 0);
}

TEST(Signature, OnlyTheFirstSixteenAreLookedAt) {
  std::string many;
  for (int i = 0; i < 16; ++i) many += "00 ";
  const auto rules = rules_with({"S", SignatureRule{.keys = {kGitHubSecret}}});
  EXPECT_EQ(verdict(rules, {{"S", many + kGitHubMac}}, kGitHubBody), 401);
  EXPECT_EQ(verdict(rules, {{"S", many.substr(3) + kGitHubMac}}, kGitHubBody), 0);
}

TEST(Signature, IsGoodForTheToleranceOnly) {
  const auto rules = rules_with({"webhook-signature", standard_webhooks()});
  const auto at = [&](WallTime now) {
    return verdict(rules, standard_headers(kStandardSignature), kStandardBody, now);
  };
  using std::chrono::minutes;
  using std::chrono::seconds;
  EXPECT_EQ(at(kNow + minutes(5)), 0);
  EXPECT_EQ(at(kNow + minutes(5) + seconds(1)), 401);
  EXPECT_EQ(at(kNow - minutes(5)), 0);
  EXPECT_EQ(at(kNow - minutes(5) - seconds(1)), 401);
}

TEST(Signature, ATimestampMayBeInMillisecondsButMustBeANumber) {
  const auto with = [](const char* time) {
    const auto rules = rules_with(
        {"S", SignatureRule{.keys = {"k"}, .signed_headers = {"T"}, .timestamp_header = "T"}});
    return !rules.check_head({{"S", "00"}, {"T", time}}, kNow);
  };
  EXPECT_TRUE(with("1614265330"));
  EXPECT_TRUE(with("1614265330999"));
  for (const auto* bad : {"", "now", "-1", "1614265330x", " 1614265330", "99999999999999999999",
                          "9223372036854775807"}) {
    EXPECT_FALSE(with(bad)) << bad;
  }
}

TEST(Signature, ASignedHeaderThatIsMissingIsRefusedNotSkipped) {
  const auto rules = rules_with({"webhook-signature", standard_webhooks()});
  Headers headers = standard_headers(kStandardSignature);
  Headers without;
  for (const auto& [name, value] : headers) {
    if (name != "webhook-id") without.add(name, value);
  }
  EXPECT_EQ(verdict(rules, without, kStandardBody), 401);
}

}  // namespace
}  // namespace cdviz::net
