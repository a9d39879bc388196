#include <string>

#include <gtest/gtest.h>

#include "aws/api_error.h"

namespace cdviz::aws {
namespace {

TEST(AwsError, IsReadInEachOfItsForms) {
  const auto s3 = read_error(404, {},
                             "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code><Message>The "
                             "key\nis gone</Message><Key>k</Key></Error>");
  EXPECT_EQ(s3.code, "NoSuchKey");
  EXPECT_EQ(s3.message, "The key is gone");
  const auto sts = read_error(403, {},
                              "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
                              "<Error><Type>Sender</Type><Code>ExpiredTokenException</Code>"
                              "<Message>m</Message></Error></ErrorResponse>");
  EXPECT_EQ(sts.code, "ExpiredTokenException");
  const auto sqs =
      read_error(400, {}, R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no"})");
  EXPECT_EQ(sqs.code, "QueueDoesNotExist");
  EXPECT_EQ(sqs.message, "no");
  EXPECT_EQ(read_error(400, {}, R"({"__type":"ThrottlingException","Message":"slow"})").message,
            "slow");
  EXPECT_EQ(read_error(400, {{"X-Amzn-ErrorType", "AccessDeniedException:http://x/"}}, "").code,
            "AccessDeniedException");
}

TEST(AwsError, IsReadOutOfAnything) {
  EXPECT_EQ(read_error(404, {}, "").code, "NotFound");
  EXPECT_EQ(read_error(412, {}, "").code, "PreconditionFailed");
  EXPECT_EQ(read_error(502, {}, "<html><body>Bad gateway").code, "http_502");
  EXPECT_EQ(read_error(400, {}, "{\"__type\":7}").code, "http_400");
  EXPECT_EQ(read_error(400, {}, "{").code, "http_400");
  EXPECT_EQ(read_error(400, {}, "<").code, "http_400");
  std::string bomb =
      "<!DOCTYPE e [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><Error><Code>&b;"
      "</Code></Error>";
  EXPECT_EQ(read_error(400, {}, bomb).code, "&b;") << "entities are not expanded";
  const auto long_one =
      read_error(400, {}, "{\"__type\":\"X\",\"message\":\"" + std::string(5000, 'x') + "\"}");
  EXPECT_EQ(long_one.message.size(), 300U);
}

TEST(AwsError, SaysWhatToDoNext) {
  EXPECT_EQ(fault_of(503, "SlowDown"), Fault::retry);
  EXPECT_EQ(fault_of(400, "ThrottlingException"), Fault::retry);
  EXPECT_EQ(fault_of(500, "InternalError"), Fault::retry);
  EXPECT_EQ(fault_of(429, "http_429"), Fault::retry);
  EXPECT_EQ(fault_of(400, "ExpiredToken"), Fault::retry);
  EXPECT_EQ(fault_of(404, "NoSuchKey"), Fault::reject);
  EXPECT_EQ(fault_of(412, "PreconditionFailed"), Fault::reject);
  EXPECT_EQ(fault_of(404, "NoSuchBucket"), Fault::stop);
  EXPECT_EQ(fault_of(403, "AccessDenied"), Fault::stop);
  EXPECT_EQ(fault_of(403, "SignatureDoesNotMatch"), Fault::stop);
  EXPECT_EQ(fault_of(301, "PermanentRedirect"), Fault::stop);
  EXPECT_EQ(fault_of(400, "QueueDoesNotExist"), Fault::stop);
}

}  // namespace
}  // namespace cdviz::aws
