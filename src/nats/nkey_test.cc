#include "nats/nkey.h"

#include <gtest/gtest.h>

namespace cdviz::nats {
namespace {

// Of the NATS documentation; used nowhere.
constexpr auto* kSeed = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
constexpr auto* kPublic = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4";

TEST(NKey, ThePublicKeyFollowsFromTheSeed) { EXPECT_EQ(public_key_of(kSeed), kPublic); }

TEST(NKey, WhatIsNoSeedOfAUserIsNone) {
  std::string wrong = kSeed;
  wrong[20] = wrong[20] == 'A' ? 'B' : 'A';
  for (const std::string& text :
       {std::string(), std::string("SU"), wrong, std::string(kPublic), std::string(kSeed).substr(1),
        std::string(kSeed) + "A", std::string(200, 'A'), std::string("su lower")}) {
    EXPECT_FALSE(public_key_of(text)) << text;
  }
}

TEST(NKey, AFileOfCredentialsHoldsAJwtAndASeed) {
  const std::string file = std::string(
                               "-----BEGIN NATS USER JWT-----\neyJ0.abc\n------END NATS USER "
                               "JWT------\n\n*** words ***\n-----BEGIN USER NKEY SEED-----\n") +
                           kSeed + "\n------END USER NKEY SEED------\n";
  const auto credentials = read_credentials(file);
  ASSERT_TRUE(credentials);
  EXPECT_EQ(credentials->jwt, "eyJ0.abc");
  EXPECT_EQ(credentials->seed, kSeed);
  EXPECT_FALSE(read_credentials(kSeed));
  EXPECT_FALSE(read_credentials(file.substr(0, file.size() / 2)));
  EXPECT_FALSE(read_credentials(""));
}

}  // namespace
}  // namespace cdviz::nats
