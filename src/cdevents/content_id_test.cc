#include "cdevents/content_id.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace cdviz::cdevents {
namespace {

/// How a number is printed: what serde_json documents and prints.
TEST(ContentId, NumbersAreWrittenAsSerdeJsonWritesThem) {
  const struct {
    const char* number;
    const char* printed;
  } kCases[] = {
      {"0", "0"},
      {"-0", "-0.0"},
      {"-0.0", "-0.0"},
      {"0.0", "0.0"},
      {"0e5", "0.0"},
      {"0e999", "0.0"},
      {"7", "7"},
      {"-7", "-7"},
      {"1.0", "1.0"},
      {"1.10", "1.1"},
      {"1e2", "100.0"},
      {"1E+2", "100.0"},
      {"18446744073709551615", "18446744073709551615"},  // the largest of 64 bits
      {"18446744073709551616", "1.8446744073709552e19"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"-9223372036854775809", "-9.223372036854776e18"},
      {"123456789012345680.0", "1.2345678901234568e17"},
      {"1e15", "1000000000000000.0"},
      {"1e16", "1e16"},
      {"1234567890123456.0", "1234567890123456.0"},
      {"12345678901234567e-1", "1234567890123456.8"},
      {"1.5e300", "1.5e300"},
      {"0.1", "0.1"},
      {"0.00001", "0.00001"},
      {"0.000001", "1e-6"},
      {"0.0000015", "1.5e-6"},
      {"1e-7", "1e-7"},
      {"5e-324", "5e-324"},
      {"1.7976931348623157e308", "1.7976931348623157e308"},
      {"1e-400", "0.0"},
      {"-1e-400", "-0.0"},
      {"0.3e-99999999999999999999", "0.0"},
      // What serde_json does not read stays as it is written.
      {"1e400", "1e400"},
      {"-1e400", "-1e400"},
      {"1e99999999999999999999", "1e99999999999999999999"},
  };
  for (const auto& [number, printed] : kCases) {
    EXPECT_EQ(canonical_json(std::string("[") + number + "]"), std::string("[") + printed + "]");
  }
}

TEST(ContentId, LongNumbersAreReadWithTheirWholeLength) {
  const std::string zeros(400, '0');
  EXPECT_EQ(canonical_json("0." + zeros + "1"), "0.0");
  EXPECT_EQ(canonical_json("0." + zeros + "1e+401"), "1.0");
  EXPECT_EQ(canonical_json("1" + zeros), "1" + zeros);
  EXPECT_EQ(canonical_json("1" + zeros + "e-400"), "1.0");
}

TEST(ContentId, NumbersReadBackAsTheSameDouble) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.20e", value);
    const std::string printed = canonical_json(text.data());
    EXPECT_EQ(std::strtod(printed.c_str(), nullptr), value) << text.data() << " " << printed;
    EXPECT_EQ(canonical_json(printed), printed);
  }
}

TEST(ContentId, StringsHaveTheFewestEscapes) {
  EXPECT_EQ(canonical_json(R"(["\u00e9\/\u007f","\b\t\n\f\r\"\\","\u0001\u001F","😀\ud83d\ude00"])"),
            "[\"é/\x7f\",\"\\b\\t\\n\\f\\r\\\"\\\\\",\"\\u0001\\u001f\",\"😀😀\"]");
}

TEST(ContentId, MembersAreSortedByTheBytesOfTheirNames) {
  EXPECT_EQ(canonical_json(
                R"({ "b" : 1, "a" : { "é":1, "z":2, "Z":3, "":4 }, "aa": [ { "y":1,"x":2 } ] })"),
            R"({"a":{"":4,"Z":3,"z":2,"é":1},"aa":[{"x":2,"y":1}],"b":1})");
  // Not by UTF-16 units: U+FF41 is three bytes that begin with EF, U+10000 four that begin with F0.
  EXPECT_EQ(canonical_json("{\"\\ud800\\udc00\":1,\"ａ\":2}"), "{\"ａ\":2,\"𐀀\":1}");
}

TEST(ContentId, OfSeveralMembersOfOneNameTheLastCounts) {
  EXPECT_EQ(canonical_json(R"({"a":1,"b":2,"\u0061":3})"), R"({"a":3,"b":2})");
}

