#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sources/ecr/image.h"

namespace cdviz::sources::ecr {
namespace {

using namespace std::chrono_literals;

const std::string kDigest = "sha256:" + std::string(64, 'a');

TEST(Image, IsReadAsEcrWritesIt) {
  const auto page =
      images_of(R"({"imageDetails":[{"registryId":"123456789012","repositoryName":"team/shop",
    "imageDigest":"sha256:aa","imageTags":["latest","1.0"],"imageSizeInBytes":48211,"imagePushedAt":1.764454205123E9,
    "imageManifestMediaType":"application/vnd.oci.image.manifest.v1+json",
    "imageScanStatus":{"status":"COMPLETE","description":"x"},
    "imageScanFindingsSummary":{"imageScanCompletedAt":1.7E9,"findingSeverityCounts":{"HIGH":2}}}],
    "nextToken":"more"})");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->next, "more");
  const Image& image = page->items.at(0);
  EXPECT_EQ(image.digest, "sha256:aa");
  EXPECT_THAT(image.tags, testing::ElementsAre("1.0", "latest"));
  EXPECT_EQ(image.size, 48211U);
  EXPECT_EQ(image.pushed_at, WallTime{1'764'454'205'123ms});
  EXPECT_EQ(image.details, R"({"media_type":"application/vnd.oci.image.manifest.v1+json","scan":)"
                           R"({"status":"COMPLETE","severities":{"HIGH":2}}})");
}

TEST(Image, MayHaveNothingButADigest) {
  const auto page = images_of(R"({"imageDetails":[{"imageDigest":"sha256:aa"}]})");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->next, "");
  EXPECT_EQ(page->items.at(0).pushed_at, std::nullopt);
  EXPECT_TRUE(page->items.at(0).tags.empty());
  EXPECT_EQ(page->items.at(0).details, "");
}

TEST(Image, HalfAListingIsNone) {
  for (const auto* text :
       {"", "{}", "[]", R"({"imageDetails":[{"imageDigest":"a"})", R"({"imageDetails":[{}]})",
        R"({"imageDetails":[{"imageDigest":7}]})",
        R"({"imageDetails":[{"imageDigest":"a","imageTags":[1]}]})", R"({"imageDetails":{}})"}) {
    EXPECT_EQ(images_of(text).error().fault, Fault::retry) << text;
    EXPECT_FALSE(repositories_of(text)) << text;
  }
}

TEST(Image, TimesThatAreNoneAreLeftOut) {
  for (const auto* time : {"-1", "1e300", "\"now\"", "null"}) {
    const auto page = images_of(R"({"imageDetails":[{"imageDigest":"a","imagePushedAt":)" +
                                std::string(time) + "}]}");
    ASSERT_TRUE(page) << time;
    EXPECT_EQ(page->items.at(0).pushed_at, std::nullopt) << time;
  }
}

TEST(Repository, IsReadAsEcrWritesIt) {
  const auto page =
      repositories_of(R"({"repositories":[{"registryId":"123456789012","repositoryName":"team/shop",
    "repositoryUri":"123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/shop"}]})");
  ASSERT_TRUE(page);
  EXPECT_THAT(page->items,
              testing::ElementsAre(Repository{.registry_id = "123456789012",
                                              .name = "team/shop",
                                              .host = host_of("123456789012", "eu-west-1")}));
  EXPECT_EQ(host_of("1", "cn-north-1"), "1.dkr.ecr.cn-north-1.amazonaws.com.cn");
}

TEST(Thing, SaysWhereTheImageIs) {
  const Repository repository{.registry_id = "1", .name = "team/shop", .host = "h"};
  const auto thing = thing_of(repository, "eu-west-1", {.digest = kDigest, .size = 7}, "1.0");
  EXPECT_EQ(thing.path, "team/shop:1.0");
  EXPECT_EQ(thing.sha256, std::string(64, 'a'));
  EXPECT_EQ(activity::fact(thing.facts, "name"), "shop");
  EXPECT_EQ(activity::fact(thing.facts, "region"), "eu-west-1");
  EXPECT_EQ(thing_of(repository, "r", {.digest = kDigest}, "").path, "team/shop@" + kDigest);
}

TEST(Scan, ReplacesAnEarlierOne) {
  EXPECT_EQ(with_scan("", R"({"status":"A"})"), R"({"scan":{"status":"A"}})");
  EXPECT_EQ(with_scan(R"({"x":1,"scan":{"status":"A"}})", R"({"status":"B"})"),
            R"({"x":1,"scan":{"status":"B"}})");
  EXPECT_EQ(with_scan("no JSON", "{}"), "no JSON");
}

}  // namespace
}  // namespace cdviz::sources::ecr
