// A damaged file: no crash, what can be read is delivered, the rest is counted, the file is set
// aside, and events are taken.
#include "queue/recovery.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "queue/inspect.h"
#include "queue/queue_fixture.h"
#include "queue/schema.h"

namespace cdviz::queue {
namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_content(const fs::path& file, const std::string& content) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << content;
}

class RecoveryTest : public QueueFixture {
 protected:
  fs::path file(const std::string& suffix = {}) {
    return directory_.path() / ("queue.db" + suffix);
  }
  /// Flips a bit in the file where this text stands (all of them).
  void damage(const std::string& text) {
    std::string content = content_of(file());
    std::size_t count = 0;
    for (std::size_t at = 0; (at = content.find(text, at)) != std::string::npos; ++at, ++count)
      content[at] = static_cast<char>(content[at] ^ 1);
    ASSERT_GT(count, 0U);
    write_content(file(), content);
  }
  std::vector<fs::path> set_aside() {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(directory_.path()))
      if (entry.path().filename().string().starts_with("queue.db.corrupt-"))
        found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found;
  }
  std::int64_t corrupt_letters() {
    const auto inspector = Inspector::open(directory_.path());
    EXPECT_TRUE(inspector) << inspector.error().message;
    const auto count = (*inspector)->count({.code = "corrupt"});
    EXPECT_TRUE(count);
    return count ? *count : -1;
  }
  /// Reads as a sink does: passes over what is for nobody, tries again after an error.
  std::map<std::int64_t, Event> drain(const std::string& sink) {
    std::map<std::int64_t, Event> delivered;
    auto attached = queue_->attach(sink, From::now);
    soon([&] { return attached || (attached = queue_->attach(sink, From::now)); });
    EXPECT_TRUE(attached);
    Position at = *attached;
    EXPECT_TRUE(soon([&] {
      const auto found = queue_->read(at, 37, 1 << 20);
      if (!found) return false;
      for (const auto& stored : *found) {
        if (stored.target.empty())
          delivered.emplace(static_cast<std::int64_t>(stored.position), stored.event);
        at = stored.position;
      }
      return !queue_->wait_beyond(at, std::chrono::milliseconds(0), {}) &&
             queue_->status().accepting;
    })) << "a sink that never gets through";
    queue_->advance(sink, at, {}, nullptr);
    return delivered;
  }
};