TEST(ContentId, TheIdIsLeftOutAndNothingElse) {
  EXPECT_EQ(canonical_json(R"({"context":{"id":"0","source":"s"},"id":"1","subject":{"id":"2"}})"),
            R"({"context":{"source":"s"},"id":"1","subject":{"id":"2"}})");
}

TEST(ContentId, WhatIsNoJsonHasNone) {
  EXPECT_EQ(content_id("{"), "");
  EXPECT_EQ(canonical_json(""), "");
}

/// Boost.JSON writes members as they came, and every double with an exponent.
TEST(ContentId, HowADocumentIsWrittenMakesNoDifference) {
  std::mt19937 random(4);
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  const std::function<std::string(unsigned)> document = [&](unsigned depth) -> std::string {
    static constexpr const char* kScalars[] = {"null",
                                               "true",
                                               "0",
                                               "-17",
                                               "1.10",
                                               "12345678901234567890",
                                               "1e300",
                                               "1.5e-7",
                                               "100.0",
                                               "\"\"",
                                               "\"\\u00e9\"",
                                               "\"a/\\/\"",
                                               "\"\\n\\u0001\"",
                                               "\"😀\\ud83d\\ude00\""};
    const unsigned kind = below(depth > 3 ? 1 : 3);
    if (kind == 0) return kScalars[below(std::size(kScalars))];
    std::string out = kind == 1 ? "[ " : "{\n";
    for (unsigned i = below(5); i > 0; --i) {
      if (kind == 2) out += "\"" + std::string(1, static_cast<char>('a' + i)) + "\" :\t";
      out += document(depth + 1) + (i > 1 ? " , " : "");
    }
    return out + (kind == 1 ? "]" : " }");
  };
  for (int i = 0; i < 5'000; ++i) {
    const std::string text = document(0);
    const std::string canonical = canonical_json(text);
    const boost::json::value value = boost::json::parse(text);
    EXPECT_EQ(canonical_json(boost::json::serialize(value)), canonical) << text;
    EXPECT_EQ(boost::json::parse(canonical), value) << text;
    EXPECT_EQ(canonical_json(canonical), canonical);
  }
}

/// The expected ids are those of an independent computation in Python: hashlib and base64 over the
/// canonical text, which stands beside them.
/// An id that the existing collector gave: moving over from it, the event is known again.
TEST(ContentId, Trap2TheExistingCollectorMakesTheSameId) {
  const std::string rest =
      R"("source":"/event/source/123","timestamp":"2023-03-20T14:27:05.315384Z",)"
      R"("type":"dev.cdevents.service.deployed.0.1.1"},"subject":{"content":{"artifactId":)"
      R"("pkg:oci/myapp@sha256%3A0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427",)"
      R"("environment":{"id":"test123"}},"id":"mySubject123","source":"/event/source/123",)"
      R"("type":"service"}})";
  for (const std::string id : {"", R"("id":"",)", R"("id":"0",)", R"("id":null,)"}) {
    EXPECT_EQ(content_id(R"({"context":{)" + id + rest),
              "bafkreicuuogf3pc3lkdewdnngcnxgfrnontlfvtiihmxvcxqqxphxson3m")
        << id;
  }
}

TEST(ContentId, Trap2AnIdIsTheCidOfTheContent) {
  const struct {
    const char* json;
    const char* id;
  } kCases[] = {
      {"{}", "bafkreicecnx2gvntm6fbcrvnc336qze6st5u7qq7457igegamd3bzkx7ri"},
      {R"({"context":{"id":"0"}})", "bafkreic3tsnbbumamm3sm7wbnvtr7umcjg7zttt4buvdlmptm6skoqxu6m"},
      {R"({ "subject": {"id":"é"}, "context" : {"id":"", "version":"0.4.1"}, "customData":{"n":1.10} })",
       "bafkreidkry5pza4qal3vc2u7p2xxq6niziei72e4i7v5h5nzsfispsspu4"},
  };
  for (const auto& [json, id] : kCases) EXPECT_EQ(content_id(json), id) << json;
}

}  // namespace
}  // namespace cdviz::cdevents
