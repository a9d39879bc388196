#include "nats/nkey.h"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include <openssl/evp.h>

namespace cdviz::nats {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::uint8_t kSeedPrefix = 18U << 3U;  // "S"
constexpr std::uint8_t kUserPrefix = 20U << 3U;  // "U"
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSeedCharacters = 58;  // 36 bytes in base32

using Bytes = std::vector<std::uint8_t>;

std::optional<Bytes> from_base32(std::string_view text) {
  Bytes bytes;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const auto value = kAlphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 5U) | static_cast<std::uint32_t>(value);
    count += 5;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<std::uint8_t>(bits >> count));
    }
  }
  return bytes;
}

std::string to_base32(const Bytes& bytes) {
  std::string text;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const std::uint8_t byte : bytes) {
    bits = (bits << 8U) | byte;
    count += 8;
    while (count >= 5) {
      count -= 5;
      text += kAlphabet[(bits >> count) & 31U];
    }
  }
  if (count > 0) text += kAlphabet[(bits << (5U - count)) & 31U];
  return text;
}

/// CRC-16/XMODEM, which ends every nkey, low byte first.
std::uint16_t checksum(const Bytes& bytes) {
  std::uint16_t crc = 0;
  for (const std::uint8_t byte : bytes) {
    crc = static_cast<std::uint16_t>(crc ^ (byte << 8U));
    for (int i = 0; i < 8; ++i) {
      const bool carry = (crc & 0x8000U) != 0;
      crc = static_cast<std::uint16_t>(crc << 1U);
      if (carry) crc = static_cast<std::uint16_t>(crc ^ 0x1021U);
    }
  }
  return crc;
}

/// The text between the lines "-----BEGIN … KIND-----" and "------END …".
std::string part_of(std::string_view text, std::string_view kind) {
  const auto begin = text.find("BEGIN " + std::string(kind));
  if (begin == std::string_view::npos) return {};
  const auto line = text.find('\n', begin);
  if (line == std::string_view::npos) return {};
  const auto end = text.find("---", line);
  if (end == std::string_view::npos) return {};
  std::string part;
  for (const char c : text.substr(line, end - line)) {
    if (static_cast<unsigned char>(c) > ' ') part += c;
  }
  return part;
}

}  // namespace

std::optional<std::string> public_key_of(std::string_view seed) {
  auto raw = from_base32(seed);
  // Two bytes of prefix (seed, and whose), the key, the checksum.
  if (!raw || seed.size() != kSeedCharacters || raw->size() != 2 + kKeyBytes + 2) {
    return std::nullopt;
  }
  const auto stated =
      static_cast<std::uint16_t>((*raw)[raw->size() - 2] | ((*raw)[raw->size() - 1] << 8U));
  raw->resize(raw->size() - 2);
  if (checksum(*raw) != stated) return std::nullopt;
  const auto first = static_cast<std::uint8_t>((*raw)[0] & 0xF8U);
  const auto whose = static_cast<std::uint8_t>(((*raw)[0] & 7U) << 5U | ((*raw)[1] & 0xF8U) >> 3U);
  if (first != kSeedPrefix || whose != kUserPrefix) return std::nullopt;

  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, raw->data() + 2, kKeyBytes),
      &EVP_PKEY_free);
  Bytes encoded(1 + kKeyBytes);
  encoded[0] = kUserPrefix;
  std::size_t size = kKeyBytes;
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), encoded.data() + 1, &size) != 1) {
    return std::nullopt;
  }
  const std::uint16_t crc = checksum(encoded);
  encoded.push_back(static_cast<std::uint8_t>(crc & 0xFFU));
  encoded.push_back(static_cast<std::uint8_t>(crc >> 8U));
  return to_base32(encoded);
}

std::optional<Credentials> read_credentials(std::string_view text) {
  Credentials credentials{part_of(text, "NATS USER JWT"), part_of(text, "USER NKEY SEED")};
  if (credentials.jwt.empty() || !public_key_of(credentials.seed)) return std::nullopt;
  return credentials;
}

}  // namespace cdviz::nats
