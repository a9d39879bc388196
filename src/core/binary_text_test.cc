#include "core/binary_text.h"

#include <string>

#include <gtest/gtest.h>

namespace cdviz {
namespace {

TEST(DecodeText, ReadsHexOfEitherCase) {
  EXPECT_EQ(decode_text(BinaryText::hex, "00fFA9"), std::string("\x00\xff\xa9", 3));
  EXPECT_EQ(decode_text(BinaryText::hex, ""), "");
  for (const auto* bad : {"0", "0g", " 00", "0x00"}) {
    EXPECT_EQ(decode_text(BinaryText::hex, bad), std::nullopt) << bad;
  }
}

TEST(DecodeText, ReadsBase64OfEitherAlphabetWithPaddingOrWithout) {
  for (const auto* text : {"Zm9vYg==", "Zm9vYg"}) {
    EXPECT_EQ(decode_text(BinaryText::base64, text), "foob") << text;
  }
  EXPECT_EQ(decode_text(BinaryText::base64, "+/-_"), "\xfb\xff\xbf");
  for (const auto* bad : {"Z", "Zm9v Yg==", "Zm9vYg=", "Zm=v", "===="}) {
    EXPECT_EQ(decode_text(BinaryText::base64, bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace cdviz
