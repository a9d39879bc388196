// The webhook as it is written in a configuration: what a TOML text lets in, and what it must not
// be allowed to say.
#include "sources/http/webhook.h"

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "config/load.h"
#include "sources/http/test_server.h"

namespace cdviz::sources::http {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::array<const SourceKind*, 1> kSources = {&kind};

config::Config load(const std::string& extractor) {
  config::Input input;
  input.built_in.emplace_back(
      "test.toml",
      "[sources.hook]\nenabled = true\n[sources.hook.extractor]\ntype = \"webhook\"\n" + extractor);
  return config::load(input, config::Catalogue{.sections = {}, .sources = kSources, .sinks = {}});
}

/// A webhook with these options, running.
TestServer::Make made_of(const std::string& extractor) {
  return [extractor](const Services& services) {
    auto config = load(extractor);
    auto source = kind.make(config.sources().at(0).options, services);
    for (const auto& mistake : config.mistakes()) ADD_FAILURE() << to_string(mistake);
    return source ? std::move(*source) : nullptr;
  };
}

/// What is wrong with the options, as "path: message" a line.
std::vector<std::string> mistakes_in(const std::string& extractor) {
  FakeClock clock;
  telemetry::Metrics metrics;
  telemetry::Log log({.level = telemetry::Level::off}, clock);
  FakeRoutes routes;
  auto config = load(extractor);
  const auto made =
      kind.make(config.sources().at(0).options, {"hook", clock, metrics, log, routes});
  EXPECT_EQ(made.has_value(), config.valid()) << "whoever ignores the mistakes must not run it";
  std::vector<std::string> lines;
  for (const auto& mistake : config.mistakes()) {
    lines.push_back(mistake.path.substr(std::string("sources.hook.extractor.").size()) + ": " +
                    mistake.message);
  }
  return lines;
}

TEST(WebhookOptions, TheTableIsSound) {
  EXPECT_THAT(config::mistakes_of({.sections = {}, .sources = kSources, .sinks = {}}), IsEmpty());
}

TEST(WebhookOptions, AnIdIsAllThatIsNeeded) {
  TestServer server(made_of("id = \"000\""));
  EXPECT_EQ(server.route().method, "POST");
  EXPECT_EQ(server.route().path, "/webhook/000");
  EXPECT_EQ(server.route().body_bytes_max, 25U << 20U);
  EXPECT_EQ(server.post("{}")->status, 202);
}

TEST(WebhookOptions, AnIdIsAPartOfThePath) {
  EXPECT_THAT(mistakes_in(""), ElementsAre(HasSubstr("id")));
  for (const std::string bad : {"", "a/b", "a b", "..", "a?b", "é", "%20"}) {
    EXPECT_THAT(mistakes_in("id = \"" + bad + "\""), ElementsAre(HasSubstr("id: "))) << bad;
  }
}

TEST(WebhookOptions, SecretsAreNeverKeptWithAnEvent) {
  EXPECT_THAT(mistakes_in("id = \"a\"\nheaders_to_keep = [\"X-A\", \"authorization\", \"Cookie\"]"),
              ElementsAre(HasSubstr("authorization"), HasSubstr("Cookie")));
}

TEST(WebhookOptions, TheTermsOfTheHandshakeAreOptions) {
  TestServer server(made_of("id = \"a\"\nallowed_origins = [\"a.example\"]\nallowed_rate = 7\n"));
  const auto response = server.ask({{"WebHook-Request-Origin", "a.example"}});
  EXPECT_EQ(response->headers.find("WebHook-Allowed-Origin"), "a.example");
  EXPECT_EQ(response->headers.find("WebHook-Allowed-Rate"), "7");
  EXPECT_EQ(TestServer(made_of("id = \"a\"\ngone = true")).post("{}")->status, 410);
  EXPECT_THAT(mistakes_in("id = \"a\"\nallowed_origins = []"),
              ElementsAre(HasSubstr("allowed_origins: is empty")));
  EXPECT_THAT(mistakes_in("id = \"a\"\nallowed_rate = 0"), ElementsAre(HasSubstr("allowed_rate")));
}

// Whatever would let anybody in must keep the collector from starting.
TEST(WebhookOptions, AnEmptySecretIsAConfigurationError) {
  const auto rule = [](const std::string& keys) {
    return mistakes_in("id = \"a\"\n[sources.hook.extractor.headers.X]\n" + keys);
  };
  EXPECT_THAT(rule("type = \"signature\""), ElementsAre(HasSubstr("headers.X.token: is missing")));
  EXPECT_THAT(rule("type = \"signature\"\ntoken = \"\""),
              ElementsAre(HasSubstr("headers.X.token")));
  EXPECT_THAT(rule("type = \"signature\"\ntokens = []"), ElementsAre(HasSubstr("headers.X.token")));
  EXPECT_THAT(rule("type = \"signature\"\ntokens = [\"a\", \"\"]"),
              Contains(HasSubstr("headers.X.tokens[1]")));
  EXPECT_THAT(rule("type = \"signature\"\ntoken = \"zz\"\ntoken_encoding = \"hex\""),
              ElementsAre(AllOf(HasSubstr("hex"), Not(HasSubstr("zz")))));
  EXPECT_THAT(rule("type = \"equals\""), ElementsAre(HasSubstr("headers.X.value")));
  EXPECT_THAT(rule("type = \"equals\"\nvalue = \"\""), ElementsAre(HasSubstr("headers.X.value")));
  EXPECT_THAT(rule("type = \"matches\""), ElementsAre(HasSubstr("pattern")));
  EXPECT_THAT(mistakes_in("id = \"a\"\nbearer_tokens = []"),
              ElementsAre(HasSubstr("bearer_tokens")));
  EXPECT_THAT(mistakes_in("id = \"a\"\nbearer_tokens = [\"\"]"),
              Contains(HasSubstr("bearer_tokens[0]")));
  EXPECT_THAT(mistakes_in("id = \"a\"\nbasic_auth = {user = \"u\", password = \"\"}"),
              ElementsAre(HasSubstr("basic_auth.password")));
  EXPECT_THAT(mistakes_in("id = \"a\"\nbasic_auth = {user = \"u:v\", password = \"p\"}"),
              ElementsAre(HasSubstr("basic_auth.user")));
}

TEST(WebhookOptions, ARuleThatCannotWorkIsAConfigurationError) {
  const auto rule = [](const std::string& keys) {
    return mistakes_in("id = \"a\"\n[sources.hook.extractor.headers.X]\n" + keys);
  };
  EXPECT_THAT(rule("type = \"matches\"\npattern = \"(\""), ElementsAre(HasSubstr("missing )")));
  EXPECT_THAT(rule("type = \"exists\"\ntoken = \"t\""),
              ElementsAre(HasSubstr("headers.X.token: is for rules of type \"signature\"")));
  EXPECT_THAT(rule("type = \"signature\"\ntoken = \"t\"\ntimestamp_header = \"T\""),
              ElementsAre(HasSubstr("timestamp_header")));
  EXPECT_THAT(rule("type = \"unknown\""), ElementsAre(HasSubstr("headers.X.type")));
}

constexpr const char* kGitHub = R"(
id = "github"
[sources.hook.extractor.headers]
"X-Hub-Signature-256" = {type = "signature", token = "It's a Secret to Everybody", signature_prefix = "sha256="}
"X-GitHub-Event" = {type = "matches", pattern = "^(push|ping)$"}
)";
constexpr const char* kGitHubSignature =
    "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

