#include <gtest/gtest.h>

#include "nats/subject.h"

namespace cdviz::nats {
namespace {

TEST(Subject, IsTokensBetweenDots) {
  EXPECT_FALSE(fault_of_subject("cdevents.dev.cdevents.service.deployed.0.3.0"));
  for (const auto* bad :
       {"", ".", "a.", ".a", "a..b", "a b", "a\tb", "a\nb", "a.*", "a.>", "$JS.API", "a.b*c"}) {
    EXPECT_TRUE(fault_of_subject(bad)) << bad;
  }
  EXPECT_TRUE(fault_of_subject(std::string(kSubjectBytes + 1, 'a')));
}

TEST(Subject, AFilterMayHaveWildcardsAsTokensOfTheirOwn) {
  for (const auto* good : {"a", ">", "*", "a.*.b", "a.>"}) EXPECT_FALSE(fault_of_filter(good));
  for (const auto* bad : {"a.>.b", "a*", "a.b>", "a. b", ""}) {
    EXPECT_TRUE(fault_of_filter(bad)) << bad;
  }
}

TEST(Subject, ANameIsOneToken) {
  EXPECT_FALSE(fault_of_name("CDEVENTS"));
  for (const auto* bad : {"", "a.b", "a b", "a*", "a>", "a/b", "a\\b"}) {
    EXPECT_TRUE(fault_of_name(bad)) << bad;
  }
}

TEST(Subject, AnyTextBecomesALegalPart) {
  EXPECT_EQ(encode_subject_part("dev.cdevents.x.y.0.3.0"), "dev.cdevents.x.y.0.3.0");
  EXPECT_EQ(encode_subject_part("pkg:oci/app@sha256:ab"), "pkg:oci/app@sha256:ab");
  EXPECT_EQ(encode_subject_part("a b*>\n%$\"é"), "a%20b%2A%3E%0A%25%24%22%C3%A9");
  EXPECT_EQ(encode_subject_part(".a..b."), "%2Ea%2E.b%2E");
  EXPECT_EQ(encode_subject_part(""), "_");
  for (int c = 0; c < 256; ++c) {
    for (const std::string& text :
         {std::string(1, static_cast<char>(c)), std::string(3, static_cast<char>(c)),
          "x" + std::string(1, static_cast<char>(c)), std::string(1, static_cast<char>(c)) + "x"}) {
      const auto fault = fault_of_subject("cdevents." + encode_subject_part(text) + ".end");
      EXPECT_FALSE(fault) << c << " " << fault.value_or("");
    }
  }
}

TEST(Subject, AFilterCoversWhatATemplateMakes) {
  EXPECT_EQ(filter_of_template("cdevents.{type}"), "cdevents.>");
  EXPECT_EQ(filter_of_template("a.b.x{type}"), "a.b.>");
  EXPECT_EQ(filter_of_template("fixed.subject"), "fixed.subject");
  EXPECT_FALSE(filter_of_template("{type}"));
}

}  // namespace
}  // namespace cdviz::nats
