// The examples of RFC 3986 §5.4.
#include "cdevents/uri_resolve.h"

#include <gtest/gtest.h>

namespace cdviz::cdevents {
namespace {

std::string at(const char* reference) { return resolve_uri("http://a/b/c/d;p?q", reference); }

TEST(ResolveUri, NormalReferences) {
  EXPECT_EQ(at("g:h"), "g:h");
  EXPECT_EQ(at("g"), "http://a/b/c/g");
  EXPECT_EQ(at("./g"), "http://a/b/c/g");
  EXPECT_EQ(at("g/"), "http://a/b/c/g/");
  EXPECT_EQ(at("/g"), "http://a/g");
  EXPECT_EQ(at("//g"), "http://g");
  EXPECT_EQ(at("?y"), "http://a/b/c/d;p?y");
  EXPECT_EQ(at("g?y"), "http://a/b/c/g?y");
  EXPECT_EQ(at(";x"), "http://a/b/c/;x");
  EXPECT_EQ(at(""), "http://a/b/c/d;p?q");
  EXPECT_EQ(at("."), "http://a/b/c/");
  EXPECT_EQ(at(".."), "http://a/b/");
  EXPECT_EQ(at("../"), "http://a/b/");
  EXPECT_EQ(at("../g"), "http://a/b/g");
  EXPECT_EQ(at("../../g"), "http://a/g");
}

TEST(ResolveUri, AbnormalReferences) {
  EXPECT_EQ(at("../../../g"), "http://a/g");
  EXPECT_EQ(at("/./g"), "http://a/g");
  EXPECT_EQ(at("/../g"), "http://a/g");
  EXPECT_EQ(at("g."), "http://a/b/c/g.");
  EXPECT_EQ(at("..g"), "http://a/b/c/..g");
  EXPECT_EQ(at("./../g"), "http://a/b/g");
  EXPECT_EQ(at("./g/."), "http://a/b/c/g/");
  EXPECT_EQ(at("g/../h"), "http://a/b/c/h");
  EXPECT_EQ(at("g;x=1/../y"), "http://a/b/c/y");
  EXPECT_EQ(at("http:g"), "http:g");
}

TEST(ResolveUri, OtherBases) {
  EXPECT_EQ(resolve_uri("http://a", "b"), "http://a/b");
  EXPECT_EQ(resolve_uri("file:///x/y.json", "z.json"), "file:///x/z.json");
  EXPECT_EQ(resolve_uri("urn:example:root", ""), "urn:example:root");
  EXPECT_EQ(resolve_uri("http://a/b#c", ""), "http://a/b");
}

}  // namespace
}  // namespace cdviz::cdevents
