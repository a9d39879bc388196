#include "activity/purl_template.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "cdevents/purl_types.h"

namespace cdviz::activity {
namespace {

// A place is marked by two characters of the private use area around its number: they survive
// parsing and the rules of types, and mean nothing to anybody.
constexpr std::string_view kOpen = "\xEE\x80\x80";   // U+E000
constexpr std::string_view kClose = "\xEE\x80\x81";  // U+E001

Error mistake(std::string message) { return {Fault::stop, std::move(message), "template"}; }

std::string joined(std::span<const std::string> names) {
  std::vector<std::string> sorted(names.begin(), names.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return fmt::format("{{{}}}", fmt::join(sorted, "}, {"));
}

/// Without empty segments.
std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0) segments.push_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return segments;
}

struct Filled {
  std::string text;
  bool complete = true;  ///< every place had a value
};

Filled fill(std::string_view marked, std::span<const std::string> places, const Facts& facts) {
  Filled filled;
  for (;;) {
    const std::size_t open = marked.find(kOpen);
    filled.text += marked.substr(0, open);
    if (open == std::string_view::npos) return filled;
    const std::size_t begin = open + kOpen.size();
    const std::size_t close = marked.find(kClose, begin);
    std::size_t place = 0;
    std::from_chars(marked.data() + begin, marked.data() + close, place);
    const std::string_view value = fact(facts, places[place]);
    filled.complete = filled.complete && !value.empty();
    filled.text += value;
    marked.remove_prefix(close + kClose.size());
  }
}

}  // namespace

Result<PurlTemplate> PurlTemplate::parse(std::string_view text,
                                         std::span<const std::string> names) {
  if (text.find(kOpen) != std::string_view::npos || text.find(kClose) != std::string_view::npos) {
    return mistake("holds a character of private use (U+E000 or U+E001)");
  }
  PurlTemplate result;
  std::string marked;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '{' && c != '}') {
      marked += c;
      continue;
    }
    if (i + 1 < text.size() && text[i + 1] == c) {
      marked += c;
      ++i;
      continue;
    }
    if (c == '}') return mistake("a lone \"}\": a brace that is meant as one is written twice");
    const std::size_t end = text.find('}', i);
    if (end == std::string_view::npos) return mistake("the brace at \"{\" is never closed");
    std::string name(text.substr(i + 1, end - i - 1));
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return mistake("there is no {" + name + "}; known are " + joined(names));
    }
    marked += fmt::format("{}{}{}", kOpen, result.places_.size(), kClose);
    result.places_.push_back(std::move(name));
    i = end;
  }
  auto skeleton = cdevents::parse_purl(marked);
  if (!skeleton) return mistake(skeleton.error().message);
  result.skeleton_ = std::move(*skeleton);
  return result;
}

Result<std::string> PurlTemplate::render(const Facts& facts) const {
  cdevents::Purl purl;
  purl.type = skeleton_.type;
  const auto path = fill(skeleton_.name_space + "/" + skeleton_.name, places_, facts).text;
  auto segments = segments_of(path);
  if (segments.empty()) return Error{Fault::reject, "the name of the purl is empty", "purl"};
  purl.name = segments.back();
  segments.pop_back();
  purl.name_space = fmt::format("{}", fmt::join(segments, "/"));
  if (auto version = fill(skeleton_.version, places_, facts); version.complete) {
    purl.version = std::move(version.text);
  }
  for (const auto& [key, marked] : skeleton_.qualifiers) {
    auto value = fill(marked, places_, facts);
    if (value.complete) purl.qualifiers.emplace_back(key, std::move(value.text));
  }
  auto subpath = segments_of(skeleton_.subpath);
  for (const auto segment : subpath) {
    auto filled = fill(segment, places_, facts);
    for (const auto inner : segments_of(filled.text)) {
      if (inner == "." || inner == "..") continue;
      if (!purl.subpath.empty()) purl.subpath += '/';
      purl.subpath += inner;
    }
  }
  cdevents::apply_type_rules(purl);
  std::string text = purl.text();
  if (text.size() > cdevents::kPurlBytesMax) {
    return Error{Fault::reject, "the purl is too long", "purl"};
  }
  return text;
}

}  // namespace cdviz::activity
