// What becomes of a source whose run ends.
#include "pipeline/source_runner.h"

#include <gtest/gtest.h>

#include "pipeline/testing/fixture.h"

namespace cdviz::pipeline::testing {
namespace {

using namespace std::chrono_literals;

struct SourceRunnerTest : ::testing::Test {
  Fixture f;
  /// The moments at which the source was run.
  std::vector<ManualClock::Moment> times;
  std::mutex mutex;
  void source_answers(std::function<Result<void>()> answer) {
    f.input.does([this, answer](Inlet&, const std::stop_token&) {
      {
        const std::lock_guard lock(mutex);
        times.push_back(f.clock.now());
      }
      return answer();
    });
  }
};

TEST_F(SourceRunnerTest, ASourceThatFailsIsRunAgainAfterAPause) {
  source_answers([] { return Error{Fault::retry, "the broker is away", "broker"}; });
  f.start();
  ASSERT_TRUE(eventually([&] { return f.input.runs() >= 5; }, f.clock));
  ASSERT_TRUE(eventually([&] { return f.is("in", State::waiting); }));
  EXPECT_EQ(f.status("in").last_error, "the broker is away");
  f.input.does(nullptr);
  ASSERT_TRUE(eventually([&] { return f.is("in", State::running); }, f.clock));
  EXPECT_EQ(f.status("in").last_error, "");
}

TEST_F(SourceRunnerTest, ASourceWhoseConfigurationIsWrongIsRunEvery30Seconds) {
  source_answers([] { return Error{Fault::stop, "no such bucket", "404"}; });
  f.start();
  ASSERT_TRUE(eventually([&] { return f.input.runs() >= 3; }, f.clock));
  ASSERT_TRUE(eventually([&] { return f.is("in", State::stopped); }));
  const std::lock_guard lock(mutex);
  EXPECT_GE(times[1] - times[0], 30s);
  EXPECT_GE(times[2] - times[1], 30s);
}

TEST_F(SourceRunnerTest, AnExceptionOfASourceIsTriedAgainLikeAnyFailure) {
  source_answers([]() -> Result<void> { throw std::runtime_error("a bug"); });
  f.start();
  ASSERT_TRUE(eventually([&] { return f.input.runs() >= 2; }, f.clock));
  ASSERT_TRUE(eventually([&] { return f.is("in", State::waiting); }));
  EXPECT_EQ(f.status("in").last_error, "unexpected: a bug");
}

TEST_F(SourceRunnerTest, ASourceThatHasEndedIsNotRunAgainAndItsEventsAreDelivered) {
  f.input.does([&](Inlet& inlet, const std::stop_token&) -> Result<void> {
    inlet.put(messages({"a"}), {}, [](const auto&) {});
    return {};
  });
  f.start();
  ASSERT_TRUE(eventually([&] { return f.is("in", State::ended); }));
  EXPECT_TRUE(eventually([&] { return f.peer.stored() == Ids{"a"}; }));
  EXPECT_EQ(f.input.runs(), 1);
  EXPECT_EQ(f.metric(R"(cdviz_component_up{component_id="in")"), 0);
}

TEST_F(SourceRunnerTest, AStopEndsAPauseAtOnce) {
  source_answers([] { return Error{Fault::stop, "no such bucket", "404"}; });
  f.start();
  ASSERT_TRUE(eventually([&] { return f.is("in", State::stopped); }));
  const auto before = f.clock.now();
  EXPECT_TRUE(f.pipeline->stop().complete);  // on a clock that stands still
  EXPECT_EQ(f.clock.now(), before);
}

}  // namespace
}  // namespace cdviz::pipeline::testing
