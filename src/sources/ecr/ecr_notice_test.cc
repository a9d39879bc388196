#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "sources/ecr/notice.h"

namespace cdviz::sources::ecr {
namespace {

using Kind = Notice::Kind;
using namespace std::chrono_literals;

/// As in ECR's user guide, with a detail.
std::string event(const std::string& type, const std::string& detail) {
  return R"({"version":"0","id":"13cde686-328b-6117-af20-0e5566167482","detail-type":")" + type +
         R"(","source":"aws.ecr","account":"123456789012","time":"2026-11-29T22:10:05Z",)"
         R"("region":"eu-west-1","resources":[],"detail":)" +
         detail + "}";
}

const std::string kPush = event(
    "ECR Image Action",
    R"({"result":"SUCCESS","repository-name":"team/shop","image-digest":"sha256:aa","action-type":"PUSH","image-tag":"1.0"})");

TEST(Notice, APushNamesItsImage) {
  const Notice notice = read_notice(kPush);
  EXPECT_EQ(notice.kind, Kind::pushed);
  EXPECT_EQ(notice.account, "123456789012");
  EXPECT_EQ(notice.region, "eu-west-1");
  EXPECT_EQ(notice.repository, "team/shop");
  EXPECT_EQ(notice.digest, "sha256:aa");
  EXPECT_EQ(notice.tag, "1.0");
  EXPECT_EQ(notice.time,
            WallTime{std::chrono::sys_days{std::chrono::year{2026} / 11 / 29} + 22h + 10min + 5s});
}

TEST(Notice, ADeletionMayHaveNoTag) {
  const Notice notice = read_notice(event(
      "ECR Image Action",
      R"({"result":"SUCCESS","repository-name":"r","image-digest":"sha256:aa","action-type":"DELETE"})"));
  EXPECT_EQ(notice.kind, Kind::deleted);
  EXPECT_EQ(notice.tag, "");
}

TEST(Notice, AScanSaysWhatItFound) {
  const Notice notice = read_notice(event(
      "ECR Image Scan",
      R"({"scan-status":"COMPLETE","repository-name":"r","finding-severity-counts":{"CRITICAL":10},)"
      R"("image-digest":"sha256:aa","image-tags":["1.0"]})"));
  EXPECT_EQ(notice.kind, Kind::scanned);
  EXPECT_EQ(notice.scan, R"({"status":"COMPLETE","severities":{"CRITICAL":10}})");
}

TEST(Notice, IsReadOutOfAnSnsNotification) {
  const std::string around = R"({"Type":"Notification","TopicArn":"arn","Message":)" +
                             boost::json::serialize(boost::json::value(kPush)) + "}";
  EXPECT_EQ(read_notice(around).kind, Kind::pushed);
}

TEST(Notice, WhatIsAboutSomethingElseIsPassedOver) {
  std::string of_s3 = kPush;
  of_s3.replace(of_s3.find("aws.ecr"), 7, "aws.sss");
  EXPECT_EQ(read_notice(of_s3).kind, Kind::other);
  EXPECT_EQ(read_notice(event("ECR Pull Through Cache Action", "{}")).kind, Kind::other);
  EXPECT_EQ(
      read_notice(
          event(
              "ECR Image Action",
              R"({"result":"FAILURE","action-type":"PUSH","repository-name":"r","image-digest":"d"})"))
          .kind,
      Kind::other);
}

TEST(Notice, WhatIsNoEventIsUnusable) {
  for (const std::string& body :
       {std::string(), std::string("[]"), std::string("7"), std::string("{"), std::string("{}"),
        std::string(R"({"detail-type":1,"detail":{}})"), std::string(R"({"Type":"Notification"})"),
        std::string(R"({"Type":"Notification","Message":"[]"})"), std::string(100'000, '['),
        event("ECR Image Action", R"({"action-type":"PUSH","result":"SUCCESS"})")}) {
    const Notice notice = read_notice(body);
    EXPECT_EQ(notice.kind, Kind::unusable) << body.substr(0, 100);
    EXPECT_FALSE(notice.why.empty());
  }
}

}  // namespace
}  // namespace cdviz::sources::ecr
