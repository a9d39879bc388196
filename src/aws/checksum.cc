#include "aws/checksum.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include <openssl/evp.h>

#include "core/binary_text.h"

namespace cdviz::aws {
namespace {

/// Reflected, as all of S3 are: initial value and final xor are all ones.
template <class Word>
constexpr std::array<Word, 256> crc_table(Word reversed_polynomial) {
  std::array<Word, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    Word value = static_cast<Word>(i);
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1U) != 0 ? (value >> 1U) ^ reversed_polynomial : value >> 1U;
    }
    table[i] = value;
  }
  return table;
}

constexpr auto kCrc32 = crc_table<std::uint32_t>(0xEDB88320U);
constexpr auto kCrc32c = crc_table<std::uint32_t>(0x82F63B78U);
constexpr auto kCrc64Nvme = crc_table<std::uint64_t>(0x9A6C9329AC4BC9B5ULL);

/// Big-endian, as S3 writes it down.
template <class Word>
std::string crc(const std::array<Word, 256>& table, std::string_view bytes) {
  Word value = static_cast<Word>(~Word{0});
  for (const char c : bytes) {
    const auto index = static_cast<unsigned char>(static_cast<unsigned char>(value) ^
                                                  static_cast<unsigned char>(c));
    value = static_cast<Word>(table[index] ^ (value >> 8U));
  }
  value = static_cast<Word>(~value);
  std::string result;
  for (std::size_t i = sizeof(Word); i-- > 0;) {
    result += static_cast<char>(static_cast<unsigned char>(value >> (8U * i)));
  }
  return result;
}

std::string digest(const EVP_MD* algorithm, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> result{};
  unsigned size = 0;
  if (algorithm == nullptr ||
      EVP_Digest(bytes.data(), bytes.size(), result.data(), &size, algorithm, nullptr) != 1) {
    return {};  // MD5 where the machine forbids it
  }
  return {reinterpret_cast<const char*>(result.data()), size};
}

/// Nothing for one that is not known here.
std::optional<std::string> compute(std::string_view name, std::string_view bytes) {
  if (name == "crc64nvme") return crc(kCrc64Nvme, bytes);
  if (name == "crc32c") return crc(kCrc32c, bytes);
  if (name == "crc32") return crc(kCrc32, bytes);
  if (name == "sha256") return digest(EVP_sha256(), bytes);
  if (name == "sha1") return digest(EVP_sha1(), bytes);
  return std::nullopt;
}

bool is_md5(const std::string& etag) {
  return etag.size() == 32 && etag.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

Sound check_sound(const ObjectFacts& facts, std::string_view bytes) {
  for (const auto& [name, value] : facts.checksums) {
    const auto computed = compute(name, bytes);
    if (computed && !computed->empty()) {
      return encode_text(BinaryText::base64, *computed) == value ? Sound::yes : Sound::no;
    }
  }
  const bool may_be_md5 = facts.encryption.empty() || facts.encryption == "AES256";
  if (may_be_md5 && is_md5(facts.etag)) {
    const std::string md5 = digest(EVP_md5(), bytes);
    if (!md5.empty()) {
      return encode_text(BinaryText::hex, md5) == facts.etag ? Sound::yes : Sound::no;
    }
  }
  return Sound::unknown;
}

}  // namespace cdviz::aws
