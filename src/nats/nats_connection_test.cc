// Against a real nats-server.
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <future>

#include <gtest/gtest.h>
#include <unistd.h>

#include "nats/connection.h"
#include "nats/testing/server.h"

namespace cdviz::nats {
namespace {

using namespace std::chrono_literals;
using testing::Server;

Settings settings_of(const std::string& url) { return {.servers = {url}, .name = "test"}; }

struct NatsConnection : ::testing::Test {
  void SetUp() override {
    if (const auto why = Server::missing(); !why.empty()) GTEST_SKIP() << why;
  }
};

TEST_F(NatsConnection, AMessageComesWithSubjectReplyHeadersAndBytes) {
  auto connection = Connection::open(settings_of(Server::shared().url()), {});
  ASSERT_TRUE(connection) << connection.error().message;
  EXPECT_EQ((*connection)->place(), "127.0.0.1:" + std::to_string(Server::shared().port()));
  Mailbox mailbox(10, 1000);
  auto subscription =
      (*connection)->subscribe("a.*", "", [&](Incoming&& m) { mailbox.put(std::move(m)); });
  ASSERT_TRUE(subscription);
  const Headers headers{{"ce-id", "1"}, {"X-Twice", "a"}, {"X-Twice", "b"}};
  ASSERT_TRUE((*connection)->publish("a.b", "answer.here", headers, std::string("\0x\xFF", 3)));
  ASSERT_TRUE((*connection)->publish("a.c", "", {}, ""));
  ASSERT_TRUE((*connection)->flush(5s));
  std::deque<Incoming> got;
  while (got.size() < 2) {
    for (auto& m : mailbox.take(5s, {})) got.push_back(std::move(m));
  }
  EXPECT_EQ(got[0].subject, "a.b");
  EXPECT_EQ(got[0].reply, "answer.here");
  EXPECT_EQ(got[0].body, std::string("\0x\xFF", 3));
  EXPECT_EQ(got[0].headers.find("ce-id"), "1");
  EXPECT_EQ(got[0].headers.find("X-Twice"), "b");
  EXPECT_EQ(got[0].headers.size(), 3U);
  EXPECT_EQ(got[1].body, "");
  EXPECT_EQ(got[1].status, 0);
  mailbox.close();
}

TEST_F(NatsConnection, NobodyToAnswerIsAnErrorOfItsOwn) {
  auto connection = Connection::open(settings_of(Server::shared().url()), {});
  ASSERT_TRUE(connection);
  const auto answer = (*connection)->request("nobody.there", "", 5s);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::retry);
  EXPECT_NE(answer.error().message.find("no stream"), std::string::npos);
}

TEST_F(NatsConnection, AServerThatIsNotThereIsTriedAgainLater) {
  const auto connection = Connection::open(settings_of("nats://u:hidden@127.0.0.1:1"), {});
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().fault, Fault::retry);
  EXPECT_EQ(connection.error().message.find("hidden"), std::string::npos);
  EXPECT_NE(connection.error().message.find("127.0.0.1:1"), std::string::npos);
}

TEST_F(NatsConnection, ALostConnectionIsToldOnceAndStaysLost) {
  Server server;
  std::promise<void> told;
  std::atomic<int> times = 0;
  auto connection = Connection::open(settings_of(server.url()), [&] {
    if (++times == 1) told.set_value();
  });
  ASSERT_TRUE(connection);
  EXPECT_FALSE((*connection)->error());
  server.stop(SIGKILL);
  ASSERT_EQ(told.get_future().wait_for(30s), std::future_status::ready);
  ASSERT_TRUE((*connection)->error());
  EXPECT_EQ((*connection)->error()->fault, Fault::retry);
  EXPECT_FALSE((*connection)->publish("a", "", {}, "x"));
  EXPECT_FALSE((*connection)->flush(1s));
  connection = Error{};
  EXPECT_EQ(times, 1);
}

TEST_F(NatsConnection, WhatIsForbiddenStops) {
  Server server(
      "authorization: { users: [ { user: u, password: right, permissions: { publish: \"ok.>\" } } "
      "] }");
  auto settings = settings_of(server.url());
  settings.user = "u";
  settings.password = "wrong";
  const auto refused = Connection::open(settings, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::stop) << refused.error().message;
  EXPECT_EQ(refused.error().message.find("wrong"), std::string::npos);
  settings.password = "right";
  std::promise<void> told;
  auto connection = Connection::open(settings, [&] { told.set_value(); });
  ASSERT_TRUE(connection) << connection.error().message;
  ASSERT_TRUE((*connection)->publish("secret.subject", "", {}, "x"));
  ASSERT_EQ(told.get_future().wait_for(30s), std::future_status::ready);
  ASSERT_TRUE((*connection)->error());
  EXPECT_EQ((*connection)->error()->fault, Fault::stop) << (*connection)->error()->message;
}

