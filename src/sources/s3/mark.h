// What the ledger in the queue says of an object that was read: the entry "o/KEY". It is committed
// with the events of the object. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/event.h"

namespace cdviz::sources::s3 {

/// The key of an object's entry in the ledger.
std::string ledger_key(std::string_view object_key);
/// The other way round. @param entry_key  begins with "o/"
std::string_view object_key_of(std::string_view entry_key);

struct Mark {
  std::string etag = {};
  std::string version = {};  ///< in a bucket that keeps versions, if it is known
  std::uint64_t size = 0;
  std::int64_t modified = 0;  ///< seconds since 1970; not milliseconds: not every answer has those
  std::uint64_t documents = 0;  ///< how many are on disk
  bool whole = true;            ///< false: there are more documents in it
  bool left = false;            ///< it stays where it is, whatever `after` says
  bool missed = false;          ///< the last listing did not have it
  std::int64_t read_at = 0;     ///< seconds since 1970
  bool operator==(const Mark&) const = default;
};

/// "1 ETAG VERSION SIZE MODIFIED DOCUMENTS FLAGS READ_AT"; 1 is the version of the format.
std::string to_text(const Mark& mark);
/// @returns nothing for what to_text did not write: then the object is read again
std::optional<Mark> parse_mark(std::string_view text);

/// Whole seconds since 1970.
std::int64_t seconds_of(WallTime time);

/// Whether this is the object that was read. Where one of them does not know the version or the
/// time, the ETag alone tells.
/// @param modified  seconds; 0: not known
bool is_same(const Mark& mark, std::string_view etag, std::string_view version,
             std::int64_t modified);

}  // namespace cdviz::sources::s3
