#include "net/credentials.h"

#include <gtest/gtest.h>

namespace cdviz::net {
namespace {

TEST(Credentials, WithoutAnyNothingIsRequired) {
  EXPECT_FALSE(Credentials{}.required());
  EXPECT_EQ(Credentials{}.challenge(), "");
}

TEST(Credentials, ABearerTokenIsTakenFromTheHeaderOrTheQuery) {
  Credentials credentials;
  credentials.allow_bearer("new/token=");
  credentials.allow_bearer("old");
  EXPECT_TRUE(credentials.required());
  EXPECT_TRUE(credentials.shown_by({{"authorization", "bearer  new/token="}}, ""));
  EXPECT_TRUE(credentials.shown_by({{"Authorization", "Bearer old"}}, ""));
  EXPECT_TRUE(credentials.shown_by({}, "a=b&access_token=new%2Ftoken%3D"));
  EXPECT_TRUE(credentials.shown_by({{"Authorization", "Bearer wrong"}}, "access_token=old"));
  EXPECT_FALSE(credentials.shown_by({}, ""));
  EXPECT_FALSE(credentials.shown_by({}, "access_token="));
  EXPECT_FALSE(credentials.shown_by({}, "access_token=older"));
  for (const auto* value : {"", "Bearer", "Bearer ", "Bearer  ", "old", "Basic old", "Bearer old ",
                            "Bearer old,new/token="}) {
    EXPECT_FALSE(credentials.shown_by({{"Authorization", value}}, "")) << value;
  }
}

// RFC 7617 §2.
TEST(Credentials, BasicIsUserAndPassword) {
  Credentials credentials;
  credentials.allow_basic("Aladdin", "open sesame");
  EXPECT_TRUE(credentials.shown_by({{"Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}}, ""));
  EXPECT_FALSE(credentials.shown_by({{"Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZg=="}}, ""));
  EXPECT_FALSE(credentials.shown_by({{"Authorization", "Basic ?"}}, ""));
  EXPECT_FALSE(credentials.shown_by({}, "access_token=Aladdin:open%20sesame"));
}

TEST(Credentials, TheChallengeNamesWhatWouldDo) {
  Credentials credentials;
  credentials.allow_bearer("t");
  EXPECT_EQ(credentials.challenge(), "Bearer realm=\"webhook\"");
  credentials.allow_basic("u", "p");
  EXPECT_EQ(credentials.challenge(),
            "Bearer realm=\"webhook\", Basic realm=\"webhook\", charset=\"UTF-8\"");
}

}  // namespace
}  // namespace cdviz::net
