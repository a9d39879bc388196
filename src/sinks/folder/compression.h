// gzip (RFC 1952) and zstd (RFC 8878).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"

namespace cdviz::sinks::folder {

enum class Compression : std::uint8_t { none, gzip, zstd };

/// "", ".gz" or ".zst".
std::string_view extension_of(Compression compression);

/// The same bytes for the same input: no time, no name in them.
std::string compressed(Compression compression, std::string_view bytes);

/// For what is too large for memory. Not thread-safe.
class Compressor {
 public:
  virtual ~Compressor() = default;
  /// Appends what comes out to `out`. @param last  nothing follows
  virtual void add(std::string_view bytes, bool last, std::string& out) = 0;
};

/// @throws std::bad_alloc, std::runtime_error when the library fails, which it does not without a
/// bug
std::unique_ptr<Compressor> make_compressor(Compression compression);

}  // namespace cdviz::sinks::folder
