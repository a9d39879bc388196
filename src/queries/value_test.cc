#include "queries/value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cdviz::queries {
namespace {

using ::testing::HasSubstr;

// 2026-03-31T12:00:00Z
const WallTime kNow{std::chrono::milliseconds{1'774'958'400'000}};

TEST(Moment, IsUnderstoodAsGrafanaAndPeopleWriteIt) {
  const auto text = [](std::string_view given) { return moment_text(given, kNow).value_or(""); };
  EXPECT_EQ(text("now"), "2026-03-31T12:00:00.000Z");
  EXPECT_EQ(text("now-7d"), "2026-03-24T12:00:00.000Z");
  EXPECT_EQ(text("7d"), "2026-03-24T12:00:00.000Z");
  EXPECT_EQ(text("now+90m"), "2026-03-31T13:30:00.000Z");
  EXPECT_EQ(text("now-1M"), "2026-02-28T12:00:00.000Z");
  EXPECT_EQ(text("now-2y"), "2024-03-31T12:00:00.000Z");
  EXPECT_EQ(text("1w"), "2026-03-24T12:00:00.000Z");
  EXPECT_EQ(text("1774958400000"), "2026-03-31T12:00:00.000Z");
  EXPECT_EQ(text("2026-01-31"), "2026-01-31");
  EXPECT_EQ(text("2026-01-31T12:00"), "2026-01-31T12:00");
  EXPECT_EQ(text("2026-01-31T12:00:00.25+01:00"), "2026-01-31T12:00:00.25+01:00");
}

TEST(Moment, IsNotGuessed) {
  for (const auto* given : {"", "tomorrow", "now-", "now-7", "now-7x", "-7d", "2026-1-31", "12",
                            "d", "2026-01-31T12", "2026-01-31T12:00:00.", "2026-01-31T12:00:00+1",
                            "now-9999999999d", "now-999999999w", "99999999M", "infinity"}) {
    EXPECT_FALSE(moment_text(given, kNow)) << given;
  }
}

QueryParameter parameter(Type type) { return {"p", type, "null", ""}; }

TEST(Value, IsCheckedAgainstItsType) {
  const auto text = [](Type type, const std::string& given) {
    const auto made = value_text(parameter(type), {given}, kNow);
    return made ? *made : made.error().message;
  };
  EXPECT_EQ(text(Type::text, "it's"), "it's");
  EXPECT_EQ(text(Type::integer, "17"), "17");
  EXPECT_THAT(text(Type::integer, "1.5"), HasSubstr("p: \"1.5\" is not a whole number"));
  EXPECT_EQ(text(Type::number, "1.5"), "1.5");
  EXPECT_THAT(text(Type::number, "1,5"), HasSubstr("is not a number"));
  EXPECT_EQ(text(Type::boolean, "true"), "true");
  EXPECT_THAT(text(Type::boolean, "yes"), HasSubstr("is not true or false"));
  EXPECT_EQ(text(Type::duration, "2h"), "7200000 milliseconds");
  EXPECT_THAT(text(Type::duration, "2"), HasSubstr("a duration: 30s"));
  EXPECT_EQ(text(Type::uuid, "0123abcd-0123-0123-0123-0123456789ab"),
            "0123abcd-0123-0123-0123-0123456789ab");
  EXPECT_THAT(text(Type::uuid, "17"), HasSubstr("is not a UUID"));
  EXPECT_THAT(text(Type::moment, "soon"), HasSubstr("a moment: now"));
  EXPECT_THAT(text(Type::text, std::string("a\0b", 3)), HasSubstr("is not text in UTF-8"));
  EXPECT_THAT(text(Type::text, "\xff"), HasSubstr("is not text in UTF-8"));
}

TEST(Value, OfAListMayBeGivenMoreThanOnce) {
  EXPECT_EQ(value_text(parameter(Type::text_list), {"a", "b,\"c\"\\", ""}, kNow).value(),
            R"({"a","b,\"c\"\\",""})");
  EXPECT_EQ(value_text(parameter(Type::text_list), {}, kNow).value(), "{}");
  EXPECT_THAT(value_text(parameter(Type::text), {"a", "b"}, kNow).error().message,
              HasSubstr("takes one value, 2 were given"));
}

}  // namespace
}  // namespace cdviz::queries
