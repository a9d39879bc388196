#include "cdevents/uri_resolve.h"

#include <algorithm>
#include <optional>

namespace cdviz::cdevents {
namespace {

/// The parts of RFC 3986 appendix B, without the fragment.
struct Parts {
  std::string_view scheme;                    ///< without ":"
  std::optional<std::string_view> authority;  ///< without "//"
  std::string_view path;
  std::optional<std::string_view> query;  ///< without "?"
};

bool is_scheme(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !text.empty() && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
         });
}

Parts parts_of(std::string_view text) {
  Parts parts;
  text = text.substr(0, text.find('#'));
  if (const auto colon = text.find(':');
      colon != std::string_view::npos && is_scheme(text.substr(0, colon))) {
    parts.scheme = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (const auto mark = text.find('?'); mark != std::string_view::npos) {
    parts.query = text.substr(mark + 1);
    text = text.substr(0, mark);
  }
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    const auto end = std::min(text.find('/'), text.size());
    parts.authority = text.substr(0, end);
    text.remove_prefix(end);
  }
  parts.path = text;
  return parts;
}

/// RFC 3986 §5.2.4.
std::string without_dots(std::string_view path) {
  std::string out;
  const auto drop_last = [&] {
    out.resize(out.empty() ? 0 : std::min(out.rfind('/'), out.size()));
  };
  while (!path.empty()) {
    if (path.starts_with("../")) {
      path.remove_prefix(3);
    } else if (path.starts_with("./") || path.starts_with("/./")) {
      path.remove_prefix(2);
    } else if (path == "/.") {
      path = "/";
    } else if (path.starts_with("/../")) {
      path.remove_prefix(3);
      drop_last();
    } else if (path == "/..") {
      path = "/";
      drop_last();
    } else if (path == "." || path == "..") {
      path = {};
    } else {
      const auto end = std::min(path.find('/', 1), path.size());
      out += path.substr(0, end);
      path.remove_prefix(end);
    }
  }
  return out;
}

std::string merged(const Parts& base, std::string_view path) {
  if (base.authority && base.path.empty()) return "/" + std::string(path);
  const auto slash = base.path.rfind('/');
  const auto folder =
      slash == std::string_view::npos ? std::string_view{} : base.path.substr(0, slash + 1);
  return std::string(folder) + std::string(path);
}

}  // namespace

std::string resolve_uri(std::string_view base, std::string_view reference) {
  const Parts from = parts_of(base);
  const Parts to = parts_of(reference);
  const bool own_scheme = !to.scheme.empty();
  const bool own_authority = own_scheme || to.authority;
  const auto authority = own_authority ? to.authority : from.authority;
  auto query = to.query;
  std::string path;
  if (own_authority || to.path.starts_with('/')) {
    path = without_dots(to.path);
  } else if (to.path.empty()) {
    path = from.path;
    if (!query) query = from.query;
  } else {
    path = without_dots(merged(from, to.path));
  }
  std::string out(own_scheme ? to.scheme : from.scheme);
  out += ':';
  if (authority) (out += "//") += *authority;
  out += path;
  if (query) (out += '?') += *query;
  return out;
}

}  // namespace cdviz::cdevents
