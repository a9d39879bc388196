#include "net/secret.h"

#include <stdexcept>
#include <string>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/sha.h>

namespace cdviz::net {
namespace {

using MacContext = std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)>;

std::array<unsigned char, 32> sha256(std::string_view text) {
  std::array<unsigned char, 32> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

const char* name_of(HashAlgorithm algorithm) {
  switch (algorithm) {
    case HashAlgorithm::sha1:
      return "SHA1";
    case HashAlgorithm::sha256:
      return "SHA256";
    case HashAlgorithm::sha384:
      return "SHA384";
    case HashAlgorithm::sha512:
      return "SHA512";
  }
  return "SHA256";
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// OpenSSL fails here only when it has no memory or lacks an algorithm it always had.
void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

}  // namespace

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Secret::Secret(std::string_view text) : digest_(sha256(text)) {}

bool Secret::is(std::string_view presented) const {
  const auto digest = sha256(presented);
  return CRYPTO_memcmp(digest.data(), digest_.data(), digest.size()) == 0;
}

/// The context with the key in it, copied for every use: that is much cheaper than a new one.
struct Hmac::Keyed {
  MacContext context{nullptr, &EVP_MAC_CTX_free};
};

Hmac::Hmac(HashAlgorithm algorithm, std::string_view key) : keyed_(std::make_unique<Keyed>()) {
  EVP_MAC* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  require(mac != nullptr, "no HMAC");
  keyed_->context.reset(EVP_MAC_CTX_new(mac));
  EVP_MAC_free(mac);  // the context holds it
  require(keyed_->context != nullptr, "no context for HMAC");
  std::string digest = name_of(algorithm);
  const std::array parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_end()};
  require(EVP_MAC_init(keyed_->context.get(), bytes_of(key), key.size(), parameters.data()) == 1,
          "HMAC does not take the key");
}

Hmac::~Hmac() = default;
Hmac::Hmac(Hmac&&) noexcept = default;
Hmac& Hmac::operator=(Hmac&&) noexcept = default;

Mac Hmac::of(std::span<const std::string_view> parts) const {
  const MacContext context(EVP_MAC_CTX_dup(keyed_->context.get()), &EVP_MAC_CTX_free);
  require(context != nullptr, "no context for HMAC");
  for (const auto part : parts) {
    require(EVP_MAC_update(context.get(), bytes_of(part), part.size()) == 1, "HMAC update");
  }
  Mac mac;
  require(EVP_MAC_final(context.get(), reinterpret_cast<unsigned char*>(mac.bytes.data()),
                        &mac.size, mac.bytes.size()) == 1,
          "HMAC final");
  return mac;
}

}  // namespace cdviz::net
