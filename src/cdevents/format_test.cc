#include "cdevents/format.h"

#include <array>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "cdevents/date_time.h"
#include "cdevents/format_reference.h"
#include "cdevents/uri_format.h"

namespace cdviz::cdevents {
namespace {

TEST(Uri, IsOneWithAScheme) {
  for (const char* text : {"https://example.org/a?b=c#d",
                           "a:b:c",
                           "urn:oasis:names:x",
                           "mailto:a@b.org",
                           "a:",
                           "a:/",
                           "a:///",
                           "a://",
                           "file:///etc/x",
                           "pkg:oci/cart@sha256%3A0b31?repository_url=x%2Fy",
                           "http://[::1]:8080/",
                           "http://[2001:db8::7]",
                           "http://[::ffff:192.0.2.1]/",
                           "http://[1:2:3:4:5:6:7:8]",
                           "http://[1:2:3:4:5:6:192.0.2.1]",
                           "http://[v1F.a:b]/",
                           "http://user:pw@host:80/",
                           "http://host:/",
                           "http://1.2.3.4.5/",
                           "http://999.1.1.1/",
                           "x+y-z.1:a",
                           "http://a/b//c",
                           "http://a?/?",
                           "A://%41"}) {
    EXPECT_TRUE(is_uri(text)) << text;
    EXPECT_TRUE(is_uri_reference(text)) << text;
  }
}

TEST(Uri, WithoutASchemeIsAReference) {
  for (const char* text :
       {"", "/", "a", "a/b:c", "./a:b", "?a", "#a", "//host/a", "//", "1-555-1", "../x",
        "/event/source/123", "job/x/7/", "a;b=c", "%41", "@", "?:", "#:"}) {
    EXPECT_FALSE(is_uri(text)) << text;
    EXPECT_TRUE(is_uri_reference(text)) << text;
  }
}

TEST(Uri, WhatIsNeitherIsRefused) {
  for (const char* text : {"a b",
                           " ",
                           "http://ex\xc3\xa4mple.org",
                           "a|b",
                           "a^b",
                           "a\\b",
                           "%zz",
                           "%",
                           "%4",
                           "a%4",
                           "a[b",
                           "http://[::1",
                           "http://::1]",
                           "1:b",
                           ":b",
                           "-a:b",
                           "a_b:c",
                           "http://a:b:c",
                           "http://a:8x/",
                           "http://a@b@c",
                           "http://[::1]x",
                           "http://[1::2::3]",
                           "http://[1:2:3:4:5:6:7]",
                           "http://[1:2:3:4:5:6:7::8]",
                           "http://[12345::]",
                           "http://[::1.2.3]",
                           "http://[::1.2.3.256]",
                           "http://[::01.2.3.4]",
                           "http://[1.2.3.4::]",
                           "http://[:1::2]",
                           "http://[1::2:]",
                           "http://[v.a]",
                           "http://[v1.]",
                           "http://[v1]",
                           "http://[]",
                           "http://[::1%25eth0]",
                           "a#b#c",
                           "\"a\"",
                           "<a>",
                           "{a}",
                           "`a`",
                           "a\n",
                           "\x7f",
                           "a\tb"}) {
    EXPECT_FALSE(is_uri(text)) << text;
    EXPECT_FALSE(is_uri_reference(text)) << text;
  }
}

/// Texts that are made of what matters in a grammar: mostly almost right.
class Texts {
 public:
  explicit Texts(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}

  std::string next() {
    std::string text;
    for (auto n = pick(8); n > 0; --n) text += pieces_[pick(pieces_.size())];
    for (auto n = pick(3); n > 0 && !text.empty(); --n) damage(text);
    return text;
  }

