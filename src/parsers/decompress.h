// Undoes gzip (RFC 1952, several members too) and zstd (RFC 8878, several frames too) as the bytes
// come.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"
#include "parsers/format.h"

namespace cdviz::parsers {

/// The window of zstd that is allowed, 2^23 bytes (8 MiB): what every decoder has to support
/// (§3.1.1.1.2). It is memory. `zstd -19` stays within it, `--ultra` and `--long` may not.
inline constexpr int kZstdWindowLog = 23;

/// One pass over a stream. Not thread-safe.
class Decompressor {
 public:
  /// Gets what comes out, in pieces of at most 64 KiB that live until it returns.
  /// @returns false: enough
  using Piece = std::function<bool(std::string_view)>;

  virtual ~Decompressor() = default;
  /// @returns false when `each` did; Fault::reject, code "compression", when the bytes are not of
  /// that format or damaged: then it is of no more use
  virtual Result<bool> add(std::string_view bytes, const Piece& each) = 0;
  /// True when the stream may end here: nothing of it is cut short.
  virtual bool may_end() const = 0;
};

/// Compression::none hands on what it gets. @throws std::bad_alloc
std::unique_ptr<Decompressor> make_decompressor(Compression compression);

/// All of it at once.
/// @returns Fault::reject, code "compression" when it is damaged or cut short, "too_large" when
/// more than `bytes_max` would come out; it takes no more memory than that
Result<std::string> decompressed(Compression compression, std::string_view bytes,
                                 std::uint64_t bytes_max);

}  // namespace cdviz::parsers
