// The client against a server that answers as it is told; against a real registry it is tried in
// tests/end_to_end/test_oci.py.
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "net/test_client.h"
#include "sources/oci/registry_client.h"

namespace cdviz::sources::oci {
namespace {

using namespace std::chrono_literals;

const std::string kDigest = "sha256:" + std::string(64, 'a');

/// Answers one after the other, the last for ever.
struct FakeRegistry : net::testing::TestServer {
  explicit FakeRegistry(std::vector<net::Response> wanted) : answers(wanted.begin(), wanted.end()) {
    start();
    add({.method = "GET", .path = "/*", .handle = [this](net::Request request, net::Reply reply) {
           net::Response response;
           {
             const std::lock_guard lock(mutex);
             taken.push_back(std::move(request));
             response = answers.front();
             if (answers.size() > 1) answers.pop_front();
           }
           reply(response);
         }});
  }
  ~FakeRegistry() { server.reset(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server->port()); }
  RegistryClient client(RegistrySettings wanted = {}) {
    wanted.url = url();
    wanted.pause = 1ms;
    return {std::move(wanted), clock, tokens};
  }
  std::size_t count() {
    const std::lock_guard lock(mutex);
    return taken.size();
  }
  std::string authorization(std::size_t index) {
    return std::string(taken.at(index).headers.find("Authorization").value_or(""));
  }

