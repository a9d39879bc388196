#include "cdevents/purl.h"

#include <random>

#include <gtest/gtest.h>

namespace cdviz::cdevents {
namespace {

Purl parsed(std::string_view text) {
  auto purl = parse_purl(text);
  if (purl) return std::move(*purl);
  ADD_FAILURE() << text << ": " << purl.error().message;
  return {};
}

TEST(Purl, IsTakenApart) {
  const Purl purl = parsed(
      "pkg:maven/org.apache.xmlgraphics/sub/batik%20anim@1.9.1%2B2?type=zip&classifier=a%26b#/x/./"
      "y%20z/");
  EXPECT_EQ(purl.type, "maven");
  EXPECT_EQ(purl.name_space, "org.apache.xmlgraphics/sub");
  EXPECT_EQ(purl.name, "batik anim");
  EXPECT_EQ(purl.version, "1.9.1+2");
  EXPECT_EQ(purl.qualifiers.size(), 2U);
  EXPECT_EQ(purl.qualifier("type"), "zip");
  EXPECT_EQ(purl.qualifier("classifier"), "a&b");
  EXPECT_EQ(purl.qualifier("arch"), "");
  EXPECT_EQ(purl.subpath, "x/y z");
}

TEST(Purl, IsPrintedInTheCanonicalWay) {
  const struct {
    const char* text;
    const char* canonical;
  } kCases[] = {
      {"pkg:oci/debian@sha256%3A244fd47e07d10?repository_url=docker.io/library/debian&arch=amd64",
       "pkg:oci/"
       "debian@sha256:244fd47e07d10?arch=amd64&repository_url=docker.io%2Flibrary%2Fdebian"},
      {"pkg:oci/My-App@SHA256:AB", "pkg:oci/my-app@sha256:ab"},
      {"pkg:docker/customer/dockerimage@sha256%3a244f?repository_url=gcr.io",
       "pkg:docker/customer/dockerimage@sha256:244f?repository_url=gcr.io"},
      {"pkg:docker/Cassandra@Latest", "pkg:docker/Cassandra@Latest"},
      {"PKG://GitHub/Package-URL/Purl-Spec@244FD47#a/../b//c/",
       "pkg:github/package-url/purl-spec@244FD47#a/b/c"},
      {"pkg:pypi/Django__all.-auth@12.23", "pkg:pypi/django-all-auth@12.23"},
      {"pkg:npm/%40Angular/animation@12.3.1", "pkg:npm/%40Angular/animation@12.3.1"},
      {"pkg:npm/@angular/core", "pkg:npm/%40angular/core"},
      {"pkg:npm/@angular/core@1", "pkg:npm/%40angular/core@1"},
      {"pkg:golang/GitHub.com/Gorilla/Context@234f#API",
       "pkg:golang/github.com/gorilla/context@234f#API"},
      {"pkg:deb/Debian/Attr@1:2.4.47-2%2Bb1?arch=amd64",
       "pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64"},
      {"pkg:rpm/Fedora/Curl@7.50", "pkg:rpm/fedora/Curl@7.50"},
      {"pkg:nuget/EnterpriseLibrary.Common@6.0", "pkg:nuget/EnterpriseLibrary.Common@6.0"},
      {"pkg:maven/Org/Name@1", "pkg:maven/Org/Name@1"},
      {"pkg:huggingface/Microsoft/Deberta@559062AD", "pkg:huggingface/Microsoft/Deberta@559062ad"},
      {"pkg:mlflow/CreditFraud@3?repository_url=https://westus2.api.azureml.ms",
       "pkg:mlflow/CreditFraud@3?repository_url=https:%2F%2Fwestus2.api.azureml.ms"},
      {"pkg:mlflow/CreditFraud@3?repository_url=https://adb-1.0.azuredatabricks.net",
       "pkg:mlflow/creditfraud@3?repository_url=https:%2F%2Fadb-1.0.azuredatabricks.net"},
      {"pkg:pub/Some-Name@1", "pkg:pub/some_name@1"},
      {"pkg:generic/openssl@1.1.10g?checksum=sha256:de4d&Download_URL=https://openssl.org/"
       "a%20b&empty=",
       "pkg:generic/"
       "openssl@1.1.10g?checksum=sha256:de4d&download_url=https:%2F%2Fopenssl.org%2Fa%20b"},
      {"pkg:generic/a b/é@ü", "pkg:generic/a%20b/%C3%A9@%C3%BC"},
      {"pkg:generic/name%2Fwith@1", "pkg:generic/name%2Fwith@1"},
      {"pkg:generic///a//b///", "pkg:generic/a/b"},
      {"pkg:generic/a@1/2@3/4", "pkg:generic/a%401/2@3%2F4"},
      {"pkg:generic/a+b~c_d.e-f@1+2", "pkg:generic/a%2Bb~c_d.e-f@1%2B2"},
      {"pkg:generic/a?x=1&", "pkg:generic/a?x=1"},
      {"pkg:generic/a@?#", "pkg:generic/a"},
  };
  for (const auto& [text, canonical] : kCases) {
    EXPECT_EQ(parsed(text).text(), canonical) << text;
    EXPECT_EQ(parsed(canonical).text(), canonical);
    EXPECT_EQ(parsed(canonical), parsed(text));
  }
}

TEST(Purl, TheTwoSpellingsOfADigestAreOneArtifact) {
  const Purl a = parsed("pkg:oci/myapp@sha256%3A0b31?repository_url=mycr.io/myapp");
  const Purl b = parsed("pkg:oci/myapp@sha256:0b31");
  EXPECT_TRUE(same_artifact(a, b));
  EXPECT_NE(a, b);
  EXPECT_FALSE(same_artifact(b, parsed("pkg:oci/myapp@sha256:0b32")));
  EXPECT_FALSE(same_artifact(b, parsed("pkg:docker/myapp@sha256:0b31")));
}

TEST(Purl, ATagIsShownBeforeADigest) {
  EXPECT_EQ(parsed("pkg:oci/a@sha256:0b31?tag=1.2").display_version(), "1.2");
  EXPECT_EQ(parsed("pkg:docker/a@sha256%3A0b31?tag=1.2").display_version(), "1.2");
  EXPECT_EQ(parsed("pkg:oci/a@sha256:0b31").display_version(), "sha256:0b31");
  EXPECT_EQ(parsed("pkg:oci/app?tag=0.1.0").display_version(), "0.1.0");
  EXPECT_EQ(parsed("pkg:npm/a@1.0.0?tag=latest").display_version(), "1.0.0");
  EXPECT_EQ(parsed("pkg:npm/a").display_version(), "");
}

TEST(Purl, WhatIsNoneIsRefusedWithTheReason) {
  const struct {
    const char* text;
    const char* reason;
  } kCases[] = {
      {"", "begins with"},
      {"my-app:v1.2.3", "begins with"},
      {"six-1.14.0-py2.py3-none-any.whl", "begins with"},
      {"pk:oci/a", "begins with"},
      {"pkg", "begins with"},
      {"pkg:", "follow the type"},
      {"pkg:oci", "follow the type"},
      {"pkg:oci/", "name is missing"},
      {"pkg:oci/?tag=1", "name is missing"},
      {"pkg:oci/%", "'%' without two hex digits"},
      {"pkg:oci/a@%zz", "version has a '%'"},
      {"pkg:oci/a@%ff", "version is not UTF-8"},
      {"pkg:oci/a%00", "control character"},
      {"pkg:oci/a\nb", "control character"},
      {"pkg:oci/\xff", "not UTF-8"},
      {"pkg:9oci/a", "type is a letter"},
      {"pkg:o_ci/a", "type is a letter"},
      {"pkg:o%63i/a", "type is a letter"},
      {"pkg:generic/a%2Fb/c", "namespace has an encoded '/'"},
      {"pkg:generic/a#b%2Fc", "subpath has an encoded '/'"},
      {"pkg:generic/a?b", "has no '='"},
      {"pkg:generic/a?=b", "qualifier's key"},
      {"pkg:generic/a?1=b", "qualifier's key"},
      {"pkg:generic/a?b%20=c", "qualifier's key"},
      {"pkg:generic/a?b=c&B=d", "more than once"},
  };
  for (const auto& [text, reason] : kCases) {
    const auto purl = parse_purl(text);
    ASSERT_FALSE(purl) << text << " is " << purl->text();
    EXPECT_EQ(purl.error().fault, Fault::reject);
    EXPECT_NE(purl.error().message.find(reason), std::string::npos)
        << text << ": " << purl.error().message;
  }
}

TEST(Purl, LengthHasALimitAndTheLimitItselfPasses) {
  const std::string head = "pkg:generic/";
  EXPECT_TRUE(parse_purl(head + std::string(kPurlBytesMax - head.size(), 'a')));
  EXPECT_FALSE(parse_purl(head + std::string(kPurlBytesMax - head.size() + 1, 'a')));
}

TEST(Purl, WhatATypePrescribesIsSaid) {
  EXPECT_FALSE(broken_type_rule(parsed("pkg:oci/a")));
  EXPECT_NE(broken_type_rule(parsed("pkg:oci/library/a"))->find("no namespace"), std::string::npos);
  EXPECT_NE(broken_type_rule(parsed("pkg:github/a"))->find("has a namespace"), std::string::npos);
  EXPECT_FALSE(broken_type_rule(parsed("pkg:docker/a")));
  EXPECT_FALSE(broken_type_rule(parsed("pkg:docker/library/a")));
  EXPECT_FALSE(broken_type_rule(parsed("pkg:unheard-of/a")));
}

TEST(Purl, WhatIsPrintedReadsBackTheSame) {
  std::mt19937 random(7);
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  const auto word = [&](const char* without) {
    static constexpr const char* kPieces[] = {"a", "Z", "9", ".", "-", "_", "~", ":", "@", "?",
                                              "#", "&", "=", "%", "+", " ", "/", "é", "😀", ".."};
    std::string out;
    for (unsigned n = 1 + below(5); out.size() < n;) {
      const std::string piece = kPieces[below(std::size(kPieces))];
      if (piece.find_first_of(without) == std::string::npos) out += piece;
    }
    return out;
  };
  for (int i = 0; i < 20'000; ++i) {
    Purl purl;
    purl.type = below(2) == 0 ? "generic" : "x-y.1";
    purl.name_space = below(2) == 0 ? "" : word("/") + "/" + word("/");
    purl.name = word("/");
    if (below(2) == 0) purl.version = word("\n");
    if (below(2) == 0) purl.qualifiers = {{"a", word("\n")}, {"b.c", word("\n")}};
    if (below(2) == 0) purl.subpath = word("/.") + "/" + word("/.");
    const std::string text = purl.text();
    const auto again = parse_purl(text);
    ASSERT_TRUE(again) << text << ": " << again.error().message;
    EXPECT_EQ(*again, purl) << text;
    EXPECT_EQ(again->text(), text);
  }
}

}  // namespace
}  // namespace cdviz::cdevents
