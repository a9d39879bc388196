#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "core/component.h"
#include "nats/options.h"

namespace cdviz::nats {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::array kNone = {Option{.name = "own", .help = "Of the kind."}};
constexpr auto kAll = with_connection_options(kNone);
const SinkKind kKind{.name = "n", .summary = "x", .options = kAll, .make = nullptr};
constexpr std::array<const SinkKind*, 1> kKinds = {&kKind};

struct Read {
  std::optional<Settings> settings;
  std::vector<std::string> mistakes;
};

Read read(const std::string& toml) {
  config::Input input;
  input.built_in = {{"t", "[sinks.s]\nenabled = true\ntype = \"n\"\n" + toml}};
  auto config = config::load(input, config::Catalogue{{}, {}, kKinds});
  Read result{read_settings(config.sinks().at(0).options, "s"), {}};
  for (const auto& mistake : config.mistakes()) result.mistakes.push_back(mistake.message);
  return result;
}

TEST(NatsOptions, ServersAreAListWithCommas) {
  const auto got = read("servers = \"nats://a:4222, tls://u:p@b\"");
  EXPECT_THAT(got.mistakes, IsEmpty());
  ASSERT_TRUE(got.settings);
  EXPECT_THAT(got.settings->servers, ElementsAre("nats://a:4222", "tls://u:p@b"));
  EXPECT_TRUE(got.settings->tls);
  EXPECT_EQ(got.settings->name, "cdviz-collector s");
}

TEST(NatsOptions, WhatIsWrongIsToldWithoutTheSecret) {
  for (const auto* servers : {"http://u:hidden@a", "nats://a:0", "nats://a,", "nats://a:x",
                              "nats://u:hidden@", "a b", "nats://:4222", "nats://a/path"}) {
    const auto got = read("servers = \"" + std::string(servers) + "\"");
    EXPECT_FALSE(got.settings) << servers;
    ASSERT_EQ(got.mistakes.size(), 1U) << servers;
    EXPECT_THAT(got.mistakes[0], ::testing::Not(HasSubstr("hidden")));
  }
}

TEST(NatsOptions, OneWayToLogIn) {
  EXPECT_THAT(read("servers = \"a\"\nuser = \"u\"").mistakes, ElementsAre(HasSubstr("together")));
  EXPECT_THAT(read("servers = \"a\"\ntoken = \"t\"\nuser = \"u\"\npassword = \"p\"").mistakes,
              ElementsAre(HasSubstr("one way")));
  EXPECT_THAT(read("servers = \"a\"\nnkey_seed = \"SUwrong\"").mistakes,
              ElementsAre(HasSubstr("seed")));
  EXPECT_THAT(read("servers = \"a\"\ncredentials = \"x\"").mistakes,
              ElementsAre(HasSubstr("credentials")));
}

TEST(NatsOptions, APairOfFilesIsGivenTogether) {
  EXPECT_THAT(read("servers = \"a\"\ntls.certificate = \"c\"").mistakes,
              ElementsAre(HasSubstr("together")));
  const auto got = read("servers = \"a\"\ntls = {}");
  ASSERT_TRUE(got.settings);
  EXPECT_TRUE(got.settings->tls);
}

TEST(NatsOptions, APlaceShowsNoUser) {
  EXPECT_EQ(place_of("nats://u:p@host:4222"), "host:4222");
  EXPECT_EQ(place_of("host"), "host");
}

}  // namespace
}  // namespace cdviz::nats
