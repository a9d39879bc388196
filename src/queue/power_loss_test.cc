// The disk fails or the power goes: what was acknowledged is there afterwards.
#include <cstdlib>
#include <future>
#include <map>
#include <random>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "queue/fault_vfs.h"
#include "queue/queue_fixture.h"

namespace cdviz::queue {
namespace {

class DiskTest : public QueueFixture {
 protected:
  DiskTest() : vfs_(FaultVfs::install()) {
    vfs_.heal();
    vfs_.forget();
  }
  ~DiskTest() override {
    vfs_.heal();
    close();
  }
  bool accepting() { return queue_->status().accepting; }
  FaultVfs& vfs_;
};

TEST_F(DiskTest, AFullDiskIsToldAndItWorksAgainWhenThereIsRoom) {
  open();
  ASSERT_TRUE(queue_->attach("db", From::oldest));
  ASSERT_TRUE(put({"before"}));
  vfs_.fail_writes(SQLITE_FULL);
  const auto outcome = put({"lost"});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().fault, Fault::retry);
  EXPECT_EQ(outcome.error().code, "disk_full");
  EXPECT_FALSE(accepting());
  EXPECT_NE(queue_->status().reason.find("disk"), std::string::npos);
  Batch batch;
  batch.events = {event("x")};
  EXPECT_EQ(queue_->submit(std::move(batch), false), Offered::full);
  EXPECT_EQ(read_ids(), Ids{"before"}) << "what is there can still be delivered";
  queue_->advance("db", Position{1}, {}, nullptr);
  const auto rejected = advance("db", Position{1}, {letter("l")});
  ASSERT_FALSE(rejected);
  EXPECT_EQ(rejected.error().fault, Fault::retry);
  std::thread waiting([&] { EXPECT_TRUE(put({"waited"})); });
  vfs_.heal();
  EXPECT_TRUE(soon([&] { return accepting(); }, std::chrono::seconds(5)));
  waiting.join();
  ASSERT_TRUE(put({"after"}));
  EXPECT_EQ(read_ids(Position{1}), (Ids{"waited", "after"}));
  reopen();
  EXPECT_EQ(*queue_->attach("db", From::oldest), Position{1});
}

TEST_F(DiskTest, AFailingWriteIsToldAndItWorksAgain) {
  open();
  ASSERT_TRUE(put({"before"}));
  vfs_.fail_writes(SQLITE_IOERR_WRITE);
  const auto outcome = put({"lost"});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, "io_error");
  vfs_.heal();
  EXPECT_TRUE(soon([&] { return accepting(); }, std::chrono::seconds(5)));
  ASSERT_TRUE(put({"after"}));
  EXPECT_EQ(read_ids(), (Ids{"before", "after"}));
  EXPECT_EQ(metric("cdviz_queue_recoveries_total"), 0);
}

TEST_F(DiskTest, AfterAFailedSyncNothingThatIsAcknowledgedRestsOnPagesTheKernelDropped) {
  open();
  for (int round = 0; round < 5; ++round) {
    const std::string number = std::to_string(round);
    ASSERT_TRUE(put({"before-" + number}));
    vfs_.fail_syncs(SQLITE_IOERR_FSYNC);
    const auto outcome = put({"unknown-" + number});
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, "io_error");
    EXPECT_FALSE(accepting());
    vfs_.heal();
    EXPECT_TRUE(soon([&] { return accepting(); }, std::chrono::seconds(5)));
    ASSERT_TRUE(put({"after-" + number}));
    vfs_.lose_power_after(0);
    EXPECT_FALSE(put({"dark"}));
    close();
    vfs_.restore_power(directory_.path(), static_cast<std::uint64_t>(round));
    open();
    const auto ids = read_ids();
    const std::set<std::string> found(ids.begin(), ids.end());
    for (int i = 0; i <= round; ++i) {
      EXPECT_TRUE(found.contains("before-" + std::to_string(i))) << i;
      EXPECT_TRUE(found.contains("after-" + std::to_string(i))) << i;
    }
    EXPECT_EQ(metric("cdviz_queue_recoveries_total"), 0);
    EXPECT_EQ(metric("cdviz_lost_events_total"), 0);
  }
}

TEST_F(DiskTest, WithoutSyncsALossOfPowerLosesEventsAndThatIsCounted) {
  settings_.durability = Durability::os;
  double lost = 0;
  for (std::uint64_t seed = 0; seed < 20 && lost == 0; ++seed) {
    open();
    const auto before = read_ids().size();
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(put({"e"}, 5000));
    vfs_.lose_power_after(0);
    close();
    vfs_.restore_power(directory_.path(), seed);
    open();
    lost = static_cast<double>(before + 10) - static_cast<double>(read_ids().size());
    EXPECT_EQ(metric("cdviz_lost_events_total"), lost);
    const auto next = put({"next"});
    ASSERT_TRUE(next);
    EXPECT_EQ(static_cast<std::size_t>(*next), before + 11) << "no position is used twice";
    EXPECT_FALSE(queue_->wait_beyond(*next, std::chrono::milliseconds(0), {}));
    close();
  }
  EXPECT_GT(lost, 0) << "a model that loses nothing tests nothing";
}

