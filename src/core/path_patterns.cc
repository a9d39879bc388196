#include "core/path_patterns.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "core/utf8.h"

namespace cdviz {
namespace {

using Token = PathPatterns::Token;
using Part = PathPatterns::Part;
using Pattern = PathPatterns::Pattern;
using Parts = std::vector<std::string_view>;

Error wrong(std::string_view pattern, std::string_view why) {
  std::string text = "the pattern \"";
  text.append(pattern).append("\" ").append(why);
  return {Fault::stop, std::move(text)};
}

// --- from text to patterns
// -------------------------------------------------------------------------

/// Takes the first braces apart, those in the results too. @returns false when there are too many
bool expand(const std::string& text, std::vector<std::string>& all, std::string_view& problem) {
  std::size_t open = std::string::npos;
  std::size_t begin = 0;
  std::vector<std::string> choices;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      ++i;
    } else if (c == '[' && depth == 0) {  // braces within a set are characters
      const auto end = text.find(']', i + 2);
      if (end != std::string::npos) i = end;
    } else if (c == '{') {
      if (depth++ == 0) {
        open = i;
        begin = i + 1;
      }
    } else if (c == ',' && depth == 1) {
      choices.push_back(text.substr(begin, i - begin));
      begin = i + 1;
    } else if (c == '}' && depth > 0 && --depth == 0) {
      choices.push_back(text.substr(begin, i - begin));
      for (const auto& choice : choices) {
        if (!expand(text.substr(0, open) + choice + text.substr(i + 1), all, problem)) return false;
      }
      return true;
    }
  }
  if (depth > 0) problem = "has a { without its }";
  if (all.size() == PathPatterns::kAlternatives) problem = "stands for too many alternatives";
  if (!problem.empty()) return false;
  all.push_back(text);
  return true;
}

/// Takes a set that begins behind its bracket.
std::optional<Token> take_set(std::string_view& text) {
  Token token{.kind = Token::Kind::set};
  if (text.starts_with('!') || text.starts_with('^')) {
    token.negated = true;
    text.remove_prefix(1);
  }
  for (bool first = true; !text.empty(); first = false) {
    if (text.front() == ']' && !first) {
      text.remove_prefix(1);
      return token;
    }
    if (text.front() == '/') return std::nullopt;
    const char low = text.front();
    char high = low;
    text.remove_prefix(1);
    if (text.size() >= 2 && text[0] == '-' && text[1] != ']') {
      high = text[1];
      text.remove_prefix(2);
    }
    token.ranges += {low, high};
  }
  return std::nullopt;
}

/// @returns nothing when a set does not end
std::optional<Part> parse_part(std::string_view text) {
  Part part;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '*') {
      if (part.empty() || part.back().kind != Token::Kind::star) {
        part.push_back({.kind = Token::Kind::star});
      }
    } else if (c == '?') {
      part.push_back({.kind = Token::Kind::any});
    } else if (c == '[') {
      auto set = take_set(text);
      if (!set) return std::nullopt;
      part.push_back(std::move(*set));
    } else {
      const bool escaped = c == '\\' && !text.empty();
      part.push_back({.character = escaped ? text.front() : c});
      if (escaped) text.remove_prefix(1);
    }
  }
  return part;
}

std::optional<Pattern> parse_pattern(std::string_view text) {
  Pattern pattern;
  for (;;) {
    const auto slash = text.find('/');
    const auto part = text.substr(0, slash);
    if (part == "**") {
      if (pattern.empty() || !pattern.back().empty()) pattern.emplace_back();
    } else if (!part.empty() && part != ".") {
      auto parsed = parse_part(part);
      if (!parsed) return std::nullopt;
      pattern.push_back(std::move(*parsed));
    }
    if (slash == std::string_view::npos) break;
    text.remove_prefix(slash + 1);
    if (text.empty()) pattern.emplace_back();  // "folder/" is what is below it
  }
  // What ends with ** is something below, not the folder itself.
  if (!pattern.empty() && pattern.back().empty()) {
    pattern.push_back({{.kind = Token::Kind::star}});
  }
  return pattern;
}

// --- matching
// --------------------------------------------------------------------------------------