TEST(WebhookGuard, OnlyWhatIsSignedReachesTheInlet) {
  TestServer server(made_of(kGitHub));
  const auto post = [&](const char* signature, const char* body = "Hello, World!") {
    return *server.post(body, {{"X-Hub-Signature-256", signature}, {"X-GitHub-Event", "push"}});
  };
  EXPECT_EQ(post("sha256=00").status, 401);
  EXPECT_EQ(post(kGitHubSignature, "Hello, World?").status, 401);
  EXPECT_THAT(server.inlet.messages, IsEmpty());
  EXPECT_EQ(post(kGitHubSignature).status, 202);
  EXPECT_THAT(server.inlet.bodies(), ElementsAre("Hello, World!"));
}

TEST(WebhookGuard, WhatTheHeadersTellIsCheckedBeforeTheBodyIsRead) {
  TestServer server(made_of(kGitHub));
  net::RequestHead head;
  const auto missing = server.route().admit(head);
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->status, 401);
  EXPECT_EQ(missing->headers.find("WWW-Authenticate"), "Signature realm=\"webhook\"");
  head.headers = {{"X-Hub-Signature-256", kGitHubSignature}, {"X-GitHub-Event", "fork"}};
  EXPECT_EQ(server.route().admit(head)->status, 403);
  head.headers.set("X-GitHub-Event", "ping");
  EXPECT_FALSE(server.route().admit(head));
}

