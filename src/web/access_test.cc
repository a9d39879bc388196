#include "web/access.h"

#include <gtest/gtest.h>

namespace cdviz::web {
namespace {

net::RequestHead from(const std::string& remote, const std::string& host, Headers more = {}) {
  net::RequestHead head;
  head.method = "GET";
  head.path = "/";
  head.remote_address = remote;
  head.headers = std::move(more);
  head.headers.add("Host", host);
  return head;
}

int status(const Access& access, const net::RequestHead& head) {
  const auto refusal = access.refusal(head);
  return refusal ? refusal->status : 200;
}

TEST(Access, WithoutProtectionItIsForThisMachineAlone) {
  const Access access;
  EXPECT_EQ(status(access, from("127.0.0.1:5", "localhost:8080")), 200);
  EXPECT_EQ(status(access, from("[::1]:5", "[::1]:8080")), 200);
  EXPECT_EQ(status(access, from("192.0.2.7:5", "127.0.0.1:8080")), 403);
}

TEST(Access, ANameThatOnlyLeadsHereIsRefused) {
  const Access access;
  for (const auto* host : {"attacker.example", "127.0.0.1.attacker.example", "127.evil", "", "::2",
                           "localhost.attacker.example:8080"})
    EXPECT_EQ(status(access, from("127.0.0.1:5", host)), 403) << host;
}

TEST(Access, AUserOrATokenIsLetInFromAnywhere) {
  AccessSettings settings;
  settings.credentials.allow_basic("ann", "a long password");
  settings.credentials.allow_bearer("a-token-of-some-length");
  const Access access(settings);
  EXPECT_EQ(status(access, from("192.0.2.7:5", "dash.example",
                                {{"Authorization", "Basic YW5uOmEgbG9uZyBwYXNzd29yZA=="}})),
            200);
  EXPECT_EQ(status(access, from("192.0.2.7:5", "dash.example",
                                {{"Authorization", "Bearer a-token-of-some-length"}})),
            200);
  const auto refusal = access.refusal(from("127.0.0.1:5", "localhost:8080"));
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->status, 401);
  EXPECT_NE(refusal->headers.find("WWW-Authenticate")->find("Basic realm=\"cdviz\""),
            std::string_view::npos);
  for (const auto* wrong : {"Bearer a-token-of-some-lengtH", "Bearer", "Basic YW5uOg==", "Basic %%",
                            "Digest a-token-of-some-length"})
    EXPECT_EQ(status(access, from("127.0.0.1:5", "localhost", {{"Authorization", wrong}})), 401)
        << wrong;
}

TEST(Access, TheProxysHeaderCountsFromTheProxyAlone) {
  AccessSettings settings;
  settings.proxy_header = "X-Forwarded-User";
  settings.proxy_addresses = {"127.0.0.1", "10.0.0.2"};
  settings.hosts = {"dash.example"};
  const Access access(settings);
  const Headers ann = {{"X-Forwarded-User", "ann"}};
  EXPECT_EQ(status(access, from("127.0.0.1:5", "dash.example", ann)), 200);
  EXPECT_EQ(status(access, from("10.0.0.2:5", "DASH.example:443", ann)), 200);
  EXPECT_EQ(status(access, from("192.0.2.7:5", "dash.example", ann)), 401);
  EXPECT_EQ(status(access, from("127.0.0.1:5", "dash.example")), 401);
  EXPECT_EQ(status(access, from("127.0.0.1:5", "dash.example", {{"X-Forwarded-User", ""}})), 401);
  // A page of another site, whose name was made to point here, can send any header.
  EXPECT_EQ(status(access, from("127.0.0.1:5", "attacker.example", ann)), 403);
}

}  // namespace
}  // namespace cdviz::web
