#include "web/api/cursor.h"

#include "queries/value.h"

namespace cdviz::web::api {
namespace {

constexpr char kSeparator = '_';
constexpr std::string_view kVersion = "1";
constexpr std::size_t kTextMax = 120;

bool is_uid(std::string_view text) {
  return text.size() == 36 && text.find_first_not_of("0123456789abcdef-") == std::string_view::npos;
}

/// A point in time, and not "now", which would walk.
bool is_time(std::string_view text) {
  return text.size() >= 20 && text.ends_with('Z') && queries::moment_text(text, {}) == text;
}

}  // namespace

std::string text_of(const Cursor& cursor) {
  return std::string(kVersion) + kSeparator + cursor.time + kSeparator + cursor.uid;
}

std::optional<Cursor> cursor_of(std::string_view text) {
  if (text.size() > kTextMax) return std::nullopt;
  const auto first = text.find(kSeparator);
  const auto second = text.rfind(kSeparator);
  if (first == std::string_view::npos || first == second || text.substr(0, first) != kVersion)
    return std::nullopt;
  Cursor cursor{std::string(text.substr(first + 1, second - first - 1)),
                std::string(text.substr(second + 1))};
  if (!is_time(cursor.time) || !is_uid(cursor.uid)) return std::nullopt;
  return cursor;
}

}  // namespace cdviz::web::api
