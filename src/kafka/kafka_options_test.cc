#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "core/component.h"
#include "kafka/client_options.h"

namespace cdviz::kafka {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

constexpr std::array kTable = {kBrokersOption, kSaslOption, kTlsOption, kRdkafkaConfigOption};

Result<std::unique_ptr<Sink>> make(const config::Options&, const Services&) {
  return Error{Fault::stop, "only its options are of interest"};
}

constexpr SinkKind kTestKind{.name = "test", .summary = "", .options = kTable, .make = &make};
const std::array<const SinkKind*, 1> kSinks = {&kTestKind};

struct Read {
  std::optional<Properties> properties;
  std::optional<TokenRequest> token;
  std::vector<std::string> mistakes;
};

Read read(const std::string& toml) {
  config::Input input;
  input.built_in.emplace_back("test.toml", "[sinks.k]\nenabled = true\ntype = \"test\"\n" + toml);
  auto config =
      config::load(input, config::Catalogue{.sections = {}, .sources = {}, .sinks = kSinks});
  Read result;
  auto settings = read_client_settings(config.sinks().at(0).options,
                                       {{"linger.ms", "3"}, {"client.id", "cdviz"}},
                                       {{"acks", "all"}, {"transactional.id", ""}});
  if (settings) {
    result.properties = std::move(settings->properties);
    result.token = std::move(settings->token);
  }
  for (const auto& mistake : config.mistakes()) {
    result.mistakes.push_back(mistake.path + ": " + mistake.message);
  }
  return result;
}

constexpr const char* kBrokers = "brokers = \"k1:9092\"\n";

TEST(KafkaOptions, WhatTheUserSaysComesAfterDefaultsAndBeforeOurOwn) {
  const auto result = read(std::string(kBrokers) +
                           "rdkafka_config = { \"linger.ms\" = 7, "
                           "\"socket.keepalive.enable\" = true }");
  EXPECT_THAT(result.mistakes, IsEmpty());
  ASSERT_TRUE(result.properties);
  EXPECT_THAT(*result.properties,
              ElementsAre(Pair("linger.ms", "3"), Pair("client.id", "cdviz"),
                          Pair("linger.ms", "7"), Pair("socket.keepalive.enable", "true"),
                          Pair("bootstrap.servers", "k1:9092"), Pair("acks", "all")));
}

TEST(KafkaOptions, APropertyThatLibrdkafkaDoesNotHaveIsAMistake) {
  const auto result = read(std::string(kBrokers) + "rdkafka_config = { \"linger.mms\" = 7 }");
  EXPECT_FALSE(result.properties);
  EXPECT_THAT(result.mistakes, ElementsAre(HasSubstr("linger.mms")));
}

TEST(KafkaOptions, AValueThatDoesNotFitIsAMistake) {
  EXPECT_THAT(
      read(std::string(kBrokers) + "rdkafka_config = { \"linger.ms\" = \"soon\" }").mistakes,
      ElementsAre(HasSubstr("linger.ms")));
  EXPECT_THAT(read(std::string(kBrokers) + "rdkafka_config = { \"linger.ms\" = [1] }").mistakes,
              ElementsAre(HasSubstr("linger.ms")));
}

TEST(KafkaOptions, NoPromiseCanBeConfiguredAway) {
  EXPECT_THAT(read(std::string(kBrokers) + "rdkafka_config = { acks = 1 }").mistakes,
              ElementsAre(HasSubstr("acks is set by the collector")));
  EXPECT_THAT(
      read(std::string(kBrokers) + "rdkafka_config = { \"transactional.id\" = \"x\" }").mistakes,
      ElementsAre(HasSubstr("transactional.id is set by the collector")));
}

TEST(KafkaOptions, ASecretHasAPlaceOfItsOwnAndIsNotRepeated) {
  const auto result =
      read(std::string(kBrokers) + "rdkafka_config = { \"sasl.password\" = \"hunter2\" }");
  EXPECT_FALSE(result.properties);
  EXPECT_THAT(result.mistakes, ElementsAre(HasSubstr("give it as sasl.password")));
  EXPECT_THAT(result.mistakes, Not(Contains(HasSubstr("hunter2"))));
}

TEST(KafkaOptions, ScramOverTlsIsToldToLibrdkafka) {
  const auto result = read(std::string(kBrokers) +
                           "[sinks.k.sasl]\nmechanism = \"SCRAM-SHA-512\"\nusername = \"u\"\n"
                           "password = \"p\"\n[sinks.k.tls]\nca = \"/ca.crt\"\n");
  EXPECT_THAT(result.mistakes, IsEmpty());
  ASSERT_TRUE(result.properties);
  EXPECT_THAT(*result.properties, Contains(Pair("security.protocol", "sasl_ssl")));
  EXPECT_THAT(*result.properties, Contains(Pair("sasl.mechanism", "SCRAM-SHA-512")));
  EXPECT_THAT(*result.properties, Contains(Pair("sasl.username", "u")));
  EXPECT_THAT(*result.properties, Contains(Pair("sasl.password", "p")));
  EXPECT_THAT(*result.properties, Contains(Pair("ssl.ca.location", "/ca.crt")));
  EXPECT_THAT(*result.properties, Contains(Pair("ssl.endpoint.identification.algorithm", "https")));
}

TEST(KafkaOptions, AnEmptyTlsTableTurnsTlsOn) {
  const auto result = read(std::string(kBrokers) + "tls = {}");
  ASSERT_TRUE(result.properties);
  EXPECT_THAT(*result.properties, Contains(Pair("security.protocol", "ssl")));
}

TEST(KafkaOptions, TokensAreFetchedWithClientCredentials) {
  const auto result = read(std::string(kBrokers) +
                           "[sinks.k.sasl]\nmechanism = \"OAUTHBEARER\"\n"
                           "token_endpoint = \"https://login/token\"\nclient_id = \"c\"\n"
                           "client_secret = \"s\"\nscope = \"kafka\"\n");
  EXPECT_THAT(result.mistakes, IsEmpty());
  ASSERT_TRUE(result.properties);
  ASSERT_TRUE(result.token);
  EXPECT_EQ(result.token->endpoint, "https://login/token");
  EXPECT_EQ(result.token->client_secret, "s");
  EXPECT_EQ(result.token->scope, "kafka");
  EXPECT_THAT(*result.properties, Contains(Pair("security.protocol", "sasl_plaintext")));
}

TEST(KafkaOptions, WhatAMechanismNeedsIsAskedFor) {
  EXPECT_THAT(read(std::string(kBrokers) + "[sinks.k.sasl]\nmechanism = \"PLAIN\"\n").mistakes,
              ElementsAre(HasSubstr("sasl.username: is missing: PLAIN needs it"),
                          HasSubstr("sasl.password: is missing: PLAIN needs it")));
  EXPECT_THAT(
      read(std::string(kBrokers) + "[sinks.k.sasl]\nmechanism = \"OAUTHBEARER\"\n").mistakes.size(),
      3U);
  EXPECT_THAT(read(std::string(kBrokers) + "tls = { key = \"/k\" }").mistakes,
              ElementsAre(HasSubstr("tls.key: needs the other one")));
}

TEST(KafkaOptions, ABrokerIsNeeded) {
  EXPECT_THAT(read("brokers = \" \"").mistakes, ElementsAre(HasSubstr("brokers: is empty")));
  EXPECT_FALSE(read("").properties);
}

}  // namespace
}  // namespace cdviz::kafka
