// kill -9 in the middle of the work: what was acknowledged is there.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "queue/queue_fixture.h"

namespace cdviz::queue {
namespace {

class CrashTest : public QueueFixture {
 protected:
  /// The life of the child: two senders, a sink, every acknowledged id down the pipe.
  [[noreturn]] void work(int pipe, int round) {
    open();
    if (!queue_ || !queue_->attach("db", From::oldest)) ::_exit(1);
    std::thread sink([&] {
      Position at{0};
      for (;;) {
        if (!queue_->wait_beyond(at, std::chrono::seconds(1), {})) continue;
        const auto found = queue_->read(at, 20, 1 << 20);
        if (!found || found->empty()) continue;
        at = found->back().position;
        // Delivered until here, as far as the parent is concerned.
        const std::string line = "d" + std::to_string(static_cast<std::int64_t>(at)) + "\n";
        if (::write(pipe, line.data(), line.size()) < 0) ::_exit(2);
        queue_->advance("db", at, {}, nullptr);
      }
    });
    const auto send = [&](int sender) {
      for (int i = 0;; ++i) {
        const std::string id =
            std::to_string(round) + "-" + std::to_string(sender) + "-" + std::to_string(i);
        const auto position = put({id}, 500);
        if (!position) ::_exit(3);
        const std::string line =
            "a" + std::to_string(static_cast<std::int64_t>(*position)) + " " + id + "\n";
        if (::write(pipe, line.data(), line.size()) < 0) ::_exit(2);
      }
    };
    std::thread second(send, 2);
    send(1);
    ::_exit(4);
  }
};

TEST_F(CrashTest, EveryAcknowledgedEventSurvivesKillNineAtARandomMoment) {
  const char* wanted = std::getenv("CDVIZ_KILLS");
  const int kills = wanted != nullptr ? std::atoi(wanted) : 25;
  std::mt19937_64 random(42);
  std::map<std::int64_t, std::string> acknowledged;
  std::int64_t delivered = 0;
  for (int round = 0; round < kills && !HasFailure(); ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      work(ends[1], round);
    }
    ::close(ends[1]);
    std::string text;
    std::size_t lines = 0;
    const std::size_t enough = 1 + random() % 200;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
      text.append(buffer, static_cast<std::size_t>(got));
      lines += static_cast<std::size_t>(std::count(buffer, buffer + got, '\n'));
      // After this the pipe is read to its end: what was acknowledged before the blow counts too.
      if (lines >= enough) ::kill(child, SIGKILL);
    }
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
    for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos;
         at = end + 1) {
      const std::string line = text.substr(at, end - at);
      const auto position = std::stoll(line.substr(1));
      if (line[0] == 'd') {
        delivered = std::max<std::int64_t>(delivered, position);
      } else {
        acknowledged[position] = line.substr(line.find(' ') + 1);
      }
    }
    open();
    std::map<std::int64_t, std::string> found;
    const auto before = queue_->status().events;
    const auto events = queue_->read(Position{0}, 1'000'000, std::size_t{1} << 30);
    ASSERT_TRUE(events);
    for (const auto& stored : *events)
      found[static_cast<std::int64_t>(stored.position)] = stored.event->id;
    for (auto one = acknowledged.upper_bound(delivered); one != acknowledged.end(); ++one)
      ASSERT_EQ(found[one->first], one->second) << "round " << round;
    // Equal before and after: nothing was deleted meanwhile.
    if (before == queue_->status().events) {
      ASSERT_EQ(before, events->size());
    }
    ASSERT_EQ(metric("cdviz_queue_recoveries_total"), 0);
    ASSERT_EQ(metric("cdviz_lost_events_total"), 0);
    close();
  }
  EXPECT_GT(acknowledged.size(), std::size_t{100});
}

}  // namespace
}  // namespace cdviz::queue
