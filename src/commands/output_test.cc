#include "commands/output.h"

#include <gtest/gtest.h>

namespace cdviz::commands {
namespace {

TEST(Shown, NothingThatATerminalObeysComesThrough) {
  EXPECT_EQ(shown("plain é 日本", 100), "plain é 日本");
  EXPECT_EQ(shown("\x1b[2J\x07", 100), "\\x1b[2J\\x07");
  EXPECT_EQ(shown("a\nb", 100), "a\\x0ab");
  EXPECT_EQ(shown("a\nb", 100, true), "a\nb");
  EXPECT_EQ(shown("\xc2\x9b"
                  "31m",
                  100),
            "\\xc2\\x9b31m");
  EXPECT_EQ(shown("\xe2\x80\xae", 100), "\\xe2\\x80\\xae");
  EXPECT_EQ(shown("\xff\xc3", 100), "\\xff\\xc3");
  EXPECT_EQ(shown(std::string("\0", 1), 100), "\\x00");
}

TEST(Shown, LongTextIsCutAndSaysHowLongItWas) {
  EXPECT_EQ(shown("abcdef", 3), "abc… (6 bytes)");
  EXPECT_EQ(shown("abc", 3), "abc");
  EXPECT_EQ(shown("aéé", 2), "aé… (5 bytes)") << "never within a character";
}

TEST(Base64, PadsAsRfc4648Shows) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

TEST(JsonObject, BytesThatAreNoTextStandInBase64) {
  EXPECT_EQ(JsonObject().bytes("body", "{\"a\"").number("n", -1).boolean("b", true).done(),
            R"({"body":"{\"a\"","n":-1,"b":true})");
  EXPECT_EQ(JsonObject().bytes("body", "\xff").done(), R"({"body_base64":"/w=="})");
}

}  // namespace
}  // namespace cdviz::commands
