#include "web/page_file.h"

#include <gtest/gtest.h>

#include "net/content_coding.h"

namespace cdviz::web {
namespace {

const std::string kContent = "<!doctype html>" + std::string(2000, 'x');

net::RequestHead asking(Headers headers = {}) {
  net::RequestHead head;
  head.headers = std::move(headers);
  return head;
}

TEST(PageFile, IsCompressedForThoseWhoTakeIt) {
  const PageFile file({"index.html", kContent});
  const auto whole = file.answer(asking());
  EXPECT_EQ(whole.body, kContent);
  EXPECT_FALSE(whole.headers.find("Content-Encoding"));
  const auto small = file.answer(asking({{"Accept-Encoding", "br, gzip;q=0.8"}}));
  EXPECT_EQ(small.headers.find("Content-Encoding"), "gzip");
  EXPECT_LT(small.body.size(), 200U);
  const auto undone = net::decode_body(net::Coding::gzip, small.body, 1U << 20U);
  ASSERT_TRUE(std::holds_alternative<std::string>(undone));
  EXPECT_EQ(std::get<std::string>(undone), kContent);
  EXPECT_NE(small.headers.find("ETag"), whole.headers.find("ETag"));
  EXPECT_EQ(small.headers.find("Vary"), "Accept-Encoding");
}

TEST(PageFile, IsNotSentAgainToThoseWhoHaveIt) {
  const PageFile file({"app.1a2b3c4d.js", kContent});
  const std::string etag(*file.answer(asking()).headers.find("ETag"));
  EXPECT_TRUE(etag.starts_with('"'));
  const auto again = file.answer(asking({{"If-None-Match", etag}}));
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(file.answer(asking({{"If-None-Match", "\"other\""}})).status, 200);
  EXPECT_EQ(file.answer(asking({{"If-None-Match", etag}, {"Accept-Encoding", "gzip"}})).status,
            200);
}

TEST(PageFile, WhatDoesNotBecomeSmallerStaysAsItIs) {
  const PageFile file({"favicon.svg", "<svg/>"});
  EXPECT_EQ(file.answer(asking({{"Accept-Encoding", "gzip"}})).body, "<svg/>");
}

}  // namespace
}  // namespace cdviz::web
