#include "postgres/url.h"

#include <gtest/gtest.h>

namespace cdviz::postgres {
namespace {

TEST(Url, SeveralHostsAreSeveralServersInTheirOrder) {
  const auto parameters =
      parse_url("postgresql://me:secret@one:5433,two,[::1]:5434/lake?sslmode=require");
  ASSERT_TRUE(parameters) << parameters.error().message;
  const auto servers = servers_of(parameters.value());
  ASSERT_EQ(servers.size(), 3U);
  EXPECT_EQ(place_of(servers[0]), "one:5433/lake");
  EXPECT_EQ(place_of(servers[1]), "two:5432/lake");
  EXPECT_EQ(place_of(servers[2]), "::1:5434/lake");
  EXPECT_EQ(servers[1].at("sslmode"), "require");
  EXPECT_EQ(servers[2].at("password"), "secret");
}

TEST(Url, OnePortIsForAllHosts) {
  const auto parameters = parse_url("host=a,b port=6000 dbname=x");
  ASSERT_TRUE(parameters);
  EXPECT_EQ(place_of(servers_of(parameters.value())[1]), "b:6000/x");
}

TEST(Url, WithoutAHostItIsOneServer) {
  EXPECT_EQ(servers_of(parse_url("postgresql:///lake").value()).size(), 1U);
}

TEST(Url, WhatCannotBeReadIsReportedWithoutThePassword) {
  for (const auto* url :
       {"postgresql://me:se%zzcret@host/db", "postgresql://me:secret@[::1/db",
        "password=my secret host=x", "postgresql://me:secret@host/db?x=secret",
        "host=a password='secret", "postgresql://u:secret@h:1:2/db=secret?=", ""}) {
    const auto parameters = parse_url(url);
    ASSERT_FALSE(parameters) << url;
    EXPECT_EQ(parameters.error().fault, Fault::stop);
    EXPECT_EQ(parameters.error().message.find("cret"), std::string::npos)
        << parameters.error().message;
  }
}

}  // namespace
}  // namespace cdviz::postgres
