#include "core/binary_text.h"

#include <array>
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

TEST(BinaryText, IsWrittenAsTheRfcsExamplesSay) {
  // RFC 4648 §10
  const std::array<std::array<const char*, 3>, 7> examples = {
      {{"", "", ""},
       {"f", "Zg==", "66"},
       {"fo", "Zm8=", "666f"},
       {"foo", "Zm9v", "666f6f"},
       {"foob", "Zm9vYg==", "666f6f62"},
       {"fooba", "Zm9vYmE=", "666f6f6261"},
       {"foobar", "Zm9vYmFy", "666f6f626172"}}};
  for (const auto& [bytes, base64, hex] : examples) {
    EXPECT_EQ(encode_text(BinaryText::base64, bytes), base64);
    EXPECT_EQ(encode_text(BinaryText::hex, bytes), hex);
  }
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(decode_text(BinaryText::base64, encode_text(BinaryText::base64, all)), all);
  EXPECT_EQ(decode_text(BinaryText::hex, encode_text(BinaryText::hex, all)), all);
}

}  // namespace
}  // namespace cdviz
