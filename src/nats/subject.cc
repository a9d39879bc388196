#include "nats/subject.h"

#include <algorithm>
#include <array>

#include "core/percent.h"

namespace cdviz::nats {
namespace {

/// What stays as it is in a token, beside letters and digits.
constexpr std::string_view kPlain = "-_~:/@+=,;!#&";

std::optional<std::string_view> fault_of_tokens(std::string_view text, bool wildcards) {
  if (text.empty()) return "is empty";
  if (text.size() > kSubjectBytes) return "is longer than 1024 bytes";
  for (;;) {
    const auto dot = text.find('.');
    const std::string_view token = text.substr(0, dot);
    const bool last = dot == std::string_view::npos;
    if (token.empty()) return "has an empty token: dots stand between other characters";
    for (const char c : token) {
      if (static_cast<unsigned char>(c) <= ' ' || c == 0x7F) {
        return "holds a space or a control character";
      }
    }
    if (token.find_first_of("*>") != std::string_view::npos) {
      if (!wildcards) return "holds a wildcard";
      if (token != "*" && token != ">") return "has a wildcard that is not a token of its own";
      if (token == ">" && !last) return "has \">\" before its end";
    }
    if (last) return std::nullopt;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

std::optional<std::string_view> fault_of_subject(std::string_view subject) {
  if (subject.starts_with('$')) return "begins with \"$\", which the server keeps for itself";
  return fault_of_tokens(subject, false);
}

std::optional<std::string_view> fault_of_filter(std::string_view filter) {
  return fault_of_tokens(filter, true);
}

std::optional<std::string_view> fault_of_name(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > 255) return "is longer than 255 bytes";
  const bool bad = std::ranges::any_of(name, [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == 0x7F || c == '.' || c == '*' || c == '>' ||
           c == '/' || c == '\\';
  });
  if (bad) return "holds a space, a dot, a wildcard or a slash";
  return std::nullopt;
}

std::string encode_subject_part(std::string_view text) {
  if (text.empty()) return "_";
  std::string out;
  out.reserve(text.size());
  bool token_is_empty = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    // The dot that ends a token with something in it, before something that is no dot.
    const bool separator = c == '.' && !token_is_empty && i + 1 < text.size() && text[i + 1] != '.';
    if (separator) {
      out += c;
    } else {
      append_percent_encoded(out, text.substr(i, 1), kPlain);
    }
    token_is_empty = separator;
  }
  return out;
}

std::optional<std::string> filter_of_template(std::string_view text) {
  const auto place = text.find('{');
  if (place == std::string_view::npos) return std::string(text);
  const auto dot = text.substr(0, place).rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  return std::string(text.substr(0, dot)) + ".>";
}

}  // namespace cdviz::nats