  std::mutex mutex;
  std::deque<net::Response> answers;
  std::vector<net::Request> taken;
  SystemClock clock;
  Tokens tokens{clock};
};

net::Response answer(int status, std::string body = {}, Headers headers = {}) {
  net::Response response{.status = status, .body = std::move(body)};
  for (const auto& [name, value] : headers) response.headers.add(name, value);
  return response;
}

TEST(RegistryClient, ReadsAllPagesOfAListing) {
  FakeRegistry registry(
      {answer(200, R"({"tags":["b","a"]})", {{"Link", "</v2/x/tags/list?last=b>; rel=\"next\""}}),
       answer(200, R"({"tags":["c","a"]})")});
  EXPECT_EQ(*registry.client().tags("x", {}), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(registry.taken.at(1).query, "last=b");
}

TEST(RegistryClient, AListingThatBreaksOffOrNeverEndsIsNone) {
  const auto first =
      answer(200, R"({"tags":["a"]})", {{"Link", "</v2/x/tags/list?last=a>; rel=\"next\""}});
  FakeRegistry broken({first, answer(404)});
  EXPECT_EQ(broken.client().tags("x", {}).error().fault, Fault::retry);
  FakeRegistry endless({first});
  EXPECT_EQ(endless.client().tags("x", {}).error().fault, Fault::retry);
  FakeRegistry half({answer(200, R"({"tags":["a")")});
  EXPECT_EQ(half.client().tags("x", {}).error().fault, Fault::retry);
}

TEST(RegistryClient, WhatIsNotThereIsNotAFailure) {
  FakeRegistry registry({answer(404)});
  EXPECT_TRUE(registry.client().tags("x", {})->empty());
  EXPECT_EQ(*registry.client().manifest("x", "1", {}), std::nullopt);
  EXPECT_EQ(registry.client().catalog({}).error().code, "denied");
  EXPECT_EQ(registry.client().reach({}).error().fault, Fault::stop);
}

TEST(RegistryClient, FailuresAreTriedAgainAFewTimes) {
  FakeRegistry registry({answer(503), answer(500), answer(429),
                         answer(200, "", {{"Docker-Content-Digest", kDigest}})});
  EXPECT_EQ(registry.client().manifest("x", "1", {})->value().digest, kDigest);
  FakeRegistry down({answer(503)});
  const auto failed = down.client({.attempts_max = 3}).manifest("x", "1", {});
  EXPECT_EQ(failed.error().fault, Fault::retry);
  EXPECT_EQ(failed.error().code, "http_503");
  EXPECT_EQ(down.count(), 3U);
}

TEST(RegistryClient, AWaitThatIsTooLongIsLeftToTheCaller) {
  FakeRegistry registry({answer(429, "", {{"Retry-After", "3600"}})});
  const auto failed = registry.client().manifest("x", "1", {});
  EXPECT_EQ(failed.error().retry_after, 3600s);
  EXPECT_EQ(registry.count(), 1U);
}

TEST(RegistryClient, APasswordGoesOnlyToWhoAsksForIt) {
  FakeRegistry registry(
      {answer(401, "", {{"WWW-Authenticate", "Basic realm=\"r\""}}), answer(200, "{}")});
  auto client = registry.client({.username = "u", .password = "p:w"});
  ASSERT_TRUE(client.reach({}));
  EXPECT_EQ(registry.authorization(0), "");
  EXPECT_EQ(registry.authorization(1), "Basic dTpwOnc=");
  ASSERT_TRUE(client.tags("x", {}));
  EXPECT_EQ(registry.count(), 3U) << "known by now";
}

TEST(RegistryClient, WhoIsNotLetInSaysSo) {
  const auto closed = answer(401, "", {{"WWW-Authenticate", "Basic realm=\"r\""}});
  FakeRegistry registry({closed});
  EXPECT_EQ(registry.client().reach({}).error().fault, Fault::stop);
  auto client = registry.client({.username = "u", .password = "secret-word"});
  const auto refused = client.reach({});
  EXPECT_EQ(refused.error().code, "denied");
  EXPECT_EQ(refused.error().message.find("secret-word"), std::string::npos);
  FakeRegistry silent({answer(401)});
  EXPECT_EQ(silent.client().reach({}).error().code, "denied");
  FakeRegistry forbidden({answer(403, R"({"errors":[{"code":"DENIED","message":"not yours"}]})")});
  const auto denied = forbidden.client().tags("x", {});
  EXPECT_EQ(denied.error().fault, Fault::reject);
  EXPECT_NE(denied.error().message.find("DENIED: not yours"), std::string::npos);
}

TEST(RegistryClient, FetchesATokenAndUsesItUntilItExpires) {
  FakeRegistry registry({});
  const std::string challenge = "Bearer realm=\"" + registry.url() +
                                "/token?a=1\",service=\"s t\",scope=\"repository:x:pull\"";
  registry.answers = {answer(401, "", {{"WWW-Authenticate", challenge}}),
                      answer(200, R"({"token":"abc","expires_in":1000})"),
                      answer(200, R"({"tags":["1"]})")};
  auto client = registry.client({.username = "u", .password = "p"});
  ASSERT_TRUE(client.tags("x", {}));
  ASSERT_EQ(registry.count(), 3U);
  EXPECT_EQ(registry.taken[1].path, "/token");
  EXPECT_EQ(registry.taken[1].query, "a=1&service=s%20t&scope=repository%3Ax%3Apull");
  EXPECT_EQ(registry.authorization(1), "Basic dTpw");
  EXPECT_EQ(registry.authorization(2), "Bearer abc");
  ASSERT_TRUE(client.tags("x", {}));
  EXPECT_EQ(registry.authorization(3), "Bearer abc");
}

TEST(RegistryClient, ATokenThatDoesNotHelpIsNotFetchedForEver) {
  FakeRegistry registry({});
  const std::string challenge = "Bearer realm=\"" + registry.url() + "/token\",service=\"s\"";
  const auto closed = answer(401, "", {{"WWW-Authenticate", challenge}});
  registry.answers = {closed, answer(200, R"({"token":"abc"})"), closed};
  EXPECT_EQ(registry.client().tags("x", {}).error().code, "denied");
  EXPECT_EQ(registry.count(), 3U);
}

TEST(Tokens, ExpireAndPauseTogether) {
  SystemClock clock;
  Tokens tokens(clock);
  tokens.keep("a", "Bearer x", 100s);
  tokens.keep("b", "Bearer y", 0s);
  EXPECT_EQ(tokens.find("a"), "Bearer x");
  EXPECT_EQ(tokens.find("b"), std::nullopt);
  EXPECT_EQ(tokens.pause_left(), 0ms);
  tokens.pause(1h);
  tokens.pause(1ms);
  EXPECT_GT(tokens.pause_left(), 59min);
  for (std::size_t i = 0; i < Tokens::kMax * 2; ++i) tokens.keep(std::to_string(i), "t", 100s);
  EXPECT_TRUE(tokens.find(std::to_string(Tokens::kMax * 2 - 1)));
}

}  // namespace
}  // namespace cdviz::sources::oci
