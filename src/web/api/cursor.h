// Where the next page begins: behind the last row of this one, by time and event. Keyset paging, so
// that events that arrive meanwhile shift nothing (https://use-the-index-luke.com/no-offset).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cdviz::web::api {

struct Cursor {
  std::string time;  ///< RFC 3339, as exact as the database has it
  std::string uid;   ///< of the event
  bool operator==(const Cursor&) const = default;
};

/// For a URL. What it is made of is nobody's business: it may change.
std::string text_of(const Cursor& cursor);

/// @returns nothing if `text` was not made by text_of()
std::optional<Cursor> cursor_of(std::string_view text);

}  // namespace cdviz::web::api
