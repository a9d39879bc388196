#include "net/secret.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace cdviz::net {
namespace {

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4U];
    text += kDigits[static_cast<unsigned char>(c) & 0xFU];
  }
  return text;
}

std::string hmac(HashAlgorithm algorithm, std::string_view key, std::string_view text) {
  const std::array parts{text.substr(0, 5), text.substr(5)};
  return hex(Hmac(algorithm, key).of(parts).view());
}

// RFC 2202 §3 and RFC 4231 §4.3: the key "Jefe".
TEST(Hmac, GivesTheValuesOfTheStandards) {
  const std::string_view text = "what do ya want for nothing?";
  EXPECT_EQ(hmac(HashAlgorithm::sha1, "Jefe", text), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  EXPECT_EQ(hmac(HashAlgorithm::sha256, "Jefe", text),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(
      hmac(HashAlgorithm::sha384, "Jefe", text),
      "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfa"
      "b21649");
  EXPECT_EQ(
      hmac(HashAlgorithm::sha512, "Jefe", text),
      "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8"
      "f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
}

TEST(Secret, IsOnlyItself) {
  const Secret secret("correct horse");
  EXPECT_TRUE(secret.is("correct horse"));
  EXPECT_FALSE(secret.is("correct hors"));
  EXPECT_FALSE(secret.is("correct horse "));
  EXPECT_FALSE(secret.is(""));
}

TEST(EqualInConstantTime, ComparesBytes) {
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_TRUE(equal_in_constant_time({"a\0b", 3}, {"a\0b", 3}));
  EXPECT_FALSE(equal_in_constant_time({"a\0b", 3}, {"a\0c", 3}));
  EXPECT_FALSE(equal_in_constant_time("a", "ab"));
}

}  // namespace
}  // namespace cdviz::net