TEST_F(RecoveryTest, AFileThatIsNoDatabaseIsSetAsideWholeAndEveryEventInItIsCounted) {
  open();
  ASSERT_TRUE(queue_->attach("db", From::oldest));
  ASSERT_TRUE(put({"a", "b", "c"}));
  ASSERT_TRUE(advance("db", Position{1}));
  ASSERT_TRUE(soon([&] { return queue_->status().events == 2; }));
  close();
  const std::string nonsense(10'000, 'x');
  write_content(file(), nonsense);
  open();
  const auto aside = set_aside();
  ASSERT_FALSE(aside.empty());
  EXPECT_EQ(content_of(aside.front()), nonsense);
  EXPECT_EQ(metric("cdviz_queue_recoveries_total"), 1);
  EXPECT_EQ(metric("cdviz_lost_events_total"), 2);
  EXPECT_EQ(*put({"d"}), Position{4}) << "positions go on";
  EXPECT_EQ(read_ids(), Ids{"d"});
}

TEST_F(RecoveryTest, AnEmptyFileIsNotTakenForANewQueue) {
  open();
  ASSERT_TRUE(put({"a"}));
  close();
  write_content(file(), "");
  open();
  EXPECT_EQ(metric("cdviz_queue_recoveries_total"), 1);
  EXPECT_EQ(metric("cdviz_lost_events_total"), 1);
  EXPECT_TRUE(put({"b"}));
}

TEST_F(RecoveryTest, AFileThatIsGoneIsCounted) {
  open();
  ASSERT_TRUE(put({"a", "b"}));
  close();
  fs::remove(file());
  open();
  EXPECT_EQ(metric("cdviz_lost_events_total"), 2);
  EXPECT_EQ(*put({"c"}), Position{3});
}

TEST_F(RecoveryTest, ADamagedEventBecomesADeadLetterAndHoldsNobodyUp) {
  open();
  ASSERT_TRUE(queue_->attach("db", From::oldest));
  ASSERT_TRUE(queue_->attach("other", From::oldest));
  ASSERT_TRUE(put({"one", "payload-two", "three"}));
  close();
  damage("{\"id\":\"payload-two\"");
  open();
  for (const char* sink : {"db", "other"}) {
    const auto delivered = drain(sink);
    ASSERT_EQ(delivered.size(), 2U);
    EXPECT_EQ(delivered.at(1)->id, "one");
    EXPECT_EQ(delivered.at(3)->id, "three");
  }
  ASSERT_TRUE(soon([&] { return queue_->status().dead_letters == 1; }));
  EXPECT_EQ(corrupt_letters(), 1) << "once, however many sinks met it";
  EXPECT_EQ(metric("cdviz_dead_letter_events_total"), 1);
  EXPECT_EQ(metric("cdviz_queue_recoveries_total"), 0);
  EXPECT_TRUE(soon([&] { return queue_->status().events == 0; }));
}

TEST_F(RecoveryTest, ADamagedCursorStartsAgainRatherThanSkip) {
  open();
  ASSERT_TRUE(queue_->attach("the-sink", From::oldest));
  ASSERT_TRUE(put({"a", "b"}));
  close();
  damage("the-sink");
  open();
  EXPECT_EQ(metric("cdviz_queue_recoveries_total"), 1);
  EXPECT_EQ(*queue_->attach("the-sink", From::now), Position{0});
  EXPECT_EQ(metric("cdviz_lost_events_total"), 0);
}

TEST_F(RecoveryTest, EverythingElseIsCarriedOver) {
  open();
  ASSERT_TRUE(queue_->attach("db", From::oldest));
  ASSERT_TRUE(queue_->attach("the-sink", From::oldest));
  Batch batch;
  batch.source = "folder";
  batch.events = {event("a"), event("b"), event("c")};
  batch.dead_letters = {letter("x"), letter("y")};
  batch.checkpoint.entries = {{"file", "42"}};
  ASSERT_TRUE(put_batch(std::move(batch)));
  ASSERT_EQ(*(*Inspector::open(directory_.path()))->mark({.numbers = {2}}),
            std::vector<std::int64_t>{2});
  ASSERT_TRUE(advance("db", Position{2}));
  close();
  damage("the-sink");
  open();
  EXPECT_EQ(metric("cdviz_queue_recoveries_total"), 1);
  EXPECT_EQ(read_ids(), (Ids{"a", "b", "c"}));
  EXPECT_EQ(*queue_->attach("db", From::oldest), Position{2});
  EXPECT_EQ(*queue_->checkpoint("folder", "file"), "42");
  EXPECT_EQ(queue_->status().dead_letters, 2U);
  const auto requests = queue_->replay_requests(10);
  ASSERT_TRUE(requests);
  ASSERT_EQ(requests->size(), 1U);
  EXPECT_EQ(requests->front().number, 2);
  EXPECT_EQ(requests->front().event_id, "y");
  EXPECT_EQ(metric("cdviz_lost_events_total"), 0);
  EXPECT_EQ(*put({"d"}), Position{4});
}

TEST_F(RecoveryTest, DamageWhileRunningIsRecoveredWithoutAnEnd) {
  open();
  ASSERT_TRUE(queue_->attach("db", From::oldest));
  Ids ids;
  for (int i = 0; i < 300; ++i) ids.push_back(std::to_string(i));
  ASSERT_TRUE(put(ids, 3000));
  reopen();  // the log is empty now: readers see the file
  {
    std::fstream out(file(), std::ios::binary | std::ios::in | std::ios::out);
    out.seekp(20 * 4096);
    out << std::string(20 * 4096, 'z');
  }
  const auto delivered = drain("db");
  EXPECT_GT(delivered.size(), 200U);
  EXPECT_LT(delivered.size(), 300U);
  EXPECT_EQ(metric("cdviz_queue_recoveries_total"), 1);
  EXPECT_GE(static_cast<double>(delivered.size()) + metric("cdviz_lost_events_total") +
                static_cast<double>(corrupt_letters()),
            300);
  EXPECT_TRUE(put({"goes-on"}));
}

TEST_F(RecoveryTest, AnInterruptedRecoveryIsFinishedAtTheNextStart) {
  open();
  ASSERT_TRUE(put({"old"}));
  close();
  const std::string old = content_of(file());
  write_content(file("-wal"), "the log of the old one");
  {
    create(directory_.path() / "fresh.db");
    fs::rename(directory_.path() / "fresh.db", file(".recovered-20260101T000000Z"));
  }
  finish_recovery(directory_.path());
  EXPECT_EQ(content_of(file(".corrupt-20260101T000000Z")), old);
  EXPECT_EQ(content_of(file(".corrupt-20260101T000000Z-wal")), "the log of the old one");
  EXPECT_FALSE(fs::exists(file("-wal")));
  fs::remove(directory_.path() / "queue.mark");
  open();
  EXPECT_EQ(read_ids(), Ids{});
  EXPECT_TRUE(put({"new"}));
}

TEST_F(RecoveryTest, ADamagedMarkIsIgnored) {
  open();
  ASSERT_TRUE(put({"a"}));
  close();
  write_content(directory_.path() / "queue.mark", std::string(64, 'm'));
  open();
  EXPECT_EQ(read_ids(), Ids{"a"});
  EXPECT_EQ(metric("cdviz_lost_events_total"), 0);
}

/// Files of a queue, to be damaged in many ways.
class CorruptionFuzz : public RecoveryTest {
 protected:
  static constexpr int kEvents = 400;
  static constexpr std::int64_t kCursor = 100;

  /// @param clean  closed as it should be; else as kill -9 leaves it, with a log
  void make(const fs::path& to, bool clean) {
    open();
    ASSERT_TRUE(queue_->attach("db", From::oldest));
    ASSERT_TRUE(queue_->attach("slow", From::oldest));
    for (int i = 1; i <= kEvents; ++i) {
      Batch batch;
      batch.events = {original(i)};
      batch.source = "s";
      batch.checkpoint.entries = {{"k" + std::to_string(i % 50), std::to_string(i)}};
      if (i % 20 == 0) batch.dead_letters = {letter(std::to_string(i), std::string(500, 'l'))};
      ASSERT_TRUE(put_batch(std::move(batch)));
      if (i == kEvents / 2) reopen();
    }
    ASSERT_TRUE(advance("db", Position{kCursor}));
    if (clean) close();
    fs::create_directories(to);
    for (const auto& entry : fs::directory_iterator(directory_.path()))
      fs::copy_file(entry.path(), to / entry.path().filename());
    close();
    clear();
  }
  void clear() {
    for (const auto& entry : fs::directory_iterator(directory_.path()))
      fs::remove_all(entry.path());
  }
  static Event original(int i) {
    return event("event-" + std::to_string(i),
                 i % 40 == 0 ? 9000 : 100 + static_cast<std::size_t>(i) * 7);
  }

  static std::string mutate(std::string content, std::mt19937_64& random) {
    if (content.empty()) return content;
    const auto at = [&] { return random() % content.size(); };
    switch (random() % 5) {
      case 0:
      case 1:
        for (auto flips = 1 + random() % 8; flips > 0; --flips)
          content[at()] ^= static_cast<char>(1U << random() % 8);
        break;
      case 2:
        content.resize(at());
        break;
      case 3: {
        const auto start = at() / 512 * 512;
        content.replace(start, 512,
                        std::string(std::min<std::size_t>(512, content.size() - start), '\0'));
        break;
      }
      default: {
        const auto start = at() / 4096 * 4096;
        std::string noise(std::min<std::size_t>(4096, content.size() - start), '\0');
        for (auto& c : noise) c = static_cast<char>(random());
        content.replace(start, noise.size(), noise);
      }
    }
    return content;
  }
};

TEST_F(CorruptionFuzz, WhateverIsDamagedWhatCanBeReadIsDeliveredAndTheRestIsCounted) {
  const char* wanted = std::getenv("CDVIZ_CORRUPTIONS");
  const int cases = wanted != nullptr ? std::atoi(wanted) : 200;
  const ScratchDirectory images;
  make(images.path() / "clean", true);
  make(images.path() / "killed", false);
  int recovered = 0;
  double lost_in_all = 0;
  for (int i = 0; i < cases && !HasFailure(); ++i) {
    SCOPED_TRACE("case " + std::to_string(i));
    std::mt19937_64 random(static_cast<std::uint64_t>(i) * 104'729 + 3);
    clear();
    const fs::path image = images.path() / (random() % 2 == 0 ? "clean" : "killed");
    for (const auto& entry : fs::directory_iterator(image))
      fs::copy_file(entry.path(), directory_.path() / entry.path().filename());
    const bool log = random() % 3 == 0 && fs::exists(file("-wal"));
    const auto victim = file(log ? "-wal" : "");
    write_content(victim, mutate(content_of(victim), random));
    metrics_ = std::make_unique<telemetry::Metrics>();
    open();
    if (HasFailure()) break;
    const auto delivered = drain("db");
    const auto all = drain("slow");
    for (const auto& found : {delivered, all}) {
      for (const auto& [position, event] : found) {
        ASSERT_LE(position, kEvents);
        const Event wants = original(static_cast<int>(position));
        ASSERT_EQ(event->id, wants->id) << position;
        ASSERT_EQ(event->json, wants->json) << position;
      }
    }
    const double lost = std::max(0.0, metric("cdviz_lost_events_total"));
    const double known = lost + static_cast<double>(corrupt_letters());
    const auto after_cursor =
        static_cast<std::size_t>(std::distance(delivered.upper_bound(kCursor), delivered.end()));
    ASSERT_GE(static_cast<double>(after_cursor) + known, kEvents - kCursor);
    std::string gone;
    for (int position = 1; position <= kEvents; ++position)
      if (!all.contains(position)) gone += " " + std::to_string(position);
    ASSERT_GE(static_cast<double>(all.size()) + known, kEvents)
        << "lost " << lost << ", recoveries " << metric("cdviz_queue_recoveries_total")
        << ", not delivered:" << gone;
    const auto next = put({"next"});
    ASSERT_TRUE(next) << next.error().message;
    ASSERT_GT(*next, Position{kEvents});
    ASSERT_EQ(drain("db").size(), 1U);
    recovered += metric("cdviz_queue_recoveries_total") > 0 ? 1 : 0;
    lost_in_all += lost;
    close();
  }
  RecordProperty("recovered", recovered);
  RecordProperty("lost", static_cast<int>(lost_in_all));
  EXPECT_GT(recovered * 5, cases) << "too gentle to test much";
}

}  // namespace
}  // namespace cdviz::queue
