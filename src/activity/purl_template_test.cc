#include "activity/purl_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cdviz::activity {
namespace {

const std::vector<std::string> kNames = {"name", "version", "sha256", "tag", "repository"};

std::string rendered(std::string_view text, const Facts& facts) {
  const auto parsed = PurlTemplate::parse(text, kNames);
  if (!parsed) return "wrong: " + parsed.error().message;
  const auto purl = parsed->render(facts);
  return purl ? *purl : "refused: " + purl.error().message;
}

TEST(PurlTemplate, FillsItsPlaces) {
  EXPECT_EQ(rendered("pkg:generic/{name}@{version}?checksum=sha256:{sha256}",
                     {{"name", "shop"}, {"version", "1.0"}, {"sha256", "ab"}}),
            "pkg:generic/shop@1.0?checksum=sha256:ab");
}

TEST(PurlTemplate, EncodesWhatWouldMeanSomething) {
  EXPECT_EQ(rendered("pkg:generic/{name}@{version}?repository_url={repository}&tag={tag}",
                     {{"name", "a@b?c=d#e&f%41 \xC3\xA9"},
                      {"version", "1+2@3/4?x"},
                      {"repository", "https://r.example/x?y=1&z#f"},
                      {"tag", "{name}"}}),
            "pkg:generic/a%40b%3Fc%3Dd%23e%26f%2541%20%C3%A9@1%2B2%403%2F4%3Fx"
            "?repository_url=https:%2F%2Fr.example%2Fx%3Fy%3D1%26z%23f&tag=%7Bname%7D");
}

TEST(PurlTemplate, ASlashInTheNameMakesANamespace) {
  EXPECT_EQ(rendered("pkg:generic/{name}", {{"name", "/a//b/c/"}}), "pkg:generic/a/b/c");
  EXPECT_EQ(rendered("pkg:generic/acme/{name}", {{"name", "b/c"}}), "pkg:generic/acme/b/c");
}

TEST(PurlTemplate, LeavesOutWhatHasNoValue) {
  EXPECT_EQ(rendered("pkg:generic/{name}@v{version}?checksum=sha256:{sha256}&tag={tag}",
                     {{"name", "n"}, {"tag", "t"}}),
            "pkg:generic/n?tag=t");
  EXPECT_EQ(rendered("pkg:generic/{name}", {}), "refused: the name of the purl is empty");
  EXPECT_EQ(rendered("pkg:generic/{name}", {{"name", "//"}}),
            "refused: the name of the purl is empty");
}

TEST(PurlTemplate, AppliesTheRulesOfTheType) {
  EXPECT_EQ(rendered("pkg:oci/{name}@{version}", {{"name", "App"}, {"version", "SHA256:AB"}}),
            "pkg:oci/app@sha256:ab");
  EXPECT_EQ(rendered("pkg:pypi/{name}@{version}", {{"name", "My_Pkg.x"}, {"version", "1"}}),
            "pkg:pypi/my-pkg-x@1");
}

TEST(PurlTemplate, ValuesAreNeverReadAsTemplates) {
  EXPECT_EQ(rendered("pkg:generic/{name}@{version}", {{"name",
                                                       "\xEE\x80\x80"
                                                       "1"
                                                       "\xEE\x80\x81"},
                                                      {"version", "{name}"}}),
            "pkg:generic/%EE%80%801%EE%80%81@%7Bname%7D");
}

TEST(PurlTemplate, SaysWhatIsWrong) {
  EXPECT_EQ(
      rendered("pkg:generic/{nmae}", {}),
      "wrong: there is no {nmae}; known are {name}, {repository}, {sha256}, {tag}, {version}");
  for (const auto* text :
       {"", "generic/{name}", "pkg:{name}", "pkg:generic/", "pkg:generic/{name",
        "pkg:generic/name}", "pkg:generic/n?{tag}=x", "pkg:{tag}/n", "pkg:generic/\xEE\x80\x80n"}) {
    EXPECT_THAT(rendered(text, {}), testing::StartsWith("wrong: ")) << text;
  }
}

TEST(PurlTemplate, RefusesWhatIsTooLong) {
  EXPECT_THAT(rendered("pkg:generic/{name}", {{"name", std::string(5000, 'n')}}),
              testing::StartsWith("refused: "));
}

}  // namespace
}  // namespace cdviz::activity
