#include <set>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "activity/testing.h"
#include "sources/ecr/repository_look.h"

namespace cdviz::sources::ecr {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr WallTime kPushed{1'780'000'000'000ms};

class RepositoryLookTest : public testing::Test {
 protected:
  static activity::ArtifactEvents events() {
    return activity::ArtifactEvents(
        {.section = "ecr",
         .purl = activity::PurlTemplate::parse("pkg:oci/{name}@{digest}?tag={tag}",
                                               activity::places({}, {}))
                     .value()});
  }
  /// What `use` does in one look, as "published 1.0 sha256:a".
  template <class Use>
  std::vector<std::string> told(const Use& use, bool tells = true) {
    activity::Ledger ledger(inlet_, events_, clock_, "https://h");
    RepositoryLook look(settings_, repository_, "eu-west-1", ledger, clock_, tells, {});
    EXPECT_TRUE(use(look));
    EXPECT_TRUE(ledger.flush({}));
    std::vector<std::string> all;
    for (const auto& message : inlet_.take()) {
      const auto event = boost::json::parse(message.body).as_object();
      const auto& ecr = event.at("customData").at("ecr").as_object();
      const std::string type(event.at("context").at("type").as_string());
      const auto* tag = ecr.if_contains("tag");
      all.push_back((type.find("deleted") != std::string::npos ? "deleted " : "published ") +
                    std::string(tag == nullptr ? "-" : tag->as_string().c_str()) + " " +
                    std::string(ecr.at("digest").as_string()));
      ids_.insert(std::string(event.at("context").at("id").as_string()));
      ++count_;
      last_ = ecr;
    }
    return all;
  }
  std::vector<std::string> all(const std::vector<Image>& images, bool tells = true) {
    return told([&](RepositoryLook& look) { return look.all(images); }, tells);
  }
  static Image image(const std::string& digest, std::vector<std::string> tags,
                     WallTime pushed = kPushed) {
    return {.digest = "sha256:" + digest, .tags = std::move(tags), .pushed_at = pushed};
  }

  LookSettings settings_;
  const Repository repository_{.registry_id = "1", .name = "team/shop", .host = "h"};
  activity::MemoryInlet inlet_;
  activity::ArtifactEvents events_ = events();
  SystemClock clock_;
  std::set<std::string> ids_;
  std::size_t count_ = 0;
  boost::json::object last_;
};

TEST_F(RepositoryLookTest, TagsAreToldOnceAndOldestFirst) {
  const std::vector<Image> images = {image("b", {"2.0"}, kPushed + 1h), image("a", {"1.0", "old"})};
  EXPECT_THAT(all(images), ElementsAre("published 1.0 sha256:a", "published old sha256:a",
                                       "published 2.0 sha256:b"));
  EXPECT_THAT(all(images), IsEmpty());
}

TEST_F(RepositoryLookTest, ATagThatMovesBackIsAnotherHappening) {
  const auto one = [](const std::string& tagged) {
    return std::vector<Image>{
        image("a", tagged == "a" ? std::vector<std::string>{"latest"} : std::vector<std::string>{}),
        image("b", tagged == "b" ? std::vector<std::string>{"latest"} : std::vector<std::string>{},
              kPushed + 1h)};
  };
  EXPECT_THAT(all(one("a")), ElementsAre("published latest sha256:a"));
  EXPECT_THAT(all(one("b")), ElementsAre("published latest sha256:b"));
  EXPECT_THAT(all(one("a")), ElementsAre("published latest sha256:a"));
  EXPECT_EQ(ids_.size(), 3U);
}

TEST_F(RepositoryLookTest, OnlyAnImageThatIsGoneIsDeleted) {
  all({image("a", {"1.0", "latest"}), image("b", {"2.0"})});
  EXPECT_THAT(all({image("a", {"1.0"}), image("b", {})}), IsEmpty()) << "tags alone are no images";
  EXPECT_THAT(all({image("a", {"1.0"})}), ElementsAre("deleted 2.0 sha256:b"));
  EXPECT_THAT(all({}), ElementsAre("deleted 1.0 sha256:a"));
  EXPECT_THAT(all({}), IsEmpty());
  EXPECT_THAT(all({image("a", {"1.0"}, kPushed + 2h)}), ElementsAre("published 1.0 sha256:a"));
  EXPECT_EQ(ids_.size(), count_);
}

TEST_F(RepositoryLookTest, NoticesAndListingsTellTheSameOnce) {
  const auto here = [&](const Image& image) {
    return told([&](RepositoryLook& look) { return look.here(image); });
  };
  const auto gone = [&](const std::string& digest, const std::string& tag) {
    return told(
        [&](RepositoryLook& look) { return look.gone("sha256:" + digest, tag, kPushed + 5h); });
  };
  EXPECT_THAT(here(image("a", {"1.0"})), ElementsAre("published 1.0 sha256:a"));
  EXPECT_THAT(all({image("a", {"1.0"})}), IsEmpty());
  EXPECT_THAT(gone("a", "1.0"), ElementsAre("deleted 1.0 sha256:a"));
  EXPECT_THAT(gone("a", "1.0"), IsEmpty());
  EXPECT_THAT(all({}), IsEmpty());
  EXPECT_THAT(here(image("a", {"1.0"})), ElementsAre("published 1.0 sha256:a")) << "pushed again";
  EXPECT_EQ(ids_.size(), count_);
  EXPECT_THAT(gone("never", "7"), ElementsAre("deleted 7 sha256:never"));
  EXPECT_THAT(gone("untagged", ""), IsEmpty());
}

TEST_F(RepositoryLookTest, WhatWasThereBeforeIsOnlyRemembered) {
  EXPECT_THAT(all({image("a", {"1.0"})}, false), IsEmpty());
  EXPECT_THAT(all({image("a", {"1.0", "new"})}), ElementsAre("published new sha256:a"));
  EXPECT_THAT(all({}), ElementsAre("deleted 1.0 sha256:a"));
}

TEST_F(RepositoryLookTest, PatternsAndUntaggedImages) {
  settings_.tags = PathPatterns::parse({"v*"}).value();
  const std::vector<Image> images = {image("a", {"v1", "x"}), image("b", {"x2"}), image("c", {})};
  EXPECT_THAT(all(images), ElementsAre("published v1 sha256:a"));
  EXPECT_THAT(all({image("a", {"v1"})}), IsEmpty());
  settings_.untagged = true;
  EXPECT_THAT(all(images), ElementsAre("published - sha256:c"));
  EXPECT_THAT(all({}), UnorderedElementsAre("deleted v1 sha256:a", "deleted - sha256:c"));
}

TEST_F(RepositoryLookTest, AScanStandsInWhatIsToldLater) {
  all({image("a", {"1.0"})});
  const std::string scan = R"({"status":"COMPLETE","severities":{"HIGH":1}})";
  EXPECT_THAT(told([&](RepositoryLook& look) { return look.scanned("sha256:a", scan); }),
              IsEmpty());
  EXPECT_THAT(told([&](RepositoryLook& look) { return look.scanned("sha256:b", scan); }),
              IsEmpty());
  EXPECT_THAT(all({}), ElementsAre("deleted 1.0 sha256:a"));
  EXPECT_EQ(last_.at("scan"), boost::json::parse(scan));
}

}  // namespace
}  // namespace cdviz::sources::ecr
