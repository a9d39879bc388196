#include "net/options.h"

#include <array>

#include <gtest/gtest.h>

#include "config/load.h"

namespace cdviz::net {
namespace {

const config::Catalogue& catalogue() {
  static const std::array kSections{config::Section{"http", "The server.", http_options()}};
  static const config::Catalogue kCatalogue{.sections = kSections, .sources = {}, .sinks = {}};
  return kCatalogue;
}

std::vector<std::string> problems(const std::string& toml) {
  const auto config = config::load({.built_in = {{"test", toml}}}, catalogue());
  settings_from(config.section("http"));
  std::vector<std::string> texts;
  for (const auto& mistake : config.mistakes()) texts.push_back(to_string(mistake));
  return texts;
}

TEST(HttpOptions, AreAValidTable) {
  EXPECT_EQ(config::mistakes_of(catalogue()), std::vector<std::string>{});
}

TEST(HttpOptions, DefaultToTheDefaultsOfTheServer) {
  const auto config = config::load({}, catalogue());
  const ServerSettings read = settings_from(config.section("http"));
  const ServerSettings own;
  EXPECT_EQ(read.host, own.host);
  EXPECT_EQ(read.port, own.port);
  EXPECT_EQ(read.threads, own.threads);
  EXPECT_EQ(read.root_url, own.root_url);
  EXPECT_EQ(read.connections_max, own.connections_max);
  EXPECT_EQ(read.header_bytes_max, own.header_bytes_max);
  EXPECT_EQ(read.header_timeout, own.header_timeout);
  EXPECT_EQ(read.body_timeout, own.body_timeout);
  EXPECT_EQ(read.body_rate_min, own.body_rate_min);
  EXPECT_EQ(read.keep_alive_timeout, own.keep_alive_timeout);
  EXPECT_EQ(read.request_timeout, own.request_timeout);
  EXPECT_EQ(read.in_flight_bytes_max, own.in_flight_bytes_max);
  EXPECT_EQ(read.tls.certificate, "");
  EXPECT_TRUE(config.valid());
}

TEST(HttpOptions, ACertificateNeedsItsKey) {
  EXPECT_EQ(problems("[http.tls]\ncertificate = \"a\"").size(), 1U);
  EXPECT_EQ(problems("[http.tls]\nkey = \"a\"").size(), 1U);
  EXPECT_EQ(problems("[http.tls]\nclient_ca = \"a\"").size(), 1U);
  EXPECT_EQ(problems("[http.tls]\ncertificate = \"a\"\nkey = \"b\"\nclient_ca = \"c\"").size(), 0U);
}

TEST(HttpOptions, APortIsAPort) { EXPECT_EQ(problems("[http]\nport = 65536").size(), 1U); }

}  // namespace
}  // namespace cdviz::net
