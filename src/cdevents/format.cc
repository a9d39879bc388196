#include "cdevents/format.h"

#include <algorithm>
#include <array>

#include "cdevents/date_time.h"
#include "cdevents/uri_format.h"

namespace cdviz::cdevents {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_letter);
}

/// "mytool-resource": a tool of letters and digits, one hyphen, a resource of letters.
bool is_custom_subject(std::string_view text) {
  const auto hyphen = text.find('-');
  if (hyphen == std::string_view::npos || hyphen == 0) return false;
  const std::string_view tool = text.substr(0, hyphen);
  return is_word(text.substr(hyphen + 1)) &&
         std::all_of(tool.begin(), tool.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

/// The version has three parts of one digit each: so says the schema.
bool is_custom_type(std::string_view text) {
  constexpr std::string_view kPrefix = "dev.cdeventsx.";
  if (!text.starts_with(kPrefix)) return false;
  text.remove_prefix(kPrefix.size());
  const auto dot = text.find('.');
  if (dot == std::string_view::npos || !is_custom_subject(text.substr(0, dot))) return false;
  text.remove_prefix(dot + 1);
  const auto end = std::min(text.find('.'), text.size());
  const std::string_view version = text.substr(end);
  return is_word(text.substr(0, end)) && version.size() == 6 && version[0] == '.' &&
         is_digit(version[1]) && version[2] == '.' && is_digit(version[3]) && version[4] == '.' &&
         is_digit(version[5]);
}

/// cdevents:v0:<provider>:<provider id>:<namespace>:<groups>:<type>:<resource id>
bool is_domain_id(std::string_view text) {
  std::array<std::string_view, 7> parts;
  for (std::string_view& part : parts) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return false;
    part = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  const std::string_view groups = parts[5];
  const bool bare = groups.empty() || (groups.front() != '/' && groups.back() != '/');
  constexpr std::array<std::string_view, 4> kLineEnds = {"\n", "\r", "\u2028", "\u2029"};
  const bool one_line = std::none_of(
      kLineEnds.begin(), kLineEnds.end(),
      [&](std::string_view line_end) { return text.find(line_end) != std::string_view::npos; });
  return parts[0] == "cdevents" && parts[1] == "v0" && bare && !parts[6].empty() && !text.empty() &&
         one_line;
}

}  // namespace

FormatName name_of(Format format) {
  switch (format) {
    case Format::none:
      break;
    case Format::date_time:
      return {"format", "date-time",
              "an RFC 3339 date-time with an offset, for example 2026-11-20T12:00:00Z"};
    case Format::uri:
      return {"format", "uri", "an absolute RFC 3986 URI, for example https://example.org/a"};
    case Format::uri_reference:
      return {"format", "uri-reference", "an RFC 3986 URI reference, for example /a/b"};
    case Format::custom_type:
      return {
          "pattern",
          R"(^dev\.cdeventsx\.[a-zA-Z0-9]+-[a-zA-Z]+\.[a-zA-Z]+\.[0-9]\.[0-9]\.[0-9]$)",
          "dev.cdeventsx.<tool>-<resource>.<predicate>.<n>.<n>.<n>, for example "
          "dev.cdeventsx.mytool-resource.created.0.1.0",
      };
    case Format::custom_subject:
      return {"pattern", "^[a-zA-Z0-9]+-[a-zA-Z]+$", "<tool>-<resource> of letters"};
    case Format::domain_id:
      return {"pattern", "^cdevents:v0:[^:]*:[^:]*:[^:]*:([^:/]([^:]*[^:/])?)?:[^:]+:.+$",
              "cdevents:v0:<provider>:<provider id>:<namespace>:<groups>:<type>:<resource id>"};
  }
  return {};
}

bool has_format(std::string_view text, Format format) {
  switch (format) {
    case Format::none:
      return true;
    case Format::date_time:
      return is_date_time(text);
    case Format::uri:
      return is_uri(text);
    case Format::uri_reference:
      return is_uri_reference(text);
    case Format::custom_type:
      return is_custom_type(text);
    case Format::custom_subject:
      return is_custom_subject(text);
    case Format::domain_id:
      return is_domain_id(text);
  }
  return false;
}

}  // namespace cdviz::cdevents
