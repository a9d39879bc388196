// What a file or an object holds, and how it is compressed, told by its name or by an option.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cdviz::parsers {

/// How bytes become documents. The words of the option `parser` are in kFormatNames.
enum class Format : std::uint8_t {
  automatic,  ///< by the extension of the name; JSON when that says nothing
  json,       ///< one document, the elements of an array, or several on a line each
  jsonl,      ///< a document on each line that is not empty (https://jsonlines.org)
  csv_row,    ///< an object for each row (RFC 4180), named by the first row; all values strings
  xml,        ///< an object (xml.h)
  yaml,       ///< each document of the stream (yaml.h)
  tap,        ///< a run of tests (tap.h)
  text,       ///< {"text": …}
  text_line,  ///< {"text": …} for each line that is not empty
  metadata,   ///< null: what the source knows about it is enough, and it is not read
};

/// In the order of Format.
inline constexpr std::array<std::string_view, 10> kFormatNames = {
    "auto", "json", "jsonl", "csv_row", "xml", "yaml", "tap", "text", "text_line", "metadata"};

/// Of one of kFormatNames; also as the command line writes them: csv-row, text-line, csv.
std::optional<Format> format_named(std::string_view name);

/// By the extension, after .gz or .zst and the number of a rotated file are
/// taken away (events.jsonl.1.gz); any case. JSON when it says nothing.
/// @returns never Format::automatic
Format format_of(std::string_view file_name);

/// Documents that can be told apart while the rest is still to come.
constexpr bool has_lines(Format format) {
  return format == Format::jsonl || format == Format::csv_row || format == Format::text_line;
}

enum class Compression : std::uint8_t { none, gzip, zstd };

/// By the extension: .gz, .zst; any case.
Compression compression_of(std::string_view file_name);

}  // namespace cdviz::parsers
