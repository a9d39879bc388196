// What becomes of objects: looked at in a store on this machine, delivered to an inlet that keeps
// it.
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "sources/s3/content.h"
#include "sources/s3/mark.h"
#include "sources/s3/test_inlet.h"
#include "sources/s3/test_store.h"

namespace cdviz::sources::s3 {
namespace {

struct S3Content : ::testing::Test {
  /// Through plan, look and deliver, as a session does. @returns what the plan was
  Handler::Plan pass(const std::string& key, ContentSettings wanted = {},
                     Candidate candidate = {}) {
    wanted.bucket = "bucket";
    Content content(std::move(wanted), store.clock);
    candidate.key = key;
    if (const auto found = store.objects.find(key); found != store.objects.end()) {
      if (candidate.size == 0) candidate.size = found->second.body.size();
      if (candidate.etag.empty()) candidate.etag = found->second.etag;
    }
    candidate.entry = *inlet.checkpoint(ledger_key(key));
    Batches batches(inlet, limits, bell);
    const auto plan = content.plan(candidate, batches);
    if (plan == Handler::Plan::look) {
      Looked looked{.candidate = std::move(candidate)};
      content.look(*store.bucket(), looked, {});
      outcome = looked.outcome;
      EXPECT_TRUE(content.deliver(std::move(looked), batches, {}) || inlet.failing);
    }
    batches.flush({});
    settled = batches.take_settled();
    return plan;
  }
  Mark mark(const std::string& key) { return *parse_mark(inlet.ledger.at("o/" + key)); }

