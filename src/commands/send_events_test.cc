// What the sender makes of a collector's answers. The real thing: tests/end_to_end/test_demo.py.
#include "commands/send_events.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "net/test_client.h"

namespace cdviz::commands {
namespace {

/// Answers POST /webhook/1 with one response after the other, the last one again and again.
struct Webhook : net::testing::TestServer {
  explicit Webhook(std::vector<net::Response> wanted) : answers(std::move(wanted)) {
    start();
    add({.method = "POST",
         .path = "/webhook/1",
         .body_bytes_max = 1U << 20U,
         .handle = [this](net::Request request, net::Reply reply) {
           const std::lock_guard lock(mutex);
           bodies.push_back(std::move(request.body));
           reply(answers[std::min(bodies.size(), answers.size()) - 1]);
         }});
  }
  ~Webhook() { server.reset(); }
  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(server->port()) + "/webhook/1";
  }
  std::vector<std::string> received() {
    const std::lock_guard lock(mutex);
    return bodies;
  }

  std::mutex mutex;
  std::vector<net::Response> answers;
  std::vector<std::string> bodies;
};

net::Response full() {
  net::Response response{.status = 503};
  response.headers.add("Retry-After", "1");
  return response;
}

std::vector<net::Response> responses(net::Response first) { return {std::move(first)}; }
std::vector<net::Response> responses(net::Response first, net::Response second) {
  return {std::move(first), std::move(second)};
}

const std::vector<demo::Delivery> kTwo = {{.json = "{\"a\":1}"}, {.json = "{\"b\":2}"}};
const std::vector<demo::Delivery> kRefused = {{.json = "{}", .refused = true}};

TEST(EventSender, SendsOneEventALine) {
  Webhook webhook(responses({.status = 202}));
  ASSERT_TRUE(EventSender({.url = webhook.url()}).send(kTwo));
  EXPECT_EQ(webhook.received(), std::vector<std::string>{"{\"a\":1}\n{\"b\":2}\n"});
}

TEST(EventSender, ComesAgainWhenTheCollectorIsFull) {
  Webhook webhook(responses(full(), {.status = 202}));
  ASSERT_TRUE(EventSender({.url = webhook.url()}).send(kTwo));
  const auto received = webhook.received();
  ASSERT_EQ(received.size(), 2U);
  EXPECT_EQ(received[0], received[1]);
}

TEST(EventSender, StopsWaitingWhenItIsCancelled) {
  Webhook webhook(responses(full()));
  const auto cancelled = [&] { return !webhook.received().empty(); };
  const auto sent = EventSender({.url = webhook.url(), .cancelled = cancelled}).send(kTwo);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().message, "interrupted");
}

TEST(EventSender, TakesARefusalOnlyWhereItIsMeant) {
  Webhook webhook(responses({.status = 422, .body = "why"}));
  EventSender sender({.url = webhook.url()});
  EXPECT_TRUE(sender.send(kRefused));
  const auto sent = sender.send(kTwo);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().fault, Fault::stop);
  EXPECT_NE(sent.error().message.find("422: why"), std::string::npos) << sent.error().message;
}

TEST(EventSender, SaysWhatToDoAboutAnswersThatEndIt) {
  for (const auto& [status, advice] : {std::pair{401, "--token-file"},
                                       {403, "--token-file"},
                                       {404, "--to"},
                                       {500, "answered 500"}}) {
    Webhook webhook(responses({.status = status}));
    const auto sent = EventSender({.url = webhook.url()}).send(kTwo);
    ASSERT_FALSE(sent) << status;
    EXPECT_EQ(sent.error().fault, Fault::stop);
    EXPECT_NE(sent.error().message.find(advice), std::string::npos) << sent.error().message;
  }
}

TEST(EventSender, SaysWhenNobodyIsThere) {
  std::string url;
  {
    const Webhook gone(responses({.status = 202}));
    url = gone.url();
  }
  const auto sent = EventSender({.url = url}).send(kTwo);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().fault, Fault::retry);
  EXPECT_NE(sent.error().message.find("cdviz-collector up"), std::string::npos);
}

}  // namespace
}  // namespace cdviz::commands
