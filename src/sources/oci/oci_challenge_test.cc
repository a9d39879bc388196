#include <gtest/gtest.h>

#include "sources/oci/challenge.h"

namespace cdviz::sources::oci {
namespace {

std::string shown(std::string_view header) {
  const auto challenge = parse_challenge(header);
  if (!challenge) return "none";
  return (challenge->scheme == Scheme::bearer ? "bearer " : "basic ") + challenge->realm + "|" +
         challenge->service + "|" + challenge->scope + "|" + challenge->error;
}

TEST(Challenge, ReadsThoseOfRegistries) {
  EXPECT_EQ(shown(R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io",)"
                  R"(scope="repository:samalba/my-app:pull,push")"),
            "bearer https://auth.docker.io/token|registry.docker.io|"
            "repository:samalba/my-app:pull,push|");
  EXPECT_EQ(shown(R"(Basic realm="Registry Realm")"), "basic Registry Realm|||");
  EXPECT_EQ(shown(R"(bearer REALM = "r" , service=s,error="insufficient_scope")"),
            "bearer r|s||insufficient_scope");
}

TEST(Challenge, BearerIsBetterThanBasic) {
  EXPECT_EQ(shown(R"(Basic realm="a", Bearer realm="b",service="s")"), "bearer b|s||");
  EXPECT_EQ(shown(R"(Negotiate abc==, NTLM, Basic realm="a")"), "basic a|||");
  EXPECT_EQ(shown(R"(Digest realm="x", nonce="Basic realm=\"y\"")"), "none");
}

TEST(Challenge, QuotedTextMayHoldAnything) {
  EXPECT_EQ(shown(R"(Bearer realm="a\"b,c=d\\e")"), R"(bearer a"b,c=d\e|||)");
}

TEST(Challenge, HostileTextIsHarmless) {
  for (const auto* text : {"", "=", "\"", ",,,", "Bearer realm=\"", "Bearer realm=\"\\", "\xff\xfe",
                           "Bearer ,,= \"\" =", "realm=\"x\""}) {
    shown(text);
  }
  EXPECT_EQ(shown(std::string(100'000, ',')), "none");
  EXPECT_EQ(shown("realm=\"x\""), "none");
}

TEST(Token, HoldsOnlyWhatAHeaderMay) {
  EXPECT_TRUE(is_token("eyJhbGciOi.x-_~+/=="));
  EXPECT_FALSE(is_token(""));
  EXPECT_FALSE(is_token("a b"));
  EXPECT_FALSE(is_token("a\r\nX-Evil: 1"));
}

}  // namespace
}  // namespace cdviz::sources::oci
