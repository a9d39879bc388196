#include <gtest/gtest.h>

#include "sources/oci/image_list.h"
#include "sources/oci/link.h"

namespace cdviz::sources::oci {
namespace {

std::string next(std::string_view header) {
  const auto page = next_page(header, "https://r.example:5000");
  if (!page) return "refused";
  return page->value_or("none");
}

TEST(Link, TheNextPageIsFollowed) {
  EXPECT_EQ(next("</v2/_catalog?last=b&n=2>; rel=\"next\""), "/v2/_catalog?last=b&n=2");
  EXPECT_EQ(next("</v2/x>;rel=next"), "/v2/x");
  EXPECT_EQ(next("<https://r.example:5000/v2/x?n=1>; title=\"a\"; REL=\"next\""), "/v2/x?n=1");
  EXPECT_EQ(next("</v2/prev>; rel=\"prev\", </v2/next>; rel=\"next\""), "/v2/next");
}

TEST(Link, OtherLinksAreNoPages) {
  for (const auto* header : {"", "</v2/x>", "</v2/x>; rel=\"last\"", "nonsense", "<", "</v2/x",
                             "</v2/x>; title=\"rel=next\"; rel=prev"}) {
    EXPECT_EQ(next(header), "none") << header;
  }
}

TEST(Link, OtherPlacesDoNotGetOurCredentials) {
  for (const auto* target :
       {"https://evil.example/v2/x", "http://r.example:5000/v2/x", "//evil.example/x",
        "https://r.example:5000.evil.example/x", "https://r.example:50001/x", "x?n=1", "",
        "/v2/x\r\nHost: evil", "/v2/a b"}) {
    EXPECT_EQ(next("<" + std::string(target) + ">; rel=\"next\""), "refused") << target;
  }
}

TEST(ImageList, ReadsPages) {
  EXPECT_EQ(*names_of(R"({"repositories":["a","b/c"]})", "repositories"),
            (std::vector<std::string>{"a", "b/c"}));
  EXPECT_TRUE(names_of(R"({"name":"a","tags":null})", "tags")->empty());
  EXPECT_TRUE(names_of(R"({"name":"a"})", "tags")->empty());
}

TEST(ImageList, HalfAPageIsNone) {
  for (const auto* text :
       {"", "[]", R"({"tags":["a")", R"({"tags":"a"})", R"({"tags":[1]})", "<html>"}) {
    EXPECT_FALSE(names_of(text, "tags")) << text;
  }
  EXPECT_FALSE(names_of(std::string(100'000, '['), "tags"));
}

TEST(ImageList, KnowsTheNamesThatTheSpecificationAllows) {
  for (const auto* name : {"a", "library/alpine", "a/b-c/d_e.f/0"})
    EXPECT_TRUE(is_repository(name));
  for (const auto* name : {"", "/a", "a/", "a//b", "../a", "A", "a b", "a?b", "a%2f", "a:b"}) {
    EXPECT_FALSE(is_repository(name)) << name;
  }
  for (const auto* tag : {"latest", "1.0_A-b", "_x"}) EXPECT_TRUE(is_tag(tag));
  for (const auto* tag : {"", ".a", "-a", "a/b", "a b", "a?"}) EXPECT_FALSE(is_tag(tag)) << tag;
  EXPECT_FALSE(is_tag(std::string(129, 'a')));
  EXPECT_TRUE(is_digest("sha256:" + std::string(64, 'a')));
  for (const auto* digest :
       {"", "sha256:", "sha256:abc", ":aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    EXPECT_FALSE(is_digest(digest)) << digest;
  }
  EXPECT_FALSE(is_digest("sha256:" + std::string(63, 'a') + "\n"));
}

TEST(ImageList, ReadsTokens) {
  EXPECT_EQ(token_of(R"({"token":"abc","expires_in":300})")->value, "abc");
  EXPECT_EQ(token_of(R"({"token":"abc","expires_in":300})")->seconds, 300);
  EXPECT_EQ(token_of(R"({"access_token":"abc"})")->seconds, 60);
  EXPECT_EQ(token_of(R"({"token":"abc","expires_in":-1})")->seconds, 1);
  for (const auto* text :
       {"", "{}", R"({"token":""})", R"({"token":"a\r\nb"})", R"({"token":7})"}) {
    EXPECT_FALSE(token_of(text)) << text;
  }
}

TEST(ImageList, TellsWhatTheRegistrySays) {
  EXPECT_EQ(errors_of(R"({"errors":[{"code":"DENIED","message":"no\nway"},{"code":"X"}]})"),
            "DENIED: noway; X");
  EXPECT_EQ(errors_of("<html>"), "");
}

}  // namespace
}  // namespace cdviz::sources::oci
