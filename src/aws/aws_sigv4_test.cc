// The signatures that AWS publishes, and those that botocore makes of the same requests.
#include <string>

#include <gtest/gtest.h>

#include "aws/sigv4.h"
#include "aws/time.h"

namespace cdviz::aws {
namespace {

const Credentials kExample{.access_key_id = "AKIDEXAMPLE",
                           .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};
const Credentials kS3Example{.access_key_id = "AKIAIOSFODNN7EXAMPLE",
                             .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};

std::string signature_in(const Headers& headers) {
  const std::string all(headers.find("Authorization").value_or(""));
  const auto at = all.find("Signature=");
  return at == std::string::npos ? all : all.substr(at + 10);
}

/// As in the test suite of Signature Version 4: service "service", 2015-08-30T12:36:00Z.
std::string signature_of_suite(const Request& request) {
  return signature_in(signature_of(request, "example.amazonaws.com", kExample,
                                   {"us-east-1", "service"}, Paths::normalised,
                                   *parse_time("2015-08-30T12:36:00Z")));
}

/// As in "Signature Calculations for the Authorization Header" of the S3 API reference.
std::string signature_of_s3(const Request& request) {
  return signature_in(signature_of(request, "examplebucket.s3.amazonaws.com", kS3Example,
                                   {"us-east-1", "s3"}, Paths::as_sent,
                                   *parse_time("2013-05-24T00:00:00Z")));
}

TEST(SigV4, SignsAsTheTestSuiteOfAwsDoes) {
  EXPECT_EQ(signature_of_suite({}),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  EXPECT_EQ(signature_of_suite({.query = {{"Param2", "value2"}, {"Param1", "value1"}}}),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
  EXPECT_EQ(signature_of_suite({.method = "POST"}),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
  // get-relative, get-slashes and their like: the normal form of the path is what is signed.
  for (const auto* path : {"//", "/./", "/example/..", "/a/../", "/example1/example2/../.."}) {
    EXPECT_EQ(signature_of_suite({.path = path}), signature_of_suite({})) << path;
  }
}

TEST(SigV4, SignsAsTheExampleOfTheIamUserGuideDoes) {
  Request request{.query = {{"Action", "ListUsers"}, {"Version", "2010-05-08"}}};
  request.headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  EXPECT_EQ(signature_in(signature_of(request, "iam.amazonaws.com", kExample, {"us-east-1", "iam"},
                                      Paths::normalised, *parse_time("2015-08-30T12:36:00Z"))),
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

TEST(SigV4, SignsAsTheExamplesOfS3Do) {
  Request get{.path = "/test.txt"};
  get.headers.add("Range", "bytes=0-9");
  EXPECT_EQ(signature_of_s3(get),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");

  Request put{.method = "PUT", .path = "/test$file.text", .body = "Welcome to Amazon S3."};
  put.headers.add("Date", "Fri, 24 May 2013 00:00:00 GMT");
  put.headers.add("x-amz-storage-class", "REDUCED_REDUNDANCY");
  EXPECT_EQ(signature_of_s3(put),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");

  EXPECT_EQ(signature_of_s3({.query = {{"lifecycle", ""}}}),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  EXPECT_EQ(signature_of_s3({.query = {{"prefix", "J"}, {"max-keys", "2"}}}),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(SigV4, WritesDownTheCanonicalRequestOfTheSpecification) {
  std::string names;
  Headers headers{{"X-Amz-Date", "20150830T123600Z"},
                  {"My-Header1", "  a   b \t c  "},
                  {"Host", "example.amazonaws.com"},
                  {"my-header1", "second"}};
  EXPECT_EQ(canonical_request({.path = "/a b/%41/\xC3\xA9", .query = {{"b", "/"}, {"a", "+ ~"}}},
                              headers, Paths::as_sent, "HASH", names),
            "GET\n/a%20b/%2541/%C3%A9\na=%2B%20~&b=%2F\nhost:example.amazonaws.com\n"
            "my-header1:a b c,second\nx-amz-date:20150830T123600Z\n\n"
            "host;my-header1;x-amz-date\nHASH");
  EXPECT_EQ(names, "host;my-header1;x-amz-date");
  // Twice encoded everywhere but in S3, where even dots are part of a key.
  EXPECT_NE(
      canonical_request({.path = "/a b"}, {}, Paths::normalised, "HASH", names).find("/a%2520b\n"),
      std::string::npos);
  EXPECT_NE(canonical_request({.path = "/a/../b//c"}, {}, Paths::as_sent, "HASH", names)
                .find("/a/../b//c\n"),
            std::string::npos);
}

TEST(SigV4, SendsWhatItHasSigned) {
  EXPECT_EQ(
      target_of({.path = "/bucket/a+b %\x01", .query = {{"prefix", "x/"}, {"list-type", "2"}}}),
      "/bucket/a%2Bb%20%25%01?list-type=2&prefix=x%2F");
  EXPECT_EQ(target_of({}), "/");
}

TEST(SigV4, TemporaryCredentialsAddTheirToken) {
  Credentials temporary = kExample;
  temporary.session_token = "token";
  const Headers headers =
      signature_of({}, "example.amazonaws.com", temporary, {"us-east-1", "service"},
                   Paths::normalised, *parse_time("2015-08-30T12:36:00Z"));
  EXPECT_EQ(headers.find("X-Amz-Security-Token"), "token");
  EXPECT_NE(
      headers.find("Authorization")->find("SignedHeaders=host;x-amz-date;x-amz-security-token,"),
      std::string_view::npos);
  EXPECT_FALSE(headers.find("X-Amz-Content-Sha256"));
}

}  // namespace
}  // namespace cdviz::aws