  TestStore store;
  TestInlet inlet;
  std::shared_ptr<Bell> bell = std::make_shared<Bell>();
  BatchLimits limits;
  Looked::Outcome outcome = Looked::Outcome::failed;
  std::vector<Candidate> settled;
};

TEST_F(S3Content, AnObjectIsReadOnceAndNotedWithItsEvents) {
  store.objects["x/a.jsonl"] = {.body = "{\"n\":1}\n{\"n\":2}\n",
                                .headers = {{"x-amz-meta-team", "red"}}};
  EXPECT_EQ(pass("x/a.jsonl", {.prefix = "x/", .metadata = R"({"stage":"test","name":"no"})"}),
            Handler::Plan::look);
  ASSERT_EQ(inlet.messages.size(), 2U);
  EXPECT_EQ(inlet.messages[1].body, "{\"n\":2}");
  const std::string& metadata = inlet.messages[0].metadata;
  for (const auto* part :
       {R"("stage":"test")", R"("name":"a.jsonl")", R"("path":"a.jsonl")", R"("root":"/x/")",
        R"("last_modified":"1994-11-06T08:49:37Z")", R"("bucket":"bucket")", R"("key":"x/a.jsonl")",
        R"("user_metadata":{"team":"red"})", R"("etag":"e")"}) {
    EXPECT_NE(metadata.find(part), std::string::npos) << part << " in " << metadata;
  }
  EXPECT_EQ(mark("x/a.jsonl").documents, 2U);
  EXPECT_TRUE(mark("x/a.jsonl").whole);
  EXPECT_EQ(pass("x/a.jsonl", {.prefix = "x/"}), Handler::Plan::nothing);
  store.objects["x/a.jsonl"].etag = "f";
  EXPECT_EQ(pass("x/a.jsonl", {.prefix = "x/"}), Handler::Plan::look);
}

TEST_F(S3Content, AnObjectThatIsHalfOnDiskIsGoneOnWith) {
  std::string lines;
  for (int i = 0; i < 10; ++i) lines += "{\"n\":" + std::to_string(i) + "}\n";
  store.objects["a.jsonl"] = {.body = lines};
  limits.messages = 3;
  pass("a.jsonl");
  EXPECT_EQ(inlet.messages.size(), 10U);
  EXPECT_EQ(inlet.batches, 4U);
  // As if it had ended behind the second batch.
  inlet.messages.clear();
  inlet.ledger["o/a.jsonl"] =
      to_text({.etag = "e", .modified = mark("a.jsonl").modified, .documents = 6, .whole = false});
  EXPECT_EQ(pass("a.jsonl"), Handler::Plan::look);
  ASSERT_EQ(inlet.messages.size(), 4U);
  EXPECT_EQ(inlet.messages[0].body, "{\"n\":6}");
  EXPECT_TRUE(mark("a.jsonl").whole);
}

TEST_F(S3Content, WhatCannotBeReadBecomesADeadLetterAndStaysWhereItIs) {
  store.objects["large.json"] = {.body = std::string(2000, 'x')};
  const ContentSettings small{.object_bytes_max = 1024, .after = After::remove};
  pass("large.json", small);
  EXPECT_EQ(outcome, Looked::Outcome::too_large);
  ASSERT_EQ(inlet.messages.size(), 1U);
  EXPECT_EQ(inlet.messages[0].problems.at(0).rule, "too_large");
  EXPECT_NE(inlet.messages[0].body.find("\"key\":\"large.json\""), std::string::npos)
      << "a reference, not the content";
  ASSERT_EQ(settled.size(), 1U);
  EXPECT_TRUE(settled[0].leave);
  EXPECT_EQ(pass("large.json", small), Handler::Plan::nothing);
  // It is larger than the listing said.
  Candidate grown;
  grown.size = 10;
  store.objects["grown.json"] = {.body = std::string(2000, 'x')};
  pass("grown.json", small, grown);
  EXPECT_EQ(outcome, Looked::Outcome::too_large);

  store.objects["broken.json.gz"] = {.body = "\x1F\x8B nonsense"};
  pass("broken.json.gz");
  EXPECT_EQ(outcome, Looked::Outcome::broken);
  EXPECT_EQ(inlet.messages.back().body, "\x1F\x8B nonsense");
  store.objects["plain.json.gz"] = {.body = "{}"};
  pass("plain.json.gz");
  EXPECT_EQ(inlet.messages.back().body, "{}") << "somebody undid the coding on the way";
}

TEST_F(S3Content, ReadsWhatIsThereByNow) {
  store.objects["a.json"] = {.body = "{}", .etag = "new"};
  Candidate old;
  old.etag = "old";
  pass("a.json", {}, old);
  EXPECT_EQ(outcome, Looked::Outcome::read);
  EXPECT_EQ(mark("a.json").etag, "new");
  Candidate listed;
  listed.size = 2;
  pass("gone.json", {}, listed);
  EXPECT_EQ(outcome, Looked::Outcome::gone);
  EXPECT_FALSE(inlet.ledger.contains("o/gone.json"));
  // A wrong byte on the way: the ETag is the MD5 of something else.
  store.objects["wrong.json"] = {.body = "{}", .etag = "900150983cd24fb0d6963f7d28e17f72"};
  Content content({.bucket = "bucket"}, store.clock);
  Looked looked{.candidate = {.key = "wrong.json"}};
  content.look(*store.bucket(), looked, {});
  EXPECT_EQ(looked.outcome, Looked::Outcome::failed);
  EXPECT_EQ(looked.error->code, "checksum");
}

TEST_F(S3Content, LeavesOutWhatIsNotMeant) {
  const auto patterns = *PathPatterns::parse({"**/*.json", "!tmp/**"});
  for (const auto* key : {"in/a.txt", "in/tmp/a.json", "elsewhere/a.json", "in/folder/"}) {
    store.objects[key] = {.body = "{}"};
    EXPECT_EQ(pass(key, {.prefix = "in/", .patterns = patterns}), Handler::Plan::nothing) << key;
  }
  store.objects["in/b/a.json"] = {.body = "{}"};
  EXPECT_EQ(pass("in/b/a.json", {.prefix = "in/", .patterns = patterns, .recursive = false}),
            Handler::Plan::nothing);
  EXPECT_EQ(pass("in/b/a.json", {.prefix = "in/", .patterns = patterns}), Handler::Plan::look);
  store.objects["done/a.json"] = {.body = "{}"};
  EXPECT_EQ(pass("done/a.json", {.after = After::move, .move_to = "done/"}),
            Handler::Plan::nothing);
}

TEST_F(S3Content, TakesWhatStandsBesideAnObject) {
  store.objects["a.json.gz"] = {.body = "{}"};
  store.objects["a.headers.json"] = {.body = R"({"traceparent":"00-1"})"};
  store.objects["a.metadata.json"] = {.body = R"({"stage":"test","name":"mine"})"};
  const ContentSettings beside{.side_headers = true, .side_metadata = true};
  pass("a.json.gz", beside);
  ASSERT_EQ(inlet.messages.size(), 1U);
  EXPECT_EQ(inlet.messages[0].headers.find("traceparent"), "00-1");
  EXPECT_NE(inlet.messages[0].metadata.find(R"("stage":"test")"), std::string::npos);
  EXPECT_EQ(inlet.messages[0].metadata.find("mine"), std::string::npos);
  EXPECT_EQ(pass("a.headers.json", beside), Handler::Plan::nothing);
  store.objects["b.json"] = {.body = "{}"};
  store.objects["b.headers.json"] = {.body = "[]"};
  pass("b.json", beside);
  EXPECT_EQ(inlet.messages.back().problems.at(0).rule, "side_object");
}

TEST_F(S3Content, ForgetsWhatTwoListingsInARowDoNotHave) {
  inlet.ledger["o/a.json"] = to_text({.etag = "e"});
  Candidate gone;
  gone.said = Said::gone;
  pass("a.json", {}, gone);
  EXPECT_TRUE(mark("a.json").missed);
  pass("a.json", {}, gone);
  EXPECT_FALSE(inlet.ledger.contains("o/a.json"));
  // One that was only late comes back as known.
  inlet.ledger["o/b.json"] = to_text({.etag = "e", .missed = true});
  store.objects["b.json"] = {.body = "{}"};
  EXPECT_EQ(pass("b.json"), Handler::Plan::nothing);
  EXPECT_FALSE(mark("b.json").missed);
}

TEST_F(S3Content, NothingIsNotedWhenTheDiskFails) {
  store.objects["a.json"] = {.body = "{}"};
  inlet.failing = true;
  pass("a.json");
  EXPECT_TRUE(inlet.ledger.empty());
  EXPECT_TRUE(settled.empty());
}

TEST_F(S3Content, MovesAndDeletesOnlyWhatItHasRead) {
  store.objects["in/a.json"] = {.body = "{}", .etag = "e"};
  Content mover({.bucket = "bucket", .prefix = "in/", .after = After::move, .move_to = "done/"},
                store.clock);
  EXPECT_FALSE(mover.finish(*store.bucket(), {.key = "in/a.json", .etag = "other"}, {}));
  EXPECT_TRUE(store.objects.contains("in/a.json"));
  EXPECT_TRUE(mover.finish(*store.bucket(), {.key = "in/a.json", .etag = "e"}, {}));
  EXPECT_TRUE(store.objects.contains("done/a.json"));
  EXPECT_FALSE(store.objects.contains("in/a.json"));
  EXPECT_TRUE(mover.finish(*store.bucket(), {.key = "in/a.json", .etag = "e"}, {})) << "was done";
}

TEST(S3Batches, OneIsOnItsWayWhileTheNextIsFilled) {
  TestInlet inlet;
  inlet.holding = true;
  auto bell = std::make_shared<Bell>();
  Batches batches(inlet, {.messages = 2}, bell);
  batches.add({.body = "1"});
  batches.end({.key = "a"});
  EXPECT_TRUE(batches.flush({}));
  EXPECT_TRUE(batches.is_under_way());
  batches.add({.body = "2"});
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(batches.flush(stop.get_token())) << "waits for the one before";
  EXPECT_TRUE(batches.take_settled().empty());
  inlet.held.at(0)();
  EXPECT_EQ(batches.take_settled().at(0).key, "a");
  EXPECT_TRUE(batches.flush({}));
  inlet.held.at(1)();
  EXPECT_TRUE(batches.wait_until_settled(std::chrono::seconds(20), {}));
  EXPECT_EQ(inlet.messages.size(), 2U);
  inlet.closed = true;
  batches.add({.body = "3"});
  EXPECT_FALSE(batches.flush({}));
  EXPECT_TRUE(batches.closed());
}

}  // namespace
}  // namespace cdviz::sources::s3
