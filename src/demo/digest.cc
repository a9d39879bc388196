#include "demo/digest.h"

#include <array>
#include <cstdint>

#include <openssl/evp.h>

namespace cdviz::demo {

std::string hex_digest(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), bytes.data(), &size, EVP_sha256(), nullptr);
  std::string digits;
  for (std::size_t i = 0; i < size; ++i) {
    digits += kHex[bytes[i] >> 4U];
    digits += kHex[bytes[i] & 0xFU];
  }
  return digits;
}

std::string uuid_of(std::string_view text) {
  std::string digits = hex_digest(text).substr(0, 32);
  digits[12] = '8';
  digits[16] = 'a';
  for (const std::size_t dash : {20U, 16U, 12U, 8U}) digits.insert(dash, 1, '-');
  return digits;
}

}  // namespace cdviz::demo
