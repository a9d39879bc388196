// Messages as Amazon's documentation shows them, and others. Anything at all: tests/fuzz.
#include <string>

#include <gtest/gtest.h>

#include "aws/time.h"
#include "sources/s3/notice.h"

namespace cdviz::sources::s3 {
namespace {

using Kind = Notice::Kind;

const std::string kRecords = R"({"Records":[{"eventVersion":"2.1","eventSource":"aws:s3",
  "awsRegion":"us-west-2","eventTime":"1970-01-01T00:00:00.000Z","eventName":"ObjectCreated:Put",
  "userIdentity":{"principalId":"AIDAJDPLRKLG7UEXAMPLE"},"s3":{"s3SchemaVersion":"1.0",
  "configurationId":"testConfigRule","bucket":{"name":"bucket","arn":"arn:aws:s3:::bucket"},
  "object":{"key":"a+b%2Bc/%C3%A9.json","size":1024,"eTag":"d41d8cd98f00b204e9800998ecf8427e",
  "versionId":"096fKKXTRTtl3on89fVO.nfljtsv6qko","sequencer":"0055AED6DCD90281E5"}}}]})";

TEST(S3Notice, IsReadAsS3SendsIt) {
  const auto notice = read_notice(kRecords, "bucket");
  ASSERT_EQ(notice.kind, Kind::objects) << notice.why;
  ASSERT_EQ(notice.objects.size(), 1U);
  const Candidate& object = notice.objects[0];
  EXPECT_EQ(object.key, "a b+c/\xC3\xA9.json");
  EXPECT_EQ(object.said, Said::there);
  EXPECT_EQ(object.etag, "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(object.version, "096fKKXTRTtl3on89fVO.nfljtsv6qko");
  EXPECT_EQ(object.size, 1024U);
  EXPECT_EQ(object.user, "AIDAJDPLRKLG7UEXAMPLE");
  EXPECT_EQ(object.at, aws::parse_time("1970-01-01T00:00:00Z"));
  EXPECT_EQ(read_notice(kRecords, "another").objects.size(), 0U);
  EXPECT_EQ(read_notice(kRecords, "another").passed_over, 1U);
}

TEST(S3Notice, IsReadOutOfAnSnsNotificationAndOfEventBridge) {
  const auto sns = read_notice(
      R"({"Type":"Notification","MessageId":"m","Message":"{\"Records\":[{\"eventName\":
      \"ObjectRemoved:DeleteMarkerCreated\",\"s3\":{\"bucket\":{\"name\":\"bucket\"},
      \"object\":{\"key\":\"k\"}}}]}"})",
      "bucket");
  EXPECT_EQ(sns.kind, Kind::unusable) << "a line end within a text is no JSON";
  const auto good = read_notice(
      R"({"Type":"Notification","Message":"{\"Records\":[{\"eventName\":\"ObjectRemoved:Delete\",)"
      R"(\"s3\":{\"bucket\":{\"name\":\"bucket\"},\"object\":{\"key\":\"k\"}}}]}"})",
      "bucket");
  ASSERT_EQ(good.objects.size(), 1U) << good.why;
  EXPECT_EQ(good.objects[0].said, Said::gone);
  const auto event = read_notice(
      R"({"version":"0","detail-type":"Object Created","source":"aws.s3","time":
      "2021-11-12T00:00:00Z","detail":{"version":"0","bucket":{"name":"bucket"},"object":
      {"key":"a+b%20.json","size":5,"etag":"b1946ac92492d2347c6235b4d2611184","version-id":"v"},
      "requester":"123456789012","reason":"PutObject"}})",
      "bucket");
  ASSERT_EQ(event.objects.size(), 1U) << event.why;
  EXPECT_EQ(event.objects[0].key, "a+b%20.json") << "EventBridge encodes nothing";
  EXPECT_EQ(event.objects[0].version, "v");
  EXPECT_EQ(event.objects[0].user, "123456789012");
}

TEST(S3Notice, KnowsTestEventsAndWhatIsNoneOfItsBusiness) {
  EXPECT_EQ(
      read_notice(R"({"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"bucket"})", "b").kind,
      Kind::test);
  const auto tagging = read_notice(
      R"({"Records":[{"eventName":"ObjectTagging:Put","s3":{"bucket":{"name":"b"},"object":
      {"key":"k"}}}]})",
      "b");
  EXPECT_EQ(tagging.kind, Kind::objects);
  EXPECT_EQ(tagging.passed_over, 1U);
  EXPECT_EQ(read_notice(R"({"Records":[]})", "b").kind, Kind::objects);
}

TEST(S3Notice, AnythingElseIsUnusableAndSaysWhy) {
  for (const auto* text :
       {"", "null", "[]", "{}", "{", R"({"Records":7})", R"({"Records":[7]})",
        R"({"Records":[{"eventSource":"aws:ses"}]})",
        R"({"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{},"object":{}}}]})",
        R"({"detail":{"bucket":{"name":"b"}}})", R"({"Type":"Notification"})",
        R"({"Type":"SubscriptionConfirmation","Token":"x"})"}) {
    const auto notice = read_notice(text, "b");
    EXPECT_EQ(notice.kind, Kind::unusable) << text;
    EXPECT_FALSE(notice.why.empty()) << text;
  }
  EXPECT_EQ(read_notice(std::string(100'000, '['), "b").kind, Kind::unusable);
}

}  // namespace
}  // namespace cdviz::sources::s3
