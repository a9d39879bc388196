#include "demo/digest.h"

#include <array>
#include <cstdint>

#include <openssl/evp.h>

#include "core/binary_text.h"

namespace cdviz::demo {

std::string hex_digest(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), bytes.data(), &size, EVP_sha256(), nullptr);
  return encode_text(BinaryText::hex, {reinterpret_cast<const char*>(bytes.data()), size});
}

std::string uuid_of(std::string_view text) {
  std::string digits = hex_digest(text).substr(0, 32);
  digits[12] = '8';
  digits[16] = 'a';
  for (const std::size_t dash : {20U, 16U, 12U, 8U}) digits.insert(dash, 1, '-');
  return digits;
}

}  // namespace cdviz::demo
