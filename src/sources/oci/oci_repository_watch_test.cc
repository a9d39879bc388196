// Looks at one repository of a registry that answers from memory, with several questions at a time.
// Against a real registry it is tried in tests/end_to_end/test_oci.py.
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "activity/testing.h"
#include "net/test_client.h"
#include "sources/oci/repository_watch.h"

namespace cdviz::sources::oci {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// One repository, "team/shop".
struct MemoryRegistry : net::testing::TestServer {
  MemoryRegistry() {
    start();
    add({.method = "GET", .path = "/*", .handle = [this](net::Request request, net::Reply reply) {
           reply(answer(request.path));
         }});
  }
  ~MemoryRegistry() { server.reset(); }

  net::Response answer(const std::string& path) {
    const std::lock_guard lock(mutex);
    ++asked;
    if (broken) return {.status = 500};
    if (path.ends_with("/tags/list")) {
      boost::json::array list;
      for (const auto& [tag, digest] : tags) {
        if (!unlisted.contains(tag)) list.push_back(boost::json::string(tag));
      }
      return {.status = 200,
              .body = boost::json::serialize(boost::json::object{{"tags", std::move(list)}})};
    }
    const std::string name = path.substr(path.rfind('/') + 1);
    const auto found = tags.find(name);
    const std::string digest = found != tags.end()     ? found->second
                               : images.contains(name) ? name
                                                       : "";
    if (failing.contains(name)) return {.status = 500};
    if (digest.empty()) return {.status = 404};
    net::Response response{.status = 200,
                           .content_type = "application/vnd.oci.image.index.v1+json"};
    response.headers.add("Docker-Content-Digest", digest);
    return response;
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server->port()); }

  std::mutex mutex;
  std::map<std::string, std::string> tags;  // to digests
  std::set<std::string> images, unlisted, failing;
  bool broken = false;
  std::size_t asked = 0;
};

std::string digest(char c) { return "sha256:" + std::string(64, c); }

class RepositoryWatchTest : public testing::Test {
 protected:
  RepositoryWatchTest()
      : events_({.section = "oci",
                 .purl = activity::PurlTemplate::parse("pkg:oci/{name}@{digest}?tag={tag}",
                                                       activity::places({}, {}))
                             .value()}) {}

  /// "published 1.0 aaa" of each message; "failed" last if the look was.
  std::vector<std::string> look(Look how = {}) {
    activity::Ledger ledger(inlet_, events_, clock_, "http://r");
    RegistrySettings settings{.url = registry_.url(), .attempts_max = 1};
    settings.pause = 1ms;
    Clients clients(settings, 4, clock_);
    RepositoryWatch watch({.registry = "r", .tags = tags_, .tags_max = 1000}, clients, ledger,
                          clock_);
    const auto seen = watch.look("team/shop", how, {});
    EXPECT_TRUE(ledger.flush({}));
    std::vector<std::string> all;
    for (const auto& message : inlet_.take()) {
      const auto event = boost::json::parse(message.body);
      const auto& oci = event.at("customData").at("oci");
      const std::string type(event.at("context").at("type").as_string());
      all.push_back((type.find("deleted") != std::string::npos ? "deleted " : "published ") +
                    std::string(oci.at("tag").as_string()) + " " +
                    std::string(oci.at("digest").as_string()).substr(7, 3));
      ids_.insert(std::string(event.at("context").at("id").as_string()));
      ++count_;
    }
    if (!seen) all.emplace_back("failed");
    return all;
  }
  void push(const std::string& tag, char image) {
    registry_.tags[tag] = digest(image);
    registry_.images.insert(digest(image));
  }

  SystemClock clock_;
  MemoryRegistry registry_;
  activity::MemoryInlet inlet_;
  activity::ArtifactEvents events_;
  PathPatterns tags_;
  std::set<std::string> ids_;
  std::size_t count_ = 0;
};

TEST_F(RepositoryWatchTest, TagsComeMoveAndGo) {
  push("1.0", 'a');
  push("latest", 'a');
  EXPECT_THAT(look(), ElementsAre("published 1.0 aaa", "published latest aaa"));
  EXPECT_THAT(look(), IsEmpty());
  push("2.0", 'b');
  push("latest", 'b');
  EXPECT_THAT(look(), ElementsAre("published 2.0 bbb", "published latest bbb"));
  registry_.tags.erase("2.0");
  EXPECT_THAT(look(), IsEmpty()) << "its image has another tag";
  registry_.tags.erase("latest");
  EXPECT_THAT(look(), ElementsAre("deleted latest bbb"));
  push("latest", 'b');
  EXPECT_THAT(look(), ElementsAre("published latest bbb"));
  EXPECT_EQ(ids_.size(), count_);
}

