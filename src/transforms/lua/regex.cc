#include "transforms/lua/regex.h"

#include <re2/re2.h>

namespace cdviz::transforms::lua {
namespace {

/// Memory of one pattern: its program and what it learns while matching.
constexpr std::int64_t kPatternMemory = std::int64_t{1} << 20;

Error wrong(std::string message) { return {Fault::reject, std::move(message)}; }

/// %a and its like, for use within brackets.
std::string_view class_of(char letter) {
  switch (letter) {
    case 'a':
      return "[:alpha:]";
    case 'c':
      return "[:cntrl:]";
    case 'd':
      return "[:digit:]";
    case 'g':
      return "[:graph:]";
    case 'l':
      return "[:lower:]";
    case 'p':
      return "[:punct:]";
    case 's':
      return "[:space:]";
    case 'u':
      return "[:upper:]";
    case 'w':
      return "[:alnum:]";
    case 'x':
      return "[:xdigit:]";
    default:
      return {};
  }
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

void append_literal(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  const bool plain = is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == ' ';
  if (plain) {
    out += c;
    return;
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\x";
  out += kHex[byte >> 4U];
  out += kHex[byte & 15U];
}

class Translator {
 public:
  explicit Translator(std::string_view pattern) : pattern_(pattern) {}

  Result<std::string> translate() {
    std::size_t depth = 0;
    if (at_ < pattern_.size() && pattern_[at_] == '^') {
      out_ += "\\A";
      ++at_;
    }
    while (at_ < pattern_.size()) {
      const char c = pattern_[at_];
      if (c == '(') {
        if (pattern_.substr(at_, 2) == "()")
          return wrong("position captures, \"()\", are not available");
        out_ += c;
        ++at_;
        ++depth;
      } else if (c == ')') {
        if (depth == 0) return wrong("the pattern closes what was not opened");
        out_ += c;
        ++at_;
        --depth;
      } else if (c == '$' && at_ + 1 == pattern_.size()) {
        out_ += "\\z";
        ++at_;
      } else if (auto single = one(); !single) {
        return single.error();
      } else {
        repetition();
      }
    }
    if (depth != 0) return wrong("the pattern has a capture that is not closed");
    return std::move(out_);
  }

 private:
  /// One character or class.
  Result<void> one() {
    const char c = pattern_[at_++];
    if (c == '.') {
      out_ += "(?s:.)";
    } else if (c == '[') {
      return set();
    } else if (c != '%') {
      append_literal(out_, c);
    } else {
      if (at_ == pattern_.size()) return wrong("the pattern ends with '%'");
      const char what = pattern_[at_++];
      if (what == 'b' || what == 'f' || (what >= '0' && what <= '9')) {
        return wrong(std::string("%") + what + " is not available in patterns; see re");
      }
      append_class(what, false);
    }
    return {};
  }

  /// What stands behind '%'.
  void append_class(char what, bool in_set) {
    const bool is_upper = what >= 'A' && what <= 'Z';
    const auto name = class_of(is_upper ? static_cast<char>(what | 0x20) : what);
    if (name.empty()) return append_literal(out_, what);
    std::string text(name);
    if (is_upper) text.insert(2, "^");  // [:^alpha:]
    out_ += in_set ? text : "[" + text + "]";
  }

  Result<void> set() {
    out_ += '[';
    if (at_ < pattern_.size() && pattern_[at_] == '^') {
      out_ += '^';
      ++at_;
    }
    bool is_first = true;
    for (;; is_first = false) {
      if (at_ >= pattern_.size()) return wrong("the pattern has a set that is not closed");
      const char c = pattern_[at_++];
      if (c == ']' && !is_first) break;
      if (c == '%') {
        if (at_ >= pattern_.size()) return wrong("the pattern ends with '%'");
        append_class(pattern_[at_++], true);
        continue;
      }
      append_literal(out_, c);
      const bool is_range =
          at_ + 1 < pattern_.size() && pattern_[at_] == '-' && pattern_[at_ + 1] != ']';
      if (is_range) {
        const char last = pattern_[at_ + 1];
        if (static_cast<unsigned char>(last) < static_cast<unsigned char>(c)) {
          return wrong("the pattern has a range that is empty");
        }
        out_ += '-';
        append_literal(out_, last);
        at_ += 2;
      }
    }
    out_ += ']';
    return {};
  }

  void repetition() {
    if (at_ >= pattern_.size()) return;
    switch (pattern_[at_]) {
      case '*':
      case '+':
      case '?':
        out_ += pattern_[at_++];
        return;
      case '-':
        out_ += "*?";
        ++at_;
        return;
      default:
        return;
    }
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

Result<std::string> from_lua_pattern(std::string_view pattern) {
  return Translator(pattern).translate();
}

Patterns::Patterns() = default;
Patterns::~Patterns() = default;

Result<std::shared_ptr<const re2::RE2>> Patterns::get(std::string_view pattern, Syntax syntax) {
  if (pattern.size() > kPatternBytes) {
    return wrong("a pattern is larger than " + std::to_string(kPatternBytes) + " bytes");
  }
  std::string key = syntax == Syntax::lua ? "l" : "r";
  key += pattern;
  if (const auto found = compiled_.find(key); found != compiled_.end()) return found->second;
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kPatternMemory);
  std::string text(pattern);
  if (syntax == Syntax::lua) {
    options.set_encoding(re2::RE2::Options::EncodingLatin1);  // bytes, as in Lua
    auto translated = from_lua_pattern(pattern);
    if (!translated) return translated.error();
    text = std::move(*translated);
  }
  auto made = std::make_shared<const re2::RE2>(text, options);
  if (!made->ok()) return wrong("the pattern is none: " + made->error());
  if (made->ProgramSize() > kProgram || made->NumberOfCapturingGroups() > kCaptures) {
    return wrong("the pattern is too large: repetitions multiply, and it has at most " +
                 std::to_string(kCaptures) + " captures");
  }
  if (compiled_.size() >= kPatterns) compiled_.clear();
  compiled_.emplace(std::move(key), made);
  return std::shared_ptr<const re2::RE2>(std::move(made));
}

}  // namespace cdviz::transforms::lua
