#include "parsers/format.h"

#include <algorithm>
#include <string>
#include <utility>

namespace cdviz::parsers {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

/// Lower case, without its dot; empty when there is none. @param file_name  may be a path
std::string extension_of(std::string_view file_name) {
  const auto slash = file_name.rfind('/');
  if (slash != std::string_view::npos) file_name.remove_prefix(slash + 1);
  const auto dot = file_name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return {};
  std::string extension(file_name.substr(dot + 1));
  std::transform(extension.begin(), extension.end(), extension.begin(), lower);
  return extension;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::optional<Format> format_named(std::string_view name) {
  std::string word(name);
  std::replace(word.begin(), word.end(), '-', '_');
  if (word == "csv") word = "csv_row";
  const auto* const found = std::find(kFormatNames.begin(), kFormatNames.end(), word);
  if (found == kFormatNames.end()) return std::nullopt;
  return static_cast<Format>(found - kFormatNames.begin());
}

Format format_of(std::string_view file_name) {
  constexpr std::array<std::pair<std::string_view, Format>, 10> kExtensions = {{
      {"json", Format::json},
      {"jsonl", Format::jsonl},
      {"ndjson", Format::jsonl},
      {"csv", Format::csv_row},
      {"xml", Format::xml},
      {"yaml", Format::yaml},
      {"yml", Format::yaml},
      {"tap", Format::tap},
      {"txt", Format::text},
      {"log", Format::text_line},
  }};
  std::string extension = extension_of(file_name);
  if (compression_of(file_name) != Compression::none) {
    file_name.remove_suffix(extension.size() + 1);
    extension = extension_of(file_name);
  }
  while (is_number(extension)) {  // what rotation appends: events.jsonl.1
    file_name.remove_suffix(extension.size() + 1);
    extension = extension_of(file_name);
  }
  for (const auto& [name, format] : kExtensions) {
    if (name == extension) return format;
  }
  return Format::json;
}

Compression compression_of(std::string_view file_name) {
  const std::string extension = extension_of(file_name);
  if (extension == "gz") return Compression::gzip;
  if (extension == "zst") return Compression::zstd;
  return Compression::none;
}

}  // namespace cdviz::parsers