TEST_F(NatsConnection, AnNkeyLetsUsIn) {
  constexpr auto* kSeed = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
  Server server(
      "authorization: { users: [ { nkey: "
      "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4 } ] }");
  auto settings = settings_of(server.url());
  ASSERT_FALSE(Connection::open(settings, {}));
  settings.credentials = Credentials{{}, kSeed};
  const auto connection = Connection::open(settings, {});
  EXPECT_TRUE(connection) << connection.error().message;
}

TEST_F(NatsConnection, ATokenLetsUsIn) {
  Server server("authorization: { token: \"t0ken\" }");
  auto settings = settings_of(server.url());
  settings.token = "other";
  EXPECT_EQ(Connection::open(settings, {}).error().fault, Fault::stop);
  settings.token = "t0ken";
  EXPECT_TRUE(Connection::open(settings, {}));
}

/// A key and a certificate for "localhost" that signs itself.
struct Certificate {
  explicit Certificate(const std::string& file) : certificate(file + ".crt"), key(file + ".key") {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 "
        "-nodes -days 2 -subj /CN=localhost -addext "
        "subjectAltName=DNS:localhost -keyout " +
        key + " -out " + certificate + " 2>/dev/null";
    EXPECT_EQ(std::system(command.c_str()), 0);  // NOLINT(concurrency-mt-unsafe)
  }
  ~Certificate() {
    std::filesystem::remove(certificate);
    std::filesystem::remove(key);
  }
  std::string certificate, key;
};

TEST_F(NatsConnection, TlsVerifiesTheServersCertificateAndName) {
  const auto file =
      std::filesystem::temp_directory_path() / ("cdviz-nats-" + std::to_string(getpid()));
  const Certificate own(file.string());
  const Certificate other(file.string() + "-other");
  Server server("tls: { cert_file: \"" + own.certificate + "\", key_file: \"" + own.key +
                "\", ca_file: \"" + own.certificate + "\", verify: true }");
  const std::string port = std::to_string(server.port());
  Settings settings{.servers = {"nats://localhost:" + port}, .name = "test"};
  settings.tls = true;
  settings.tls_ca = own.certificate;
  settings.tls_certificate = own.certificate;
  settings.tls_key = own.key;
  const auto fine = Connection::open(settings, {});
  EXPECT_TRUE(fine) << fine.error().message;

  auto wrong = settings;
  wrong.servers = {"nats://127.0.0.1:" + port};  // the certificate is for localhost
  EXPECT_FALSE(Connection::open(wrong, {}));
  wrong = settings;
  wrong.tls_ca = other.certificate;
  const auto unknown = Connection::open(wrong, {});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().fault, Fault::stop) << unknown.error().message;
  wrong = settings;
  wrong.tls_certificate.clear();
  wrong.tls_key.clear();
  EXPECT_FALSE(Connection::open(wrong, {})) << "the server wants ours";
  wrong = settings;
  wrong.tls = false;
  EXPECT_TRUE(Connection::open(wrong, {}).has_error());
  wrong = settings;
  wrong.tls_ca = "/nowhere";
  EXPECT_EQ(Connection::open(wrong, {}).error().code, "tls_files");
}

TEST_F(NatsConnection, AFullMailboxHoldsBackAndACloseLetsGo) {
  auto connection = Connection::open(settings_of(Server::shared().url()), {});
  ASSERT_TRUE(connection);
  Mailbox mailbox(2, 1000);
  auto subscription =
      (*connection)->subscribe("full", "", [&](Incoming&& m) { mailbox.put(std::move(m)); });
  ASSERT_TRUE(subscription);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE((*connection)->publish("full", "", {}, "x"));
  ASSERT_TRUE((*connection)->flush(5s));
  std::size_t got = 0;
  while (got < 6) {
    const auto some = mailbox.take(5s, {}).size();
    EXPECT_LE(some, 2U);
    got += some;
  }
  mailbox.close();
  subscription->reset();  // returns although messages wait
  EXPECT_LE(mailbox.take(0s, {}).size(), 2U);
}

TEST(Mailbox, AStopAndAWakeEndTheWait) {
  Mailbox mailbox(2, 10);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRUE(mailbox.take(1h, stop.get_token()).empty());
  mailbox.wake();
  EXPECT_TRUE(mailbox.take(1h, {}).empty());
  mailbox.put({.subject = "s", .reply = {}, .body = std::string(100, 'x')});  // one always fits
  EXPECT_EQ(mailbox.take(1h, {}).size(), 1U);
}

}  // namespace
}  // namespace cdviz::nats
