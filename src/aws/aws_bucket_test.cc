// Answers of S3, and what they are read as. Real stores are in tests/end_to_end/test_s3*.py.
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "aws/bucket.h"
#include "aws/time.h"
#include "net/test_client.h"

namespace cdviz::aws {
namespace {

constexpr const char* kPage = R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix/>
<EncodingType>url</EncodingType><MaxKeys>2</MaxKeys><IsTruncated>true</IsTruncated>
<NextContinuationToken>a/b=</NextContinuationToken>
<Contents><Key>a%01+b%2Bc%25/%C3%A9</Key><LastModified>2026-11-29T22:33:11.123Z</LastModified>
<ETag>&quot;abc-2&quot;</ETag><Size>5000000000</Size><StorageClass>STANDARD</StorageClass></Contents>
<Contents><Key>b</Key><LastModified>x</LastModified><ETag>d</ETag><Size>y</Size></Contents>
</ListBucketResult>)";

TEST(AwsBucket, ReadsAPageOfAListing) {
  const auto listing = read_listing(kPage);
  ASSERT_TRUE(listing) << listing.error().message;
  ASSERT_EQ(listing->objects.size(), 2U);
  EXPECT_EQ(listing->objects[0].key, "a\x01 b+c%/\xC3\xA9");
  EXPECT_EQ(listing->objects[0].etag, "abc-2");
  EXPECT_EQ(listing->objects[0].size, 5'000'000'000U);
  EXPECT_EQ(listing->objects[0].modified, parse_time("2026-11-29T22:33:11.123Z"));
  EXPECT_EQ(listing->objects[1].etag, "d");
  EXPECT_EQ(listing->objects[1].size, 0U);
  EXPECT_EQ(listing->next, "a/b=");
}

TEST(AwsBucket, ABrokenListingIsNoEmptyOne) {
  for (const auto* text :
       {"", "<", "{}", "<ListBucketResult/>", "<html><body/></html>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a</Key>"}) {
    EXPECT_FALSE(read_listing(text)) << text;
  }
  EXPECT_TRUE(
      read_listing("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"));
}

/// Answers everything alike, and remembers what was asked.
struct Store : net::testing::TestServer {
  explicit Store(net::Response answer) {
    start();
    for (const auto* method : {"GET", "PUT", "DELETE"}) {
      add({.method = method,
           .path = "/*",
           .body_bytes_max = 1U << 20U,
           .handle = [this, answer](net::Request request, net::Reply reply) {
             const std::lock_guard lock(mutex);
             taken.push_back(std::move(request));
             reply(answer);
           }});
    }
  }
  ~Store() { server.reset(); }
  Bucket bucket(bool path_style = true) {
    BucketSettings wanted{.name = "b-1", .path_style = path_style};
    wanted.client.endpoint = "http://localhost:" + std::to_string(server->port());
    wanted.client.attempts_max = 1;
    return Bucket(std::move(wanted), nullptr, clock);
  }
  SystemClock clock;
  std::mutex mutex;
  std::vector<net::Request> taken;
};

TEST(AwsBucket, AsksForAPageInItsWay) {
  Store store({.status = 200, .body = kPage});
  ASSERT_TRUE(store.bucket().list("a b/", "x=", 1000, {}));
  EXPECT_EQ(store.taken[0].path, "/b-1");
  EXPECT_EQ(store.taken[0].query,
            "continuation-token=x%3D&encoding-type=url&list-type=2&max-keys=1000&prefix=a%20b%2F");
}

TEST(AwsBucket, IsAHostOrAFolder) {
  Store store({.status = 200, .body = kPage});
  ASSERT_TRUE(store.bucket(false).list("", "", 1000, {}));
  EXPECT_EQ(store.taken[0].path, "/");
  EXPECT_EQ(store.taken[0].headers.find("Host"),
            "b-1.localhost:" + std::to_string(store.server->port()));
  ASSERT_TRUE(store.bucket(false).get("k", "", "", {}));
  EXPECT_EQ(store.taken[1].path, "/k");
}

TEST(AwsBucket, ReadsAnObjectWithWhatIsKnownOfIt) {
  net::Response answer{.status = 200, .body = "abc"};
  answer.headers = {{"ETag", "\"e\""},
                    {"x-amz-version-id", "v1"},
                    {"Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"},
                    {"Content-Encoding", "GZIP"},
                    {"x-amz-meta-Team", "red"},
                    {"x-amz-checksum-crc32", "NSRBwg=="},
                    {"x-amz-checksum-sha256", "composite-2"}};
  Store store(answer);
  const auto object = store.bucket().get("k /+", "e", "v1", {});
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_EQ(store.taken[0].path, "/b-1/k%20/%2B");
  EXPECT_EQ(store.taken[0].query, "versionId=v1");
  EXPECT_EQ(store.taken[0].headers.find("If-Match"), "\"e\"");
  EXPECT_EQ(object->bytes, "abc");
  EXPECT_EQ(object->facts.etag, "e");
  EXPECT_EQ(object->facts.version, "v1");
  EXPECT_EQ(object->facts.size, 3U);
  EXPECT_EQ(object->facts.content_encoding, "gzip");
  EXPECT_EQ(object->facts.user.size(), 1U);
  EXPECT_EQ(object->facts.user[0].first, "team");
  EXPECT_EQ(object->facts.checksums.size(), 1U);
  EXPECT_EQ(object->facts.modified, parse_time("1994-11-06T08:49:37Z"));
}

TEST(AwsBucket, DeletesOnlyWhatItHasRead) {
  net::Response answer{.status = 200};
  answer.headers = {{"ETag", "\"other\""}};
  Store store(answer);
  const auto removed = store.bucket().remove("k", "mine", {});
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, "PreconditionFailed");
  EXPECT_EQ(store.taken.size(), 1U) << "it only looked";
  EXPECT_TRUE(store.bucket().remove("k", "other", {}));
  EXPECT_EQ(store.taken.back().method, "DELETE");
  EXPECT_EQ(store.taken.back().headers.find("If-Match"), "\"other\"");
}

TEST(AwsBucket, ACopyThatFailsBehindItsStatusIsNone) {
  Store failing({.status = 200, .body = "<Error><Code>InternalError</Code></Error>"});
  EXPECT_FALSE(failing.bucket().copy("a b", "c", "e", {}));
  EXPECT_EQ(failing.taken[0].headers.find("x-amz-copy-source"), "/b-1/a%20b");
  Store good({.status = 200, .body = "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>"});
  EXPECT_TRUE(good.bucket().copy("a b", "c", "e", {}));
}

TEST(AwsBucket, KnowsWhichNamesCanBeHosts) {
  EXPECT_TRUE(is_host_label("my-bucket-1"));
  for (const auto* name : {"ab", "My-Bucket", "my.bucket", "a_b_c"}) {
    EXPECT_FALSE(is_host_label(name)) << name;
  }
}

}  // namespace
}  // namespace cdviz::aws
