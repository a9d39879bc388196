#include "sinks/folder/digest.h"

#include <array>
#include <stdexcept>

#include <openssl/evp.h>

#include "core/binary_text.h"

namespace cdviz::sinks::folder {

std::string digest_of(std::string_view bytes) {
  constexpr std::size_t kBytes = 16;
  std::array<char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL: no SHA-256");
  }
  return encode_text(BinaryText::hex, {digest.data(), kBytes});
}

}  // namespace cdviz::sinks::folder
