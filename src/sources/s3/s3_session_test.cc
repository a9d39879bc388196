// A whole run, with a store on this machine and an inlet that keeps what it gets.
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "sources/s3/content.h"
#include "sources/s3/mark.h"
#include "sources/s3/session.h"
#include "sources/s3/test_inlet.h"
#include "sources/s3/test_store.h"

namespace cdviz::sources::s3 {
namespace {

struct NoRoutes final : net::Routes {
  Result<Registration> add(net::Route) override { return Error{Fault::stop, "no server here"}; }
};

struct S3Session : ::testing::Test {
  /// Until `over` holds. @returns what the run came to
  Result<void> run(const std::function<bool()>& over) {
    Content content({.bucket = "bucket"}, store.clock);
    Session session(
        settings, content, [this] { return store.bucket(); }, nullptr, {}, metrics, services,
        inlet);
    Result<void> result;
    std::stop_source stop;
    std::jthread thread([&] { result = session.run(stop.get_token()); });
    EXPECT_TRUE(net::testing::eventually(over));
    stop.request_stop();
    thread.join();
    return result;
  }
  std::size_t entries() {
    const auto all = inlet.checkpoints("o/", "", 10'000);
    return all->size();
  }

  TestStore store;
  TestInlet inlet;
  NoRoutes routes;
  Services services{"objects", store.clock, store.metrics, store.log, routes};
  Metrics metrics{store.metrics, "objects"};
  SessionSettings settings{.bucket = "bucket",
                           .page = 3,
                           .parallel = 3,
                           .polling_interval = std::chrono::milliseconds(20)};
};

TEST_F(S3Session, ReadsEveryObjectOnceInTheOrderOfTheListing) {
  for (int i = 100; i < 150; ++i) {
    store.objects[std::to_string(i)] = {.body = "{\"n\":" + std::to_string(i) + "}"};
  }
  EXPECT_TRUE(run([&] { return metrics.listings.Value() >= 3; }));
  ASSERT_EQ(inlet.messages.size(), 50U);
  for (std::size_t i = 0; i < 50; ++i) {
    EXPECT_EQ(inlet.messages[i].body, "{\"n\":" + std::to_string(100 + i) + "}");
  }
  EXPECT_EQ(entries(), 50U);
}

TEST_F(S3Session, OneObjectThatFailsDoesNotFailTheRunAllOfThemDo) {
  const std::string md5_of_something_else = "900150983cd24fb0d6963f7d28e17f72";
  store.objects["bad"] = {.body = "{}", .etag = md5_of_something_else};
  store.objects["good"] = {.body = "{}"};
  EXPECT_TRUE(run([&] { return metrics.listings.Value() >= 2; }));
  EXPECT_EQ(inlet.messages.size(), 1U);
  EXPECT_GE(metrics.failed.Value(), 2);
  store.objects.erase("good");
  const auto failed = run([&] { return metrics.failed.Value() >= 3; });
  // The run may have been asked to stop before it could say so.
  if (!failed) {
    EXPECT_EQ(failed.error().code, "checksum");
  }
}

TEST_F(S3Session, ADiskThatFailsEndsTheRun) {
  store.objects["a"] = {.body = "{}"};
  inlet.failing = true;
  Content content({.bucket = "bucket"}, store.clock);
  Session session(
      settings, content, [this] { return store.bucket(); }, nullptr, {}, metrics, services, inlet);
  const auto result = session.run({});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "disk");
}

TEST_F(S3Session, AStoreThatIsNotThereIsAnErrorAndForgetsNothing) {
  inlet.ledger["o/a"] = to_text({.etag = "e"});
  store.server.reset();
  settings.polling_interval = std::chrono::hours(1);
  TestStore gone;
  const auto bucket = [&] {
    auto one = gone.bucket();
    gone.server.reset();
    return one;
  };
  Content content({.bucket = "bucket"}, store.clock);
  Session session(settings, content, bucket, nullptr, {}, metrics, services, inlet);
  const auto result = session.run({});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, Fault::retry);
  EXPECT_EQ(entries(), 1U);
}

TEST_F(S3Session, WithoutListingsTheLedgerForgetsWhatIsOld) {
  settings.polling_interval.reset();
  const auto now = seconds_of(store.clock.wall());
  for (int i = 0; i < 1200; ++i) {
    inlet.ledger[ledger_key(std::to_string(i))] =
        to_text({.etag = "e", .read_at = i % 2 == 0 ? now : now - 16 * 86'400});
  }
  EXPECT_TRUE(run([&] { return entries() == 600; }));
}

}  // namespace
}  // namespace cdviz::sources::s3