TEST_F(RepositoryWatchTest, AnImageThatLosesItsTagToAnotherIsDeletedIfItIsGone) {
  push("latest", 'a');
  look();
  push("latest", 'b');
  EXPECT_THAT(look(), ElementsAre("published latest bbb")) << "it can still be pulled";
  push("latest", 'c');
  registry_.images.erase(digest('b'));
  EXPECT_THAT(look(), UnorderedElementsAre("published latest ccc", "deleted latest bbb"));
  EXPECT_THAT(look(), IsEmpty());
}

TEST_F(RepositoryWatchTest, SeveralTagsThatGoTogetherAreOneDeletion) {
  for (const auto* tag : {"a", "b", "c"}) push(tag, 'a');
  look();
  registry_.tags.clear();
  EXPECT_THAT(look(), ElementsAre("deleted c aaa"));
}

TEST_F(RepositoryWatchTest, WhatAListingLeavesOutIsNotGone) {
  push("1.0", 'a');
  look();
  registry_.unlisted.insert("1.0");
  EXPECT_THAT(look(), IsEmpty());
  registry_.failing.insert("1.0");
  EXPECT_THAT(look(), ElementsAre("failed"));
  registry_.broken = true;
  EXPECT_THAT(look(), ElementsAre("failed"));
  registry_.broken = false;
  registry_.failing.clear();
  registry_.tags.erase("1.0");
  EXPECT_THAT(look(), ElementsAre("deleted 1.0 aaa"));
}

TEST_F(RepositoryWatchTest, ATagThatFailsDoesNotHoldUpTheOthers) {
  push("1.0", 'a');
  push("2.0", 'b');
  registry_.failing.insert("1.0");
  EXPECT_THAT(look(), ElementsAre("published 2.0 bbb", "failed"));
  registry_.failing.clear();
  EXPECT_THAT(look(), ElementsAre("published 1.0 aaa"));
}

TEST_F(RepositoryWatchTest, KnownTagsAreAskedForOnlyWhenTheyAreRechecked) {
  for (int i = 0; i < 50; ++i) push(std::to_string(i), 'a');
  EXPECT_EQ(look().size(), 50U);
  registry_.asked = 0;
  EXPECT_THAT(look({.rechecks = false}), IsEmpty());
  EXPECT_EQ(registry_.asked, 1U);
  push("7", 'b');
  EXPECT_THAT(look({.rechecks = false}), IsEmpty());
  EXPECT_THAT(look(), ElementsAre("published 7 bbb"));
}

TEST_F(RepositoryWatchTest, WhatWasThereBeforeIsOnlyRemembered) {
  push("1.0", 'a');
  EXPECT_THAT(look({.tells = false}), IsEmpty());
  push("1.1", 'b');
  EXPECT_THAT(look(), ElementsAre("published 1.1 bbb"));
}

TEST_F(RepositoryWatchTest, OnlyTagsThatAreMeantAndLegalCount) {
  tags_ = PathPatterns::parse({"v*", "!*-rc"}).value();
  for (const auto* tag : {"v1", "v2-rc", "x", "v3/../..", "v 4", "v5?x"}) push(tag, 'a');
  EXPECT_THAT(look(), ElementsAre("published v1 aaa"));
}

TEST_F(RepositoryWatchTest, TooManyTagsAreAFailure) {
  for (int i = 0; i < 1001; ++i) push(std::to_string(i), 'a');
  EXPECT_THAT(look(), ElementsAre("failed"));
}

TEST_F(RepositoryWatchTest, TheLedgerKnowsItsRepositories) {
  activity::Ledger ledger(inlet_, events_, clock_, "http://r");
  for (const auto* key : {"a:1", "a:2", "a-b:1", "a/b:1", "a.c:1", "b:1"}) {
    ASSERT_TRUE(ledger.remember(key, {.thing = {.path = key}}, {}));
  }
  ASSERT_TRUE(ledger.flush({}));
  EXPECT_THAT(*known_repositories(ledger), UnorderedElementsAre("a", "a-b", "a/b", "a.c", "b"));
}

}  // namespace
}  // namespace cdviz::sources::oci
