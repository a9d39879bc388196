#include "activity/sha256.h"

#include <array>
#include <stdexcept>

#include <openssl/evp.h>

#include "core/binary_text.h"

namespace cdviz::activity {
namespace {

void check(int success) {
  if (success != 1) throw std::runtime_error("OpenSSL: no SHA-256");
}

}  // namespace

struct Sha256::Context {
  Context() : evp(EVP_MD_CTX_new()) { begin(); }
  ~Context() { EVP_MD_CTX_free(evp); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  void begin() const { check(EVP_DigestInit_ex(evp, EVP_sha256(), nullptr)); }
  EVP_MD_CTX* evp;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
  check(EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()));
}

std::string Sha256::finish() {
  std::array<char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  check(EVP_DigestFinal_ex(context_->evp, reinterpret_cast<unsigned char*>(digest.data()), &size));
  context_->begin();
  return encode_text(BinaryText::hex, {digest.data(), size});
}

}  // namespace cdviz::activity
