// Secrets that requests are checked against. None is ever compared byte by byte: how long a
// comparison takes must not tell how much of it was right.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace cdviz::net {

/// True if both hold the same bytes; takes the same time wherever they differ. Only the lengths may
/// show.
bool equal_in_constant_time(std::string_view a, std::string_view b);

/// A secret to compare with, kept as its SHA-256 only.
class Secret {
 public:
  explicit Secret(std::string_view text);
  /// In a time that depends on the length of `presented` alone.
  bool is(std::string_view presented) const;

 private:
  std::array<unsigned char, 32> digest_;
};

enum class HashAlgorithm : std::uint8_t { sha1, sha256, sha384, sha512 };

/// A message authentication code; `size` bytes of `bytes` count.
struct Mac {
  std::array<char, 64> bytes{};
  std::size_t size = 0;
  std::string_view view() const { return {bytes.data(), size}; }
};

/// HMAC (RFC 2104) with one key. Safe to call from any thread.
class Hmac {
 public:
  /// @param key  not empty
  Hmac(HashAlgorithm algorithm, std::string_view key);
  ~Hmac();
  Hmac(Hmac&&) noexcept;
  Hmac& operator=(Hmac&&) noexcept;

  /// Of `parts`, one behind the other.
  Mac of(std::span<const std::string_view> parts) const;

 private:
  struct Keyed;
  std::unique_ptr<Keyed> keyed_;
};

}  // namespace cdviz::net
