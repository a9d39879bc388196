// `dead-letters` and `queue` as a user calls them, on a queue that a collector has open and on one
// that none has.
#include <algorithm>
#include <cstdio>
#include <thread>

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

#include "commands/commands.h"
#include "queue/queue_fixture.h"

namespace cdviz::commands {
namespace {

struct Answer {
  int exit_code = 0;
  std::string out;
  std::string err;
};

class QueueVerbs : public queue::QueueFixture {
 protected:
  void SetUp() override {
    open();
    ASSERT_TRUE(queue_->attach("database", queue::From::oldest));
    queue::Batch batch;
    batch.events = {queue::event("good-1"), queue::event("good-2")};
    batch.dead_letters = {queue::letter("bad-1", "{\"a\":\x1b[31m"),
                          queue::letter("bad-2", std::string("\xff\0", 2))};
    batch.dead_letters[1].code = "utf8";
    ASSERT_TRUE(put_batch(std::move(batch)));
  }

  Answer run(std::vector<std::string> words) {
    CLI::App app;
    Answer answer;
    add_dead_letters(app, answer.exit_code);
    add_queue(app, answer.exit_code);
    words.insert(words.end(), {"--queue-directory", directory_.path().string()});
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    try {
      app.parse(words);
    } catch (const CLI::ParseError& error) {
      answer.exit_code = app.exit(error);
    }
    std::fflush(stdout);
    answer.out = ::testing::internal::GetCapturedStdout();
    answer.err = ::testing::internal::GetCapturedStderr();
    return answer;
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }
};

TEST_F(QueueVerbs, ListShowsEachLetterOnALineWhetherACollectorRunsOrNot) {
  for (const bool running : {true, false}) {
    if (!running) close();
    const auto all = run({"dead-letters", "list"});
    EXPECT_EQ(all.exit_code, 0) << all.err;
    EXPECT_TRUE(has(all.out, "bad-1") && has(all.out, "bad-2")) << all.out;
    const auto some = run({"dead-letters", "list", "--code", "utf8", "--json"});
    EXPECT_TRUE(has(some.out, R"("number":2)") && !has(some.out, "bad-1")) << some.out;
    const auto none = run({"dead-letters", "list", "--sink", "database"});
    EXPECT_EQ(none.exit_code, 1);
    EXPECT_EQ(run({"dead-letters", "list", "--since", "tuesday"}).exit_code, 64);
  }
}

TEST_F(QueueVerbs, ShowNeverSendsAnEscapeToTheTerminal) {
  const auto answer = run({"dead-letters", "show", "1"});
  EXPECT_EQ(answer.exit_code, 0);
  EXPECT_TRUE(has(answer.out, "{\"a\":\\x1b[31m")) << answer.out;
  EXPECT_FALSE(has(answer.out, "\x1b"));
  EXPECT_TRUE(has(run({"dead-letters", "show", "2", "--json"}).out, R"("body_base64":"/wA=")"));
  EXPECT_EQ(run({"dead-letters", "show", "9"}).exit_code, 1);
}

TEST_F(QueueVerbs, ReplayMarksAndSaysWhatItDid) {
  EXPECT_EQ(run({"dead-letters", "replay"}).exit_code, 64) << "which?";
  const auto waiting = run({"dead-letters", "replay", "2", "--wait", "0s"});
  EXPECT_EQ(waiting.exit_code, 0);
  EXPECT_TRUE(has(waiting.out, "marked 1, replayed 0")) << waiting.out;
  const auto requests = queue_->replay_requests(10);
  ASSERT_TRUE(requests);
  ASSERT_EQ(requests->size(), 1U);
  EXPECT_EQ(requests->front().number, 2);
  close();
  const auto later = run({"dead-letters", "replay", "--all"});
  EXPECT_TRUE(has(later.out, "marked 2; no collector runs")) << later.out;
  EXPECT_EQ(run({"dead-letters", "replay", "77"}).exit_code, 1);
}

TEST_F(QueueVerbs, ReplayWaitsForTheRunningCollector) {
  std::jthread collector([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      const auto requests = queue_->replay_requests(10);
      if (!requests || requests->empty()) {
        clock_.wait(std::chrono::milliseconds(5), stop);
        continue;
      }
      queue::Batch batch;
      batch.events = {queue::event("replayed")};
      queue_->replayed(requests->front().number, std::move(batch));
    }
  });
  const auto answer = run({"dead-letters", "replay", "1"});
  EXPECT_TRUE(has(answer.out, "marked 1, replayed 1")) << answer.out;
  EXPECT_EQ(read_ids(), (queue::Ids{"good-1", "good-2", "replayed"}));
}

TEST_F(QueueVerbs, DropWantsAYes) {
  const auto asked = run({"dead-letters", "drop", "--code", "json"});
  EXPECT_EQ(asked.exit_code, 64);
  EXPECT_TRUE(has(asked.err, "--yes")) << asked.err;
  EXPECT_EQ(queue_->status().dead_letters, 2U);
  const auto dropped = run({"dead-letters", "drop", "--code", "json", "--yes"});
  EXPECT_EQ(dropped.exit_code, 0) << dropped.err;
  EXPECT_TRUE(has(dropped.out, "dropped 1"));
  EXPECT_EQ(run({"dead-letters", "drop", "--code", "json", "--yes"}).exit_code, 1);
}

TEST_F(QueueVerbs, ExportWritesEveryByteOnce) {
  const auto file = (directory_.path() / "out.ndjson").string();
  EXPECT_EQ(run({"dead-letters", "export", "-o", file}).exit_code, 0);
  EXPECT_GT(std::filesystem::file_size(file), 100U);
  EXPECT_EQ(run({"dead-letters", "export", "-o", file}).exit_code, 1) << "overwrites nothing";
  const auto events = run({"queue", "export"});
  EXPECT_EQ(events.exit_code, 0);
  EXPECT_TRUE(has(events.out, "\"event\":" + queue::event("good-1")->json)) << events.out;
}

TEST_F(QueueVerbs, StatusTellsWhatEachSinkStillHasToGet) {
  const auto text = run({"queue", "status"});
  EXPECT_TRUE(has(text.out, "database: 2 events")) << text.out;
  EXPECT_TRUE(has(text.out, "pid " + std::to_string(::getpid()))) << text.out;
  const auto json = run({"queue", "status", "--json"});
  EXPECT_TRUE(has(json.out, R"("pending_events":2)")) << json.out;
  close();
  EXPECT_TRUE(has(run({"queue", "status"}).out, "not running"));
}

TEST_F(QueueVerbs, VerifyIsSilentAboutNothingAndTellsByItsExitCode) {
  const auto sound = run({"queue", "verify"});
  EXPECT_EQ(sound.exit_code, 0);
  EXPECT_TRUE(has(sound.out, "sound")) << sound.out;
  close();
  const auto file = directory_.path() / "queue.db";
  std::string content(std::filesystem::file_size(file), '\0');
  std::FILE* stream = std::fopen(file.c_str(), "r+b");
  ASSERT_EQ(std::fread(content.data(), 1, content.size(), stream), content.size());
  const auto at = content.find("{\"id\":\"good-2\"");
  ASSERT_NE(at, std::string::npos);
  std::fseek(stream, static_cast<long>(at), SEEK_SET);
  std::fputc('X', stream);
  std::fclose(stream);
  const auto damaged = run({"queue", "verify"});
  EXPECT_EQ(damaged.exit_code, 1);
  EXPECT_TRUE(has(damaged.out, "damaged 1")) << damaged.out;
}

TEST_F(QueueVerbs, ReleaseRefusesASinkInUse) {
  EXPECT_EQ(run({"queue", "release", "database"}).exit_code, 1);
  EXPECT_EQ(run({"queue", "release", "nobody"}).exit_code, 1);
  close();
  EXPECT_EQ(run({"queue", "release", "database"}).exit_code, 0);
}

}  // namespace
}  // namespace cdviz::commands
