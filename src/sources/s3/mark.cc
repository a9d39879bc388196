#include "sources/s3/mark.h"

#include <array>
#include <charconv>
#include <chrono>

#include <fmt/format.h>

#include "aws/bucket.h"
#include "aws/sigv4.h"
#include "core/percent.h"

namespace cdviz::sources::s3 {
namespace {

constexpr std::string_view kPrefix = "o/";
constexpr std::size_t kFields = 8;

template <class Number>
bool read(std::string_view text, Number& value) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failed == std::errc() && end == text.data() + text.size();
}

/// Never empty and without spaces.
std::string word(const std::string& text) {
  if (text == "-") return "%2D";
  return text.empty() ? "-" : percent_encoded(text);
}

std::string unword(std::string_view text) {
  return text == "-" ? std::string() : aws::form_decoded(text);
}

}  // namespace

std::string ledger_key(std::string_view object_key) {
  return std::string(kPrefix) + std::string(object_key);
}

std::string_view object_key_of(std::string_view entry_key) {
  return entry_key.substr(kPrefix.size());
}

std::string to_text(const Mark& mark) {
  std::string flags;
  if (!mark.whole) flags += 'p';
  if (mark.left) flags += 'l';
  if (mark.missed) flags += 'm';
  return fmt::format("1 {} {} {} {} {} {} {}", word(mark.etag), word(mark.version), mark.size,
                     mark.modified, mark.documents, flags.empty() ? "-" : flags, mark.read_at);
}

std::optional<Mark> parse_mark(std::string_view text) {
  std::array<std::string_view, kFields> fields;
  for (std::size_t i = 0; i < kFields; ++i) {
    const auto space = text.find(' ');
    fields.at(i) = text.substr(0, space);
    if ((space == std::string_view::npos) != (i + 1 == kFields)) return std::nullopt;
    text.remove_prefix(i + 1 == kFields ? text.size() : space + 1);
  }
  Mark mark{.etag = unword(fields[1]), .version = unword(fields[2])};
  if (fields[0] != "1" || !read(fields[3], mark.size) || !read(fields[4], mark.modified) ||
      !read(fields[5], mark.documents) || !read(fields[7], mark.read_at)) {
    return std::nullopt;
  }
  mark.whole = fields[6].find('p') == std::string_view::npos;
  mark.left = fields[6].find('l') != std::string_view::npos;
  mark.missed = fields[6].find('m') != std::string_view::npos;
  return mark;
}

std::int64_t seconds_of(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

bool is_same(const Mark& mark, std::string_view etag, std::string_view version,
             std::int64_t modified) {
  if (!version.empty() && !mark.version.empty()) return version == mark.version;
  if (etag != mark.etag) return false;
  return modified == 0 || mark.modified == 0 || modified == mark.modified;
}

}  // namespace cdviz::sources::s3
