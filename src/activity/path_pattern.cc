#include "activity/path_pattern.h"

#include <algorithm>
#include <map>
#include <utility>

#include <re2/re2.h>

namespace cdviz::activity {
namespace {

constexpr std::size_t kPatternBytesMax = 4096;
constexpr std::int64_t kProgramBytesMax = std::int64_t{1} << 20;

Error mistake(std::string message) { return {Fault::stop, std::move(message), "pattern"}; }

bool is_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

/// The part "{…}" at the beginning of `text`, as a group; takes it off.
Result<std::string> take_part(std::string_view& text) {
  const std::size_t end = text.find('}');
  if (end == std::string_view::npos) return mistake("the brace at \"{\" is never closed");
  std::string_view name = text.substr(1, end - 1);
  const bool across = name.ends_with("**");
  if (across) name.remove_suffix(2);
  if (!is_name(name)) {
    return mistake("{" + std::string(text.substr(1, end - 1)) +
                   "} is no part: a name is letters, digits and _, with ** behind it if the part "
                   "may hold a slash");
  }
  text.remove_prefix(end + 1);
  return "(?P<" + std::string(name) + (across ? ">.+)" : ">[^/]+)");
}

/// The glob as a regular expression.
Result<std::string> translate(std::string_view text) {
  std::string out;
  bool segment_begins = true;
  while (!text.empty()) {
    const char c = text.front();
    const bool begins = std::exchange(segment_begins, c == '/');
    const bool twice = text.size() > 1 && text[1] == c;
    if (c == '{' && !twice) {
      auto part = take_part(text);
      if (!part) return part.error();
      out += *part;
      continue;
    }
    if (c == '}' && !twice) {
      return mistake("a lone \"}\": a brace that is meant as one is written twice");
    }
    std::size_t taken = 1;
    if (c == '*' && twice) {
      const bool whole_segments = begins && text.size() > 2 && text[2] == '/';
      out += whole_segments ? "(?:.*/)?" : ".*";
      taken = whole_segments ? 3 : 2;
      segment_begins = whole_segments;
    } else if (c == '*') {
      out += "[^/]*";
    } else if (c == '?') {
      out += "[^/]";
    } else {
      if (c == '{' || c == '}') taken = 2;
      out += RE2::QuoteMeta(re2::StringPiece(text.data(), 1));
    }
    text.remove_prefix(taken);
  }
  return out;
}

}  // namespace

Result<PathPattern> PathPattern::parse(std::string_view text) {
  if (text.empty()) return mistake("is empty");
  if (text.size() > kPatternBytesMax) return mistake("is longer than 4096 bytes");
  std::string expression;
  if (text.starts_with('^')) {
    expression = "(?s:" + std::string(text) + ")";
  } else {
    auto translated = translate(text);
    if (!translated) return translated.error();
    expression = "(?s)^" + *translated + "$";
  }
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kProgramBytesMax);
  PathPattern pattern;
  const auto compiled = std::make_shared<const RE2>(expression, options);
  if (!compiled->ok()) return mistake("is no pattern: " + compiled->error());
  for (const auto& [number, name] : compiled->CapturingGroupNames()) {
    if (std::find(pattern.names_.begin(), pattern.names_.end(), name) != pattern.names_.end()) {
      return mistake("there are two parts called " + name);
    }
    pattern.names_.push_back(name);
  }
  pattern.expression_ = compiled;
  return pattern;
}

std::optional<Facts> PathPattern::match(std::string_view path) const {
  if (!expression_) return Facts{};
  const int groups = expression_->NumberOfCapturingGroups();
  std::vector<re2::StringPiece> parts(static_cast<std::size_t>(groups) + 1);
  const re2::StringPiece text(path.data(), path.size());
  if (!expression_->Match(text, 0, text.size(), RE2::UNANCHORED, parts.data(), groups + 1)) {
    return std::nullopt;
  }
  Facts facts;
  for (const auto& [number, name] : expression_->CapturingGroupNames()) {
    const re2::StringPiece& part = parts[static_cast<std::size_t>(number)];
    facts.emplace_back(name, std::string(part.data() == nullptr ? "" : part.data(), part.size()));
  }
  return facts;
}

}  // namespace cdviz::activity
