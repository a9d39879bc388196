#include "parsers/tap.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/json_text.h"
#include "core/utf8.h"
#include "parsers/yaml.h"

namespace cdviz::parsers {
namespace {

constexpr std::size_t kDiagnosticsBytes = std::size_t{1} << 20;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

bool starts_with_word(std::string_view text, std::string_view word) {
  if (text.size() < word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (lower(text[i]) != word[i]) return false;
  }
  return text.size() == word.size() || text[word.size()] == ' ' || text[word.size()] == '\t' ||
         text[word.size()] == ':';
}

/// Takes a number of at most 18 digits at the front.
std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + std::min<std::size_t>(text.size(), 18), number);
  if (error != std::errc() || number < 0 || text.front() == '-') return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

struct Directive {
  std::string_view kind;  ///< "skip", "todo"; empty: none
  std::string_view reason;
};

/// Cuts the directive off: what follows the first '#' that no backslash stands before, if it is
/// one.
Directive take_directive(std::string_view& description) {
  for (std::size_t i = 0; i < description.size(); ++i) {
    if (description[i] == '\\') ++i;
    if (i >= description.size() || description[i] != '#') continue;
    if (i > 0 && description[i - 1] == '\\') continue;
    const auto text = trimmed(description.substr(i + 1));
    for (const std::string_view kind : {"skip", "todo"}) {
      // Some producers write "skipped".
      const bool is_long = kind == "skip" && starts_with_word(text, "skipped");
      if (!is_long && !starts_with_word(text, kind)) continue;
      auto reason = trimmed(text.substr(is_long ? 7 : kind.size()));
      if (reason.starts_with(':')) reason = trimmed(reason.substr(1));
      description = trimmed(description.substr(0, i));
      return {kind, reason};
    }
  }
  return {};
}

std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '#' || text[i + 1] == '\\')) ++i;
    plain += text[i];
  }
  return plain;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  Result<std::string> read() {
    while (!rest_.empty()) {
      const auto line = take_line();
      if (line.starts_with("  ---") && trimmed(line) == "---" && !tests_.empty() && after_test_) {
        diagnostics();
        continue;
      }
      if (line.starts_with(' ') || line.starts_with('\t')) continue;  // a subtest
      after_test_ = false;
      if (take(line)) is_tap_ = true;
      if (count_ > kTapTests) {
        return Error{Fault::reject, fmt::format("has more than {} tests", kTapTests), "too_many"};
      }
    }
    if (!is_tap_) return Error{Fault::reject, "holds no line of TAP", "tap"};
    close_test("null");
    return object();
  }

 private:
  std::string_view take_line() {
    const auto end = rest_.find('\n');
    auto line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  /// @returns false when the line is none of TAP
  bool take(std::string_view line) {
    if (starts_with_word(line, "tap version")) {
      line = trimmed(line.substr(11));
      if (!line.empty()) {
        if (const auto number = take_number(line)) version_ = std::to_string(*number);
      }
      return true;
    }
    if (line.starts_with("Bail out!")) {
      bail_out_ = std::string(trimmed(line.substr(9)));
      return true;
    }
    if (line.starts_with("1..")) return take_plan(line);
    if (starts_with_word(line, "ok")) return take_test(line.substr(2), "ok");
    if (starts_with_word(line, "not ok")) return take_test(line.substr(6), "not_ok");
    return false;
  }

  bool take_plan(std::string_view line) {
    line.remove_prefix(3);
    if (line.empty()) return false;
    const auto end = take_number(line);
    if (!end) return false;
    plan_ = fmt::format("{{\"start\":1,\"end\":{}}}", *end);
    return true;
  }

  bool take_test(std::string_view line, std::string_view status) {
    close_test("null");
    line = trimmed(line);
    if (!line.empty()) {
      if (const auto number = take_number(line)) number_ = *number - 1;
    }
    ++number_;
    ++count_;
    line = trimmed(line);
    if (line.starts_with("- ")) line.remove_prefix(2);
    if (line == "-") line = {};
    line = trimmed(line);
    const Directive directive = take_directive(line);
    if (!tests_.empty()) tests_ += ',';
    tests_ += fmt::format("{{\"number\":{},\"status\":\"{}\",\"description\":", number_, status);
    append_json_string(tests_, unescaped(line));
    tests_ += ",\"directive\":";
    if (directive.kind.empty()) {
      tests_ += "null";
    } else {
      tests_.append("{\"kind\":\"").append(directive.kind).append("\",\"reason\":");
      append_json_string(tests_, directive.reason);
      tests_ += '}';
    }
    is_open_ = after_test_ = true;
    return true;
  }

  /// @param json  of the diagnostics
  void close_test(std::string_view json) {
    if (is_open_) tests_.append(",\"yaml_diagnostics\":").append(json).append("}");
    is_open_ = false;
  }

  /// The YAML block behind a test point, up to "...".
  void diagnostics() {
    std::string yaml;
    while (!rest_.empty()) {
      const auto line = take_line();
      if (trimmed(line) == "...") break;
      yaml.append(line.substr(std::min<std::size_t>(2, line.size()))).append("\n");
    }
    auto documents = yaml_to_json(yaml, kDiagnosticsBytes);
    if (!documents.failed && documents.json.size() == 1) {
      close_test(documents.json.front());
    } else if (yaml.empty()) {
      close_test("null");
    } else {  // of use to people all the same
      close_test(json_string(yaml));
    }
    after_test_ = false;
  }

  std::string object() const {
    std::string json = "{\"version\":" + version_ + ",\"plan\":" + plan_;
    if (bail_out_) {
      json += ",\"bail_out\":";
      append_json_string(json, *bail_out_);
    }
    return json + ",\"tests\":[" + tests_ + "]}";
  }

  std::string_view rest_;
  std::string version_ = "null";
  std::string plan_ = "null";
  std::optional<std::string> bail_out_;
  std::string tests_;
  std::int64_t number_ = 0;  ///< of the last test
  std::size_t count_ = 0;
  bool is_open_ = false;     ///< the last test has no diagnostics yet
  bool after_test_ = false;  ///< nothing but diagnostics may follow
  bool is_tap_ = false;
};

}  // namespace

Result<std::string> tap_to_json(std::string_view text) {
  if (!is_utf8(text)) return Error{Fault::reject, "is not UTF-8", "utf8"};
  return Reader(text).read();
}

}  // namespace cdviz::parsers
