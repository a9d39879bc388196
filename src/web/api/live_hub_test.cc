#include "web/api/live_hub.h"

#include <gtest/gtest.h>

#include "core/clock.h"
#include "web/api/live_request.h"

namespace cdviz::web::api {
namespace {

using namespace std::chrono_literals;

struct HandClock final : Clock {
  std::chrono::steady_clock::time_point now() const override { return time; }
  WallTime wall() const override { return {}; }
  bool wait(std::chrono::milliseconds, std::stop_token) const override { return true; }
  std::chrono::steady_clock::time_point time;
};

LiveEvent event(std::int64_t seq, const std::string& subject = "service") {
  return {.seq = seq,
          .subject = subject,
          .predicate = "deployed",
          .source = "/ArgoCD",
          .subject_id = "checkout",
          .event_id = "e" + std::to_string(seq),
          .chain_id = "",
          .environment_id = "prod",
          .service_id = "checkout",
          .json = "{\"n\":" + std::to_string(seq) + "}"};
}

struct LiveHubTest : testing::Test {
  std::string said(net::BodyStream& stream) { return stream.take().bytes; }
  /// Someone who has read the greeting.
  std::shared_ptr<net::BodyStream> listener(LiveFilter filter = {},
                                            std::optional<std::int64_t> after = {}) {
    auto stream = hub.join(std::move(filter), after);
    EXPECT_EQ(said(*stream), "retry: 3000\n\n");
    return stream;
  }
  HandClock clock;
  LiveHub hub{clock};
};

TEST_F(LiveHubTest, EveryEventHasItsPlaceAsItsId) {
  const auto stream = listener();
  hub.deliver(event(7), true);
  EXPECT_EQ(said(*stream), "id: 7\nevent: cdevent\ndata: {\"n\":7}\n\n");
  hub.deliver(event(6), false);  // became visible late
  EXPECT_EQ(said(*stream), "event: cdevent\ndata: {\"n\":6}\n\n");
}

TEST_F(LiveHubTest, SilenceIsBrokenEach15Seconds) {
  const auto stream = listener();
  clock.time += 14s;
  hub.beat();
  EXPECT_EQ(said(*stream), "");
  clock.time += 1s;
  hub.beat();
  EXPECT_EQ(said(*stream), ": ping\n\n");
  hub.beat();
  EXPECT_EQ(said(*stream), "");
  clock.time += 10s;
  hub.deliver(event(1), true);
  said(*stream);
  clock.time += 10s;
  hub.beat();
  EXPECT_EQ(said(*stream), "");
}

TEST_F(LiveHubTest, WhoIsTooSlowIsToldHowMuchItMissed) {
  const auto slow = listener();
  const auto quick = listener();
  const auto all = static_cast<std::int64_t>(LiveHub::kWaitingMax) + 10;
  for (std::int64_t seq = 1; seq <= all; ++seq) {
    hub.deliver(event(seq), true);
    EXPECT_NE(said(*quick), "");
  }
  const auto first = said(*slow);
  EXPECT_NE(first.find("id: 256\n"), std::string::npos);
  EXPECT_EQ(first.find("id: 257\n"), std::string::npos);
  hub.beat();
  EXPECT_EQ(said(*slow), "event: gap\ndata: {\"missed\":10}\n\n");
  hub.deliver(event(all + 1), true);
  EXPECT_EQ(said(*slow), "id: 267\nevent: cdevent\ndata: {\"n\":267}\n\n");
}

TEST_F(LiveHubTest, ATooLargeEventIsAGapToo) {
  const auto stream = listener();
  hub.deliver(event(1), true);
  auto large = event(2);
  large.json = std::string(LiveHub::kWaitingBytesMax, 'x');
  hub.deliver(large, true);
  EXPECT_EQ(said(*stream).find("id: 2"), std::string::npos);
  hub.beat();
  EXPECT_EQ(said(*stream), "event: gap\ndata: {\"missed\":1}\n\n");
}

TEST_F(LiveHubTest, WhoComesBackGetsWhatItMissedFirst) {
  const auto stream = listener({}, 4);
  ASSERT_EQ(hub.returning().size(), 1U);
  EXPECT_EQ(hub.returning().front().after, 4);
  hub.deliver(event(8), true);
  EXPECT_EQ(said(*stream), "");  // first what is before it
  hub.resume(hub.returning().front().client, {event(5), event(6)}, false);
  EXPECT_TRUE(hub.returning().empty());
  EXPECT_EQ(said(*stream),
            "id: 5\nevent: cdevent\ndata: {\"n\":5}\n\nid: 6\nevent: cdevent\ndata: "
            "{\"n\":6}\n\n");
}

TEST_F(LiveHubTest, WhoMissedTooMuchIsToldSo) {
  const auto stream = listener({}, 4);
  hub.resume(hub.returning().front().client, {event(5), event(6)}, true);
  EXPECT_EQ(said(*stream), "event: gap\ndata: {\"missed\":2}\n\n");
}

TEST_F(LiveHubTest, AFilterChooses) {
  const auto runs = listener({.subjects = {"pipelinerun", "taskrun"}});
  const auto text = listener({.text = "argocd"});
  const auto elsewhere = listener({.environments = {"staging"}});
  hub.deliver(event(1), true);
  hub.deliver(event(2, "taskrun"), true);
  EXPECT_EQ(said(*runs), "id: 2\nevent: cdevent\ndata: {\"n\":2}\n\n");
  EXPECT_NE(said(*text).find("id: 1"), std::string::npos);
  EXPECT_EQ(said(*elsewhere), "");
}

TEST_F(LiveHubTest, ThereAreAtMost100Streams) {
  std::vector<std::shared_ptr<net::BodyStream>> streams;
  for (std::size_t i = 0; i < LiveHub::kStreamsMax; ++i) streams.push_back(hub.join({}, {}));
  EXPECT_EQ(hub.join({}, {}), nullptr);
  streams.front()->abandon();
  EXPECT_NE(hub.join({}, {}), nullptr);
  EXPECT_EQ(hub.size(), LiveHub::kStreamsMax);
}

TEST_F(LiveHubTest, AtTheEndAllStreamsEnd) {
  const auto stream = listener();
  hub.stop();
  EXPECT_TRUE(stream->take().ended);
  EXPECT_EQ(hub.join({}, {}), nullptr);
}

TEST(LiveRequest, TakesFiltersAndAPlace) {
  const auto request = live_request_of({{"subject", "service"}, {"env", "prod"}, {"q", "x"}}, "12");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->filter.subjects, std::vector<std::string>{"service"});
  EXPECT_EQ(request->after, 12);
  EXPECT_EQ(live_request_of({{"last_event_id", "5"}}, "12")->after, 5);
  EXPECT_EQ(live_request_of({}, "not ours")->after, std::nullopt);
  EXPECT_EQ(live_request_of({}, "-3")->after, std::nullopt);
  EXPECT_EQ(live_request_of({{"last_event_id", "x"}}, {}).error().code, "last_event_id");
  EXPECT_EQ(live_request_of({{"subjects", "x"}}, {}).error().code, "subjects");
}

}  // namespace
}  // namespace cdviz::web::api
