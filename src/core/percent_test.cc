#include "core/percent.h"

#include <string>

#include <gtest/gtest.h>

namespace cdviz {
namespace {

std::string all_bytes() {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  return all;
}

TEST(PercentEncoded, KeepsTheUnreservedCharactersOfRfc3986) {
  const std::string unreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  EXPECT_EQ(percent_encoded(unreserved), unreserved);
  // §2.2: gen-delims and sub-delims.
  EXPECT_EQ(percent_encoded(":/?#[]@!$&'()*+,;="),
            "%3A%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D");
  EXPECT_EQ(percent_encoded("% \x7f"), "%25%20%7F");
}

TEST(PercentEncoded, WritesTheExamplesOfRfc3986) {
  // §2.5: the letters A, À and Katakana A.
  EXPECT_EQ(percent_encoded("A"), "A");
  EXPECT_EQ(percent_encoded("\u00C0"), "%C3%80");
  EXPECT_EQ(percent_encoded("\u30A2"), "%E3%82%A2");
}

TEST(PercentEncoded, KeepsWhatItIsTold) {
  EXPECT_EQ(percent_encoded("a/b c~", kUnreservedAndSlash), "a/b%20c~");
  EXPECT_EQ(percent_encoded("a-b*c", "*"), "a%2Db*c");
  EXPECT_EQ(percent_encoded(std::string("\0", 1), ""), "%00") << "nothing is not a character";
  std::string out = "x=";
  append_percent_encoded(out, "1 2");
  EXPECT_EQ(out, "x=1%202");
}

TEST(PercentDecoded, UndoesEveryByte) {
  EXPECT_EQ(percent_decoded(percent_encoded(all_bytes())), all_bytes());
  EXPECT_EQ(percent_decoded_where_encoded(percent_encoded(all_bytes())), all_bytes());
}

TEST(PercentDecoded, TakesEitherCaseAndKeepsPlus) {
  EXPECT_EQ(percent_decoded("a%20b%2Fc+d%e2%82%ac"), "a b/c+d\u20AC");
  EXPECT_EQ(percent_decoded("%2541"), "%41") << "once";
  EXPECT_EQ(percent_decoded(""), "");
}

TEST(PercentDecoded, RefusesWhatIsNoEscape) {
  for (const auto* bad : {"%", "a%2", "%zz", "%2g", "%g2", "%%20"}) {
    EXPECT_EQ(percent_decoded(bad), std::nullopt) << bad;
  }
}

TEST(PercentDecodedWhereEncoded, KeepsWhatIsNoEscape) {
  EXPECT_EQ(percent_decoded_where_encoded("100% %zz %41 %2"), "100% %zz A %2");
  EXPECT_EQ(percent_decoded_where_encoded("%%41"), "%A");
}

}  // namespace
}  // namespace cdviz