 private:
  std::size_t pick(std::size_t below) { return random_() % below; }
  void damage(std::string& text) {
    const std::size_t at = pick(text.size());
    switch (pick(3)) {
      case 0:
        text.erase(at, 1);
        return;
      case 1:
        text[at] = static_cast<char>(pick(256));
        return;
      default:
        text.insert(at, 1, text[pick(text.size())]);
    }
  }
  std::mt19937 random_{42};  // NOLINT(cert-msc51-cpp): the same texts every time
  std::vector<std::string> pieces_;
};

TEST(Uri, AgreesWithTheGrammarOfTheRfc) {
  Texts texts(
      {"a",     "http",          ":",    "//",  "/",  "?",   "#", "[", "]", "::",   "1",    "ff",
       "1:",    "1.2.3.4",       "@",    "%41", "%",  "v1.", ".", "+", "é", "a1-.", "host", ":80",
       "[::1]", "[1:2:3:4:5:6:", "7:8]", "//[", "&=", "~_"});
  int uris = 0;
  int references = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::string text = texts.next();
    ASSERT_EQ(is_uri(text), reference::is_uri(text)) << text;
    ASSERT_EQ(is_uri_reference(text), reference::is_uri_reference(text)) << text;
    uris += is_uri(text) ? 1 : 0;
    references += is_uri_reference(text) ? 1 : 0;
  }
  EXPECT_GT(uris, 2'000);
  EXPECT_GT(references, 50'000);
}

TEST(Uri, AgreesWithTheGrammarOnAddresses) {
  Texts texts({"1:", "2:", "ffff:", "::", ":", "8", "1.2.3.4", "192.0.2.255", "a", "12345"});
  int valid = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::string text = "http://[" + texts.next() + "]";
    ASSERT_EQ(is_uri(text), reference::is_uri(text)) << text;
    valid += is_uri(text) ? 1 : 0;
  }
  EXPECT_GT(valid, 5'000);
}

TEST(DateTime, AgreesWithTheGrammarAndTheCalendar) {
  Texts texts({"2026-11-20T12:00:00Z", "2024-02-29", "1900-02-29", "T23:59:60", "T15:59:60-08:00",
               "t00:59:60+01:00", ".123", "Z", "z", "+23:59", "-00:00", "2000-12-31", " "});
  int valid = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::string text = texts.next();
    ASSERT_EQ(is_date_time(text), reference::is_date_time(text)) << text;
    valid += is_date_time(text) ? 1 : 0;
  }
  EXPECT_GT(valid, 500);
}

TEST(DateTime, AgreesWithTheCalendarOnEveryDay) {
  for (const char* year : {"0000", "1900", "2000", "2024", "2025", "9999"}) {
    for (int month = 0; month <= 13; ++month) {
      for (int day = 0; day <= 32; ++day) {
        std::array<char, 32> text{};
        std::snprintf(text.data(), text.size(), "%s-%02d-%02dT23:59:60Z", year, month, day);
        ASSERT_EQ(is_date_time(text.data()), reference::is_date_time(text.data())) << text.data();
      }
    }
  }
}

TEST(Pattern, AgreesWithTheRegularExpressionItStandsFor) {
  Texts texts({"dev.cdeventsx.", "mytool-resource", ".created", ".0.1.0", ".0.10.0", "a", "-", ".",
               "0", "dev.cdeventsx.a-b.c.1.2.3", "cdevents:v0:", "github:", "a/b", "/", "x:", ":",
               "cdevents:v0:a:b:c:d/e:pr:1", "\n", "\xe2\x80\xa8"});
  for (const Format format : {Format::custom_type, Format::custom_subject, Format::domain_id}) {
    // As JSON Schema reads it: `.` is any character but a line's end, $ is the end.
    std::string pattern(name_of(format).name);
    if (format == Format::domain_id)
      pattern.replace(pattern.size() - 3, 3, "[^\\n\\r\\x{2028}\\x{2029}]+$");
    const RE2 expected(pattern);
    int valid = 0;
    for (int i = 0; i < 50'000; ++i) {
      std::string text = texts.next();
      std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
      ASSERT_EQ(has_format(text, format), RE2::PartialMatch(text, expected)) << text;
      valid += has_format(text, format) ? 1 : 0;
    }
    EXPECT_GT(valid, 50) << pattern;
  }
  EXPECT_FALSE(has_format("cdevents:v0:::::a:\xe2\x80\xa8", Format::domain_id));
}

}  // namespace
}  // namespace cdviz::cdevents
