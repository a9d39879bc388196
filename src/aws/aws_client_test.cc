// The client against a server that answers as it is told.
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "aws/client.h"
#include "aws/time.h"
#include "net/http_date.h"
#include "net/test_client.h"

namespace cdviz::aws {
namespace {

/// Counts how often it was told that its credentials are over; each time there are others.
struct Rotating final : CredentialsProvider {
  Result<Credentials> get(const std::stop_token&) override {
    return Credentials{.access_key_id = "AKID" + std::to_string(times),
                       .secret_access_key = "secret",
                       .session_token = "token"};
  }
  void expired(const Credentials&) override { ++times; }
  int times = 0;
};

/// Answers one after the other, the last for ever.
struct Service : net::testing::TestServer {
  explicit Service(std::vector<net::Response> wanted) : answers(wanted.begin(), wanted.end()) {
    start();
    for (const auto* method : {"GET", "POST"}) {
      add({.method = method,
           .path = "/*",
           .body_bytes_max = 1U << 20U,
           .handle = [this](net::Request request, net::Reply reply) {
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
  }
  ~Service() { server.reset(); }

  Client client(ClientSettings wanted = {}) {
    wanted.scope = {"eu-west-1", "sqs"};
    wanted.endpoint = "http://127.0.0.1:" + std::to_string(server->port());
    wanted.pause_max = std::chrono::milliseconds(2);
    return Client(std::move(wanted), credentials, clock);
  }
  std::string header(std::size_t index, std::string_view name) {
    return std::string(taken.at(index).headers.find(name).value_or(""));
  }

  std::mutex mutex;
  std::deque<net::Response> answers;
  std::vector<net::Request> taken;
  std::shared_ptr<Rotating> credentials = std::make_shared<Rotating>();
  SystemClock clock;
};

TEST(AwsClient, SignsACallAndGivesItsAnswer) {
  Service service({{.status = 200, .body = "{\"a\":1}"}});
  auto client = service.client();
  const auto answer = client.call("AmazonSQS.ReceiveMessage", "{}", {});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, "{\"a\":1}");
  ASSERT_EQ(service.taken.size(), 1U);
  EXPECT_EQ(service.taken[0].body, "{}");
  EXPECT_EQ(service.header(0, "content-type"), "application/x-amz-json-1.0");
  EXPECT_EQ(service.header(0, "x-amz-target"), "AmazonSQS.ReceiveMessage");
  EXPECT_EQ(service.header(0, "x-amz-security-token"), "token");
  // What came is what was signed.
  Request same{.method = "POST", .body = "{}"};
  same.headers = {{"Content-Type", "application/x-amz-json-1.0"},
                  {"X-Amz-Target", "AmazonSQS.ReceiveMessage"}};
  std::string date = service.header(0, "x-amz-date");
  ASSERT_EQ(date.size(), 16U);
  for (const std::size_t at : {4U, 7U}) date.insert(at, "-");
  for (const std::size_t at : {13U, 16U}) date.insert(at, ":");
  const auto headers = signature_of(same, "127.0.0.1:" + std::to_string(service.server->port()),
                                    *service.credentials->get({}), {"eu-west-1", "sqs"},
                                    Paths::normalised, *parse_time(date));
  EXPECT_EQ(service.header(0, "authorization"), *headers.find("Authorization"));
}

TEST(AwsClient, TriesAgainWhatIsBusyOrBroken) {
  Service service({{.status = 503, .body = "<Error><Code>SlowDown</Code></Error>"},
                   {.status = 500},
                   {.status = 400, .body = "{\"__type\":\"ThrottlingException\"}"},
                   {.status = 200, .body = "ok"}});
  const auto answer = service.client().send({}, {});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "ok");
  EXPECT_EQ(service.taken.size(), 4U);
}

TEST(AwsClient, GivesUpAfterItsAttemptsAndSaysWhy) {
  net::Response busy{.status = 503,
                     .body = "<Error><Code>SlowDown</Code><Message>m</Message></Error>"};
  Service service({busy});
  const auto answer = service.client({.attempts_max = 3}).send({}, {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::retry);
  EXPECT_EQ(answer.error().code, "SlowDown");
  EXPECT_NE(answer.error().message.find("answers 503 SlowDown: m"), std::string::npos);
  EXPECT_EQ(service.taken.size(), 3U);
}

TEST(AwsClient, DoesNotTryAgainWhatIsWrong) {
  net::Response wrong{.status = 301, .body = "<Error><Code>PermanentRedirect</Code></Error>"};
  wrong.headers.add("x-amz-bucket-region", "eu-central-1");
  Service service({wrong});
  const auto answer = service.client().send({}, {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::stop);
  EXPECT_NE(answer.error().message.find("the bucket is in eu-central-1"), std::string::npos);
  EXPECT_EQ(service.taken.size(), 1U);
}

TEST(AwsClient, TakesOtherCredentialsWhenTheseAreOver) {
  Service service(
      {{.status = 400, .body = "<Error><Code>ExpiredToken</Code></Error>"}, {.status = 200}});
  EXPECT_TRUE(service.client().send({}, {}));
  EXPECT_NE(service.header(0, "authorization").find("AKID0"), std::string::npos);
  EXPECT_NE(service.header(1, "authorization").find("AKID1"), std::string::npos);
}

TEST(AwsClient, SignsWithTheirTimeWhenOurClockIsWrong) {
  // The collector is two hours behind.
  struct Late final : Clock {
    SystemClock right;
    std::chrono::steady_clock::time_point now() const override { return right.now(); }
    WallTime wall() const override { return right.wall() - std::chrono::hours(2); }
    bool wait(std::chrono::milliseconds duration, std::stop_token stop) const override {
      return right.wait(duration, stop);
    }
  } late;
  Service service({{.status = 403, .body = "<Error><Code>RequestTimeTooSkewed</Code></Error>"},
                   {.status = 200}});
  Client client({.scope = {"r", "s3"},
                 .endpoint = "http://127.0.0.1:" + std::to_string(service.server->port())},
                service.credentials, late);
  ASSERT_TRUE(client.send({}, {}));
  ASSERT_TRUE(client.send({}, {}));
  ASSERT_EQ(service.taken.size(), 3U);
  const std::string hour = amz_date(SystemClock().wall()).substr(0, 11);
  EXPECT_NE(service.header(0, "x-amz-date").substr(0, 11), hour);
  EXPECT_EQ(service.header(1, "x-amz-date").substr(0, 8), hour.substr(0, 8));
  EXPECT_NE(service.header(1, "x-amz-date"), service.header(0, "x-amz-date"));
  EXPECT_EQ(service.header(2, "x-amz-date").substr(0, 11),
            service.header(1, "x-amz-date").substr(0, 11))
      << "it is remembered";
}

TEST(AwsClient, NamesNoSecret) {
  Service service({{.status = 403,
                    .body = "<Error><Code>SignatureDoesNotMatch</Code><Message>not ours</Message>"
                            "<StringToSign>AWS4</StringToSign></Error>"}});
  const auto answer = service.client().send({}, {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::stop);
  EXPECT_EQ(answer.error().message.find("secret"), std::string::npos);
  EXPECT_EQ(answer.error().message.find("token"), std::string::npos);
}

TEST(AwsClient, KnowsWhereServicesAre) {
  EXPECT_EQ(endpoint_of("s3", "eu-west-1"), "https://s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(endpoint_of("ecr", "us-east-1"), "https://api.ecr.us-east-1.amazonaws.com");
  EXPECT_EQ(endpoint_of("sqs", "cn-north-1"), "https://sqs.cn-north-1.amazonaws.com.cn");
}

}  // namespace
}  // namespace cdviz::aws