TEST(WebhookGuard, ASignatureIsOfTheBytesThatWereSent) {
  // printf 'Hello, World!' | gzip -n, and its HMAC with the key "k"
  const std::string gzipped(
      "\037\213\010\000\000\000\000\000\002\377\363\110\315\311\311\327\121\010\317\057\312\111\121"
      "\004\000\320\303\112\354\015\000\000\000",
      33);
  TestServer server(made_of("id = \"a\"\nheaders.S = {type = \"signature\", token = \"k\"}"));
  const Headers headers{{"Content-Encoding", "gzip"},
                        {"S", "ba169eaf0586f53c54feb1431076842d422d1cc16b01fc54d9ef544b104deffb"}};
  EXPECT_EQ(server.post(gzipped, headers)->status, 202);
  EXPECT_THAT(server.inlet.bodies(), ElementsAre("Hello, World!"));
}

TEST(WebhookGuard, StandardWebhooksAreGoodForFiveMinutes) {
  TestServer server(made_of(R"(
id = "svix"
[sources.hook.extractor.headers.webhook-signature]
type = "signature"
token = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
token_encoding = "base64"
signature_prefix = "v1,"
signature_encoding = "base64"
signature_on = {headers_then_body = {separator = ".", headers = ["webhook-id", "webhook-timestamp"]}}
timestamp_header = "webhook-timestamp"
)"));
  const auto post = [&](WallTime now) {
    server.clock.set(now);
    return server
        .post(R"({"test": 2432232314})",
              {{"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
               {"webhook-timestamp", "1614265330"},
               {"webhook-signature", "v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}})
        ->status;
  };
  constexpr WallTime kSigned{std::chrono::seconds(1'614'265'330)};
  EXPECT_EQ(post(kSigned + std::chrono::minutes(4)), 202);
  EXPECT_EQ(post(kSigned + std::chrono::minutes(6)), 401);
  EXPECT_EQ(server.inlet.messages.size(), 1U);
}

TEST(WebhookGuard, GitLabsTokenIsAValueThatTheHeaderMustHave) {
  TestServer server(
      made_of("id = \"gitlab\"\nheaders.X-Gitlab-Token = {type = \"equals\", value = \"s3cret\"}"));
  EXPECT_EQ(server.post("{}")->status, 401);
  EXPECT_EQ(server.post("{}", {{"X-Gitlab-Token", "guess"}})->status, 403);
  EXPECT_EQ(server.post("{}", {{"X-Gitlab-Token", "s3cret"}})->status, 202);
}

TEST(WebhookGuard, CredentialsComeInAHeaderOrAsAccessToken) {
  TestServer server(
      made_of("id = \"a\"\nbearer_tokens = [\"new\", \"old\"]\nbasic_auth = {user = \"u\", "
              "password = \"p\"}"));
  const auto without = server.post("{}");
  EXPECT_EQ(without->status, 401);
  EXPECT_EQ(without->headers.find("WWW-Authenticate"),
            "Bearer realm=\"webhook\", Basic realm=\"webhook\", charset=\"UTF-8\"");
  EXPECT_EQ(server.post("{}", {{"Authorization", "Bearer guess"}})->status, 401);
  EXPECT_EQ(server.post("{}", {{"Authorization", "Bearer new"}})->status, 202);
  EXPECT_EQ(server.post("{}", {{"Authorization", "Bearer old"}})->status, 202);
  EXPECT_EQ(server.post("{}", {{"Authorization", "Basic dTpw"}})->status, 202);
  const auto by_query = server.post("{}", {}, "access_token=old");
  EXPECT_EQ(by_query->status, 202);
  EXPECT_EQ(by_query->headers.find("Cache-Control"), "private");
}

TEST(WebhookGuard, TokensAreReadFromTheLinesOfAFile) {
  std::string path = (std::filesystem::temp_directory_path() / "cdviz-tokens-XXXXXX").string();
  ::close(::mkstemp(path.data()));
  std::ofstream(path) << "first\nsecond\n";
  TestServer server(made_of("id = \"a\"\nbearer_tokens_file = \"" + path + "\""));
  EXPECT_EQ(server.post("{}", {{"Authorization", "Bearer second"}})->status, 202);
  EXPECT_EQ(server.post("{}", {{"Authorization", "Bearer third"}})->status, 401);
  std::filesystem::remove(path);
}

TEST(WebhookGuard, WhoIsDeniedIsCountedAndLearnsNoSecret) {
  TestServer server(made_of(R"(
id = "a"
bearer_tokens = ["s3cret-token"]
headers.X = {type = "equals", value = "s3cret-value"}
headers.Y = {type = "signature", token = "s3cret-key"}
)"));
  const Headers good{{"Authorization", "Bearer s3cret-token"}, {"X", "s3cret-value"}, {"Y", "00"}};
  Headers wrong_value = good;
  wrong_value.set("X", "guess");
  for (const auto& headers : {Headers{}, wrong_value, good}) {
    const auto response = server.post("{}", headers);
    EXPECT_THAT(response->status, ::testing::AnyOf(401, 403));
    EXPECT_THAT(response->body, Not(HasSubstr("s3cret")));
    for (const auto& [name, value] : response->headers)
      EXPECT_THAT(value, Not(HasSubstr("s3cret")));
  }
  const std::string metrics = server.metrics.text();
  for (const auto* reason : {"credentials", "header", "signature"}) {
    EXPECT_THAT(metrics,
                HasSubstr(std::string("cdviz_denied_requests_total{component_id=\"hook\",") +
                          "reason=\"" + reason + "\"} 1"));
  }
  EXPECT_THAT(metrics, Not(HasSubstr("s3cret")));
}

TEST(WebhookBody, ABombIs413AndWhatIsDamagedIs400) {
  TestServer server(made_of("id = \"a\"\nbody_bytes_max = \"1KiB\""));
  // printf '%2000s' | gzip -n
  const std::string zeros(
      "\037\213\010\000\000\000\000\000\002\377\123\120\030\005\243\140\024\214\202\121\060\012\106"
      "\301\120\007\000\052\312\026\125\320\007\000\000",
      35);
  EXPECT_EQ(server.post(zeros, {{"Content-Encoding", "gzip"}})->status, 413);
  EXPECT_EQ(server.post(zeros.substr(0, 15), {{"Content-Encoding", "gzip"}})->status, 400);
  const auto unknown = server.post("{}", {{"Content-Encoding", "br"}});
  EXPECT_EQ(unknown->status, 415);
  EXPECT_EQ(unknown->headers.find("Accept-Encoding"), "gzip, deflate");
  EXPECT_EQ(server.post("{}", {{"Content-Encoding", "gzip, gzip"}})->status, 415);
  EXPECT_THAT(server.inlet.messages, IsEmpty());
}

}  // namespace
}  // namespace cdviz::sources::http
