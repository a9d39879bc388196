// The whole pipeline between fakes: the way of an event, start and stop.
#include <gtest/gtest.h>

#include "pipeline/testing/fixture.h"

namespace cdviz::pipeline::testing {
namespace {

TEST(Pipeline, EventsGoFromTheSourceThroughTheQueueToTheSinkInOrder) {
  Fixture f;
  f.start();
  const auto receipt = f.put({"a", "b", "c"});
  ASSERT_TRUE(receipt.has_value());
  ASSERT_EQ(receipt->accepted.size(), 3U);
  EXPECT_EQ(receipt->accepted[1].index, 1U);
  EXPECT_EQ(receipt->accepted[1].id, "b");
  EXPECT_EQ(receipt->accepted[1].source, "/test");
  EXPECT_TRUE(eventually([&] { return f.peer.stored() == Ids{"a", "b", "c"}; }));
  const Drained drained = f.stop();
  EXPECT_TRUE(drained.complete);
  EXPECT_EQ(drained.left_on_disk, 0U);
  EXPECT_EQ(f.queue.cursor("out"), queue::Position{3});
}

}  // namespace
}  // namespace cdviz::pipeline::testing