/// A random life of a queue, with a loss of power in it.
class Life {
 public:
  Life(Queue& queue, std::mt19937_64& random) : queue_(queue), random_(random) {}

  void run(int steps, std::map<std::string, std::int64_t>& acknowledged, std::int64_t& delivered,
           int& number) {
    std::vector<std::future<void>> open;
    for (int i = 0; i < steps; ++i) {
      Batch batch;
      Ids ids;
      for (auto events = random_() % 4; events > 0; --events) {
        ids.push_back("e" + std::to_string(++number));
        batch.events.push_back(event(ids.back(), random_() % 20 == 0 ? 9000 : random_() % 2000));
      }
      if (random_() % 5 == 0)
        batch.dead_letters.push_back(letter("l", std::string(random_() % 500, 'b')));
      batch.checkpoint.entries = {{"offset", std::to_string(number)}};
      batch.source = "s";
      auto done = std::make_shared<std::promise<void>>();
      open.push_back(done->get_future());
      batch.settled = [&acknowledged, ids, done](const Result<Position>& outcome) {
        if (outcome) {
          auto position = static_cast<std::int64_t>(*outcome);
          for (auto id = ids.rbegin(); id != ids.rend(); ++id) acknowledged[*id] = position--;
        }
        done->set_value();
      };
      if (queue_.submit(std::move(batch), false) != Offered::taken) open.pop_back();
      // Sometimes one by one, sometimes many in a group.
      if (random_() % 2 == 0) {
        for (auto& one : open) one.wait();
        open.clear();
      }
      if (random_() % 4 == 0) {
        const auto found = queue_.read(Position{delivered}, 1 + random_() % 10, 1 << 20);
        if (found && !found->empty()) {
          delivered = static_cast<std::int64_t>(found->back().position);
          queue_.advance("db", Position{delivered}, {}, nullptr);
        }
      }
    }
    for (auto& one : open) one.wait();
  }

 private:
  Queue& queue_;
  std::mt19937_64& random_;
};

TEST_F(DiskTest, NoAcknowledgedEventIsMissingAfterAnyOfAThousandLossesOfPower) {
  const char* wanted = std::getenv("CDVIZ_POWER_LOSSES");
  const int losses = wanted != nullptr ? std::atoi(wanted) : 1000;
  constexpr int kLivesInOneFile = 25;
  std::map<std::string, std::int64_t> acknowledged;
  std::int64_t delivered = 0;
  int number = 0;
  int in_the_dark = 0;
  for (int loss = 0; loss < losses && !HasFailure(); ++loss) {
    SCOPED_TRACE("loss " + std::to_string(loss));
    std::mt19937_64 random(static_cast<std::uint64_t>(loss) * 7919 + 1);
    if (loss % kLivesInOneFile == 0) {
      vfs_.forget();
      for (const auto& entry : std::filesystem::directory_iterator(directory_.path()))
        std::filesystem::remove_all(entry.path());
      acknowledged.clear();
      delivered = 0;
    }
    open();
    ASSERT_TRUE(queue_->attach("db", From::oldest));
    vfs_.lose_power_after(static_cast<std::int64_t>(random() % 300));
    Life(*queue_, random).run(12, acknowledged, delivered, number);
    in_the_dark += vfs_.power_is_lost() ? 1 : 0;
    vfs_.lose_power_after(0);
    close();
    vfs_.restore_power(directory_.path(), random());
    open();
    std::map<std::string, std::int64_t> found;
    const auto events = queue_->read(Position{0}, 1'000'000, std::size_t{1} << 30);
    ASSERT_TRUE(events);
    for (const auto& stored : *events) {
      ASSERT_EQ(stored.target, "");
      ASSERT_TRUE(
          found.emplace(stored.event->id, static_cast<std::int64_t>(stored.position)).second)
          << "twice: " << stored.event->id;
    }
    for (const auto& [id, position] : acknowledged) {
      if (position <= delivered) continue;
      ASSERT_TRUE(found.contains(id)) << "acknowledged at " << position << " and gone: " << id;
      ASSERT_EQ(found[id], position) << id;
    }
    ASSERT_EQ(metric("cdviz_queue_recoveries_total"), 0);
    ASSERT_EQ(metric("cdviz_lost_events_total"), 0);
    vfs_.lose_power_after(-1);
    close();
  }
  // Many of them in the middle of the work, else this would test little. How many depends on the
  // pace of the threads: half of them here, a quarter under a sanitizer.
  EXPECT_GT(in_the_dark * 20, losses);
}

}  // namespace
}  // namespace cdviz::queue
