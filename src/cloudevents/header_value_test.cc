#include "cloudevents/header_value.h"

#include <random>

#include <gtest/gtest.h>

namespace cdviz::cloudevents {
namespace {

TEST(HeaderValue, TheExampleOfTheSpecification) {
  EXPECT_EQ(encode_header_value("Euro € 😀"), "Euro%20%E2%82%AC%20%F0%9F%98%80");
  EXPECT_EQ(decode_header_value("Euro%20%E2%82%AC%20%F0%9F%98%80"), "Euro € 😀");
}

TEST(HeaderValue, EncodesSpaceQuotePercentAndAllThatIsNotPrintable) {
  EXPECT_EQ(encode_header_value(" \"%"), "%20%22%25");
  EXPECT_EQ(encode_header_value("\x1F\x7F\n"), "%1F%7F%0A");
  std::string printable;
  for (char c = '!'; c <= '~'; ++c) {
    if (c != '"' && c != '%') printable += c;
  }
  EXPECT_EQ(encode_header_value(printable), printable);
}

// Trap 37.
TEST(HeaderValue, APurlIsEncodedOnceAndDecodedOnce) {
  const std::string purl = "pkg:oci/app@sha256%3A0b31";
  EXPECT_EQ(encode_header_value(purl), "pkg:oci/app@sha256%253A0b31");
  EXPECT_EQ(decode_header_value("pkg:oci/app@sha256%253A0b31"), purl);
  EXPECT_EQ(decode_header_value(purl), "pkg:oci/app@sha256:0b31") << "of a sender that forgot it";
}

TEST(HeaderValue, EitherCaseAndNeedlessEncodingAreRead) {
  EXPECT_EQ(decode_header_value("%e2%82%ac"), "€");
  EXPECT_EQ(decode_header_value("%61%62c"), "abc");
}

TEST(HeaderValue, QuotesAreTakenOffFirst) {
  EXPECT_EQ(decode_header_value(R"("a b")"), "a b");
  EXPECT_EQ(decode_header_value(R"("a \"b\" \\ %20c")"), R"(a "b" \  c)");
  EXPECT_EQ(decode_header_value(R"("\%41")"), "A") << "the backslash goes, then the percent sign";
  EXPECT_EQ(decode_header_value(R"("")"), "");
  EXPECT_EQ(decode_header_value("%22a%22"), "\"a\"") << "encoded quotes belong to the value";
}

TEST(HeaderValue, WhatIsNotQuotedAsAWholeIsTakenAsItIs) {
  for (const auto* value :
       {R"(")", R"("a)", R"(a")", R"("a"b")", R"("a\")", R"("a" b)", R"(a\b)"}) {
    EXPECT_EQ(decode_header_value(value), value);
  }
}

TEST(HeaderValue, APercentSignWithoutTwoDigitsStays) {
  for (const auto* value : {"%", "100% done", "%4", "%zz", "%4g", "a%"}) {
    EXPECT_EQ(decode_header_value(value), value);
  }
  EXPECT_EQ(decode_header_value("%%41"), "%A");
}

TEST(HeaderValue, WhatIsNotUtf8IsRefused) {
  for (const auto* value : {"%C0%A0", "%E0%80%A0", "%ED%A0%80", "%F4%90%80%80", "%FF", "%E2%82",
                            "%C3x", "\"%C0%80\""}) {
    EXPECT_EQ(decode_header_value(value), std::nullopt) << value;
  }
  EXPECT_EQ(decode_header_value("\xC3\xA9"), "é")
      << "bytes that nobody encoded are read if they are UTF-8";
}

// The JavaScript SDK does not encode, and fetch() writes what it is given as ISO 8859-1.
TEST(HeaderValue, BytesThatNobodyEncodedAreLatin1UnlessTheyAreUtf8) {
  EXPECT_EQ(decode_header_value("gr\xF6\xDF"
                                "e"),
            "größe");
  EXPECT_EQ(decode_header_value("\"\xE4 %C3%A4\""), "ä ä");
  EXPECT_EQ(decode_header_value("\xE4%FF"), std::nullopt);
}

TEST(HeaderValue, WhateverIsEncodedComesBack) {
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same every time
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (auto length = random() % 24; length > 0; --length) {
      constexpr std::string_view kOften = "%\" \\:/@ab4F";
      if (random() % 2 == 0) {
        text += kOften[random() % kOften.size()];
      } else if (random() % 3 == 0) {
        text += "😀";
      } else {
        text += static_cast<char>(random() % 0x80);
      }
    }
    const std::string value = encode_header_value(text);
    EXPECT_EQ(value.find_first_of(" \"\t\r\n"), std::string::npos);
    EXPECT_EQ(decode_header_value(value), text);
  }
}

}  // namespace
}  // namespace cdviz::cloudevents