/// Whether the token takes something at the front. @returns how much; 0: it does not
std::size_t taken(const Token& token, std::string_view text) {
  if (text.empty()) return 0;
  const char c = text.front();
  if (token.kind == Token::Kind::character) return c == token.character ? 1 : 0;
  if (token.kind == Token::Kind::any) return std::max<std::size_t>(1, utf8_length(text));
  bool within = false;
  for (std::size_t i = 0; i + 1 < token.ranges.size(); i += 2) {
    const auto byte = static_cast<unsigned char>(c);
    within = within || (byte >= static_cast<unsigned char>(token.ranges[i]) &&
                        byte <= static_cast<unsigned char>(token.ranges[i + 1]));
  }
  return within != token.negated ? 1 : 0;
}

/// Only the last star need ever take more: what the ones before took was enough.
bool matches_part(const Part& part, std::string_view text) {
  std::size_t at = 0, star = part.size(), star_at = 0, token = 0;
  while (at < text.size()) {
    if (token < part.size() && part[token].kind == Token::Kind::star) {
      star = token++;
      star_at = at;
      continue;
    }
    const std::size_t took = token < part.size() ? taken(part[token], text.substr(at)) : 0;
    if (took > 0) {
      at += took;
      ++token;
    } else if (star < part.size()) {
      star_at += std::max<std::size_t>(1, utf8_length(text.substr(star_at)));
      at = star_at;
      token = star + 1;
    } else {
      return false;
    }
  }
  while (token < part.size() && part[token].kind == Token::Kind::star) ++token;
  return token == part.size();
}

/// The same, with parts for characters and ** for the star.
bool matches_parts(std::span<const Part> pattern, const Parts& path) {
  std::size_t at = 0, star = pattern.size(), star_at = 0, part = 0;
  while (at < path.size()) {
    if (part < pattern.size() && pattern[part].empty()) {
      star = part++;
      star_at = at;
    } else if (part < pattern.size() && matches_part(pattern[part], path[at])) {
      ++at;
      ++part;
    } else if (star < pattern.size()) {
      at = ++star_at;
      part = star + 1;
    } else {
      return false;
    }
  }
  while (part < pattern.size() && pattern[part].empty()) ++part;
  return part == pattern.size();
}

Parts parts_of(std::string_view path) {
  Parts parts;
  for (;;) {
    const auto slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

bool any_matches(const std::vector<Pattern>& patterns, const Parts& path) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const Pattern& pattern) { return matches_parts(pattern, path); });
}

}  // namespace

Result<PathPatterns> PathPatterns::parse(const std::vector<std::string>& patterns) {
  if (patterns.size() > kPatterns) return Error{Fault::stop, "there are more than 1000 patterns"};
  PathPatterns made;
  for (const auto& given : patterns) {
    const bool leaves_out = given.starts_with('!');
    const std::string text = given.substr(leaves_out ? 1 : 0);
    if (text.empty()) return wrong(given, "is empty");
    if (text.size() > kPatternBytes) return wrong(given.substr(0, 40) + "…", "is too long");
    std::vector<std::string> alternatives;
    std::string_view problem;
    if (!expand(text, alternatives, problem)) return wrong(given, problem);
    for (const auto& alternative : alternatives) {
      auto pattern = parse_pattern(alternative);
      if (!pattern) return wrong(given, "has a [ without its ]");
      (leaves_out ? made.left_out_ : made.wanted_).push_back(std::move(*pattern));
    }
  }
  return made;
}

bool PathPatterns::matches(std::string_view path) const {
  if (wanted_.empty() && left_out_.empty()) return true;
  const Parts parts = parts_of(path);
  return (wanted_.empty() || any_matches(wanted_, parts)) && !any_matches(left_out_, parts);
}

bool PathPatterns::leaves_out_folder(std::string_view path) const {
  if (left_out_.empty()) return false;
  const Parts parts = parts_of(path);
  return std::any_of(left_out_.begin(), left_out_.end(), [&](const Pattern& pattern) {
    const auto size = pattern.size();
    const bool is_below = size >= 2 && pattern[size - 2].empty() && pattern[size - 1].size() == 1 &&
                          pattern[size - 1].front().kind == Token::Kind::star;
    return is_below && matches_parts(std::span(pattern).first(size - 1), parts);
  });
}

}  // namespace cdviz
