#include "cdevents/purl.h"

#include <algorithm>

#include <fmt/format.h>
#include <simdjson.h>

#include "cdevents/purl_types.h"
#include "core/percent.h"

namespace cdviz::cdevents {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// ---- Percent-encoding (ECMA-427, 5.4) ----

bool is_text(std::string_view text) {
  const bool controls = std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
  return !controls && simdjson::validate_utf8(text);
}

Error wrong(std::string message) { return {Fault::reject, "purl: " + std::move(message)}; }

/// One round. @param part  for the message
Result<std::string> decode(std::string_view text, std::string_view part) {
  const auto decoded = percent_decoded(text);
  if (!decoded) return wrong(fmt::format("the {} has a '%' without two hex digits", part));
  if (!is_text(*decoded)) {
    return wrong(fmt::format("the {} is not UTF-8, or has a control character", part));
  }
  return *decoded;
}

void append_encoded(std::string& out, std::string_view text) {
  append_percent_encoded(out, text, "-._~:");
}

/// Each segment of `path`, which are separated by '/'.
void append_encoded_path(std::string& out, std::string_view path) {
  for (;;) {
    const std::size_t slash = path.find('/');
    append_encoded(out, path.substr(0, slash));
    if (slash == std::string_view::npos) return;
    out += '/';
    path.remove_prefix(slash + 1);
  }
}

// ---- Taking a purl apart ----

/// Takes off what stands behind the last `separator`, and the separator.
std::string_view take_behind(std::string_view& text, char separator) {
  const std::size_t at = text.rfind(separator);
  if (at == std::string_view::npos) return {};
  const std::string_view behind = text.substr(at + 1);
  text = text.substr(0, at);
  return behind;
}

/// Segments, decoded; empty ones are left out, and with `dots` "." and ".." too.
Result<std::string> read_path(std::string_view text, std::string_view part, bool dots) {
  std::string path;
  while (!text.empty()) {
    const std::size_t slash = std::min(text.find('/'), text.size());
    auto segment = decode(text.substr(0, slash), part);
    if (!segment) return segment.error();
    text.remove_prefix(std::min(slash + 1, text.size()));
    if (segment->empty() || (dots && (*segment == "." || *segment == ".."))) continue;
    if (segment->find('/') != std::string::npos) {
      return wrong(fmt::format("a segment of the {} has an encoded '/'", part));
    }
    if (!path.empty()) path += '/';
    path += *segment;
  }
  return path;
}

bool is_key(std::string_view key) {
  return !key.empty() && is_lower(key.front()) && std::all_of(key.begin(), key.end(), [](char c) {
    return is_lower(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
  });
}

Result<void> read_qualifiers(std::string_view text, Purl& purl) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    std::string key(pair.substr(0, equals));
    lower_ascii(key);
    if (!is_key(key)) {
      return wrong("a qualifier's key is a letter, then letters, digits, '.', '-' and '_'");
    }
    if (equals == pair.size()) return wrong(fmt::format("the qualifier {} has no '='", key));
    auto value = decode(pair.substr(equals + 1), "qualifier " + key);
    if (!value) return value.error();
    if (!value->empty()) purl.qualifiers.emplace_back(std::move(key), std::move(*value));
  }
  std::sort(purl.qualifiers.begin(), purl.qualifiers.end());
  const auto twice =
      std::adjacent_find(purl.qualifiers.begin(), purl.qualifiers.end(),
                         [](const auto& a, const auto& b) { return a.first == b.first; });
  if (twice == purl.qualifiers.end()) return {};
  return wrong(fmt::format("the qualifier {} is there more than once", twice->first));
}

Result<void> read_type(std::string_view& rest, Purl& purl) {
  if (rest.size() < 4 || rest[3] != ':') return wrong("it begins with \"pkg:\"");
  std::string scheme(rest.substr(0, 3));
  lower_ascii(scheme);
  if (scheme != "pkg") return wrong("it begins with \"pkg:\"");
  rest.remove_prefix(4);
  rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) {
    return wrong("a '/' and a name follow the type, as in pkg:oci/myapp");
  }
  purl.type = rest.substr(0, slash);
  lower_ascii(purl.type);
  const bool legal = !purl.type.empty() && is_lower(purl.type.front()) &&
                     std::all_of(purl.type.begin(), purl.type.end(), [](char c) {
                       return is_lower(c) || is_digit(c) || c == '.' || c == '-';
                     });
  if (!legal) return wrong("the type is a letter, then letters, digits, '.' and '-'");
  rest.remove_prefix(slash + 1);
  return {};
}

/// The version stands behind the last '@', but not one that begins a segment: the scopes of npm are
/// often not encoded (pkg:npm/@angular/core).
std::string_view take_version(std::string_view& rest) {
  const std::size_t at = rest.rfind('@');
  if (at == std::string_view::npos || at == 0 || rest[at - 1] == '/') return {};
  return take_behind(rest, '@');
}

}  // namespace

std::string_view Purl::qualifier(std::string_view key) const {
  for (const auto& [own_key, value] : qualifiers) {
    if (own_key == key) return value;
  }
  return {};
}

std::string_view Purl::display_version() const {
  const bool digest = version.starts_with("sha256:") || version.starts_with("sha512:");
  const std::string_view tag = qualifier("tag");
  return (digest || version.empty()) && !tag.empty() ? tag : version;
}

std::string Purl::text() const {
  std::string out = "pkg:" + type + "/";
  if (!name_space.empty()) {
    append_encoded_path(out, name_space);
    out += '/';
  }
  append_encoded(out, name);
  if (!version.empty()) {
    out += '@';
    append_encoded(out, version);
  }
  char separator = '?';
  for (const auto& [key, value] : qualifiers) {
    out += separator + key + "=";
    append_encoded(out, value);
    separator = '&';
  }
  if (!subpath.empty()) {
    out += '#';
    append_encoded_path(out, subpath);
  }
  return out;
}

bool same_artifact(const Purl& a, const Purl& b) {
  return a.type == b.type && a.name_space == b.name_space && a.name == b.name &&
         a.version == b.version;
}

Result<Purl> parse_purl(std::string_view text) {
  if (text.size() > kPurlBytesMax) {
    return wrong(
        fmt::format("it is {} bytes long, at most {} are read", text.size(), kPurlBytesMax));
  }
  Purl purl;
  std::string_view rest = text;
  const std::string_view subpath = take_behind(rest, '#');
  const std::string_view qualifiers = take_behind(rest, '?');
  if (auto ok = read_type(rest, purl); !ok) return ok.error();
  const std::string_view version = take_version(rest);
  rest = rest.substr(0, rest.find_last_not_of('/') + 1);
  const std::size_t slash = rest.rfind('/');
  const bool has_namespace = slash != std::string_view::npos;

  auto name_space = read_path(has_namespace ? rest.substr(0, slash) : "", "namespace", false);
  if (!name_space) return name_space.error();
  auto name = decode(has_namespace ? rest.substr(slash + 1) : rest, "name");
  if (!name) return name.error();
  if (name->empty()) return wrong("the name is missing");
  auto decoded_version = decode(version, "version");
  if (!decoded_version) return decoded_version.error();
  if (auto ok = read_qualifiers(qualifiers, purl); !ok) return ok.error();
  auto path = read_path(subpath, "subpath", true);
  if (!path) return path.error();

  purl.name_space = std::move(*name_space);
  purl.name = std::move(*name);
  purl.version = std::move(*decoded_version);
  purl.subpath = std::move(*path);
  apply_type_rules(purl);
  return purl;
}

}  // namespace cdviz::cdevents
