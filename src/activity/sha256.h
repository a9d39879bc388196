// SHA-256 (FIPS 180-4) of content that comes in pieces.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace cdviz::activity {

/// Throws std::runtime_error if OpenSSL has no SHA-256.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(std::string_view bytes);
  /// Of all that was added, 64 lower-case hexadecimal digits. The object begins anew.
  std::string finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace cdviz::activity
