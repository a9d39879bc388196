// SQS over a server that answers as Amazon's documentation shows.
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "aws/sqs.h"
#include "net/test_client.h"

namespace cdviz::aws {
namespace {

struct Queue : net::testing::TestServer {
  explicit Queue(std::string answer) {
    start();
    add({.method = "POST",
         .path = "/*",
         .body_bytes_max = 1U << 20U,
         .handle = [this, answer](net::Request request, net::Reply reply) {
           const std::lock_guard lock(mutex);
           taken.push_back(std::move(request));
           reply({.status = 200, .body = answer});
         }});
    sqs = std::make_unique<Sqs>(
        std::make_unique<Client>(
            ClientSettings{.scope = {"r", "sqs"},
                           .endpoint = "http://127.0.0.1:" + std::to_string(server->port())},
            nullptr, clock),
        "https://sqs.r.amazonaws.com/1/q");
  }
  ~Queue() { server.reset(); }
  SystemClock clock;
  std::mutex mutex;
  std::vector<net::Request> taken;
  std::unique_ptr<Sqs> sqs;
};

TEST(AwsSqs, ReceivesMessages) {
  Queue queue(R"({"Messages":[{"MessageId":"m","ReceiptHandle":"h","Body":"b","MD5OfBody":"x",
                 "Attributes":{"ApproximateReceiveCount":"3"}},{"MessageId":"no handle"},7]})");
  const auto messages =
      queue.sqs->receive(10, std::chrono::seconds(20), std::chrono::seconds(60), {});
  ASSERT_TRUE(messages) << messages.error().message;
  ASSERT_EQ(messages->size(), 1U);
  EXPECT_EQ(messages->front().receipt_handle, "h");
  EXPECT_EQ(messages->front().body, "b");
  EXPECT_EQ(messages->front().receives, 3U);
  EXPECT_EQ(queue.taken[0].headers.find("X-Amz-Target"), "AmazonSQS.ReceiveMessage");
  EXPECT_NE(queue.taken[0].body.find(R"("WaitTimeSeconds":20,"VisibilityTimeout":60)"),
            std::string::npos)
      << queue.taken[0].body;
}

TEST(AwsSqs, NothingIsNoMessage) {
  Queue queue("{}");
  const auto messages = queue.sqs->receive(1, {}, std::chrono::seconds(1), {});
  ASSERT_TRUE(messages);
  EXPECT_TRUE(messages->empty());
  Queue broken("nonsense");
  EXPECT_FALSE(broken.sqs->receive(1, {}, std::chrono::seconds(1), {}));
}

TEST(AwsSqs, RemovesTenAtACallAndTellsWhichFailed) {
  Queue queue(R"({"Successful":[{"Id":"0"}],
                  "Failed":[{"Id":"1","Code":"ReceiptHandleIsInvalid","SenderFault":true},
                            {"Id":"99","Code":"x"},{"Id":"z"}]})");
  std::vector<std::string> handles;
  handles.reserve(12);
  for (int i = 0; i < 12; ++i) handles.push_back("h" + std::to_string(i));
  const auto failed = queue.sqs->remove(handles, {});
  ASSERT_TRUE(failed) << failed.error().message;
  EXPECT_EQ(queue.taken.size(), 2U);
  ASSERT_EQ(failed->size(), 2U);
  EXPECT_EQ((*failed)[0].receipt_handle, "h1");
  EXPECT_EQ((*failed)[1].receipt_handle, "h11");
  EXPECT_TRUE((*failed)[1].for_good);
  ASSERT_TRUE(queue.sqs->extend(handles, std::chrono::seconds(30), {}));
  EXPECT_NE(queue.taken.back().body.find("\"VisibilityTimeout\":30"), std::string::npos);
}

TEST(AwsSqs, AUrlTellsItsRegionAndItsEndpoint) {
  EXPECT_EQ(region_of_queue("https://sqs.eu-west-1.amazonaws.com/1/q"), "eu-west-1");
  EXPECT_EQ(region_of_queue("http://127.0.0.1:1/1/q"), std::nullopt);
  EXPECT_EQ(endpoint_of_queue("http://127.0.0.1:1/1/q"), "http://127.0.0.1:1");
  for (const auto* wrong : {"", "q", "https://host", "https://host/", "ftp://x/y"}) {
    EXPECT_EQ(endpoint_of_queue(wrong), "") << wrong;
  }
}

}  // namespace
}  // namespace cdviz::aws
