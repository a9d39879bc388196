#include "parsers/split.h"

#include <array>
#include <optional>

namespace cdviz::parsers {
namespace {

using Form = Documents::Form;

constexpr bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// What a byte outside of a string means to the scanner.
enum class Mark : std::uint8_t { other, quote, open_object, open_array, close_object, close_array };

constexpr std::array<Mark, 256> kMarks = [] {
  std::array<Mark, 256> marks{};
  marks['"'] = Mark::quote;
  marks['{'] = Mark::open_object;
  marks['['] = Mark::open_array;
  marks['}'] = Mark::close_object;
  marks[']'] = Mark::close_array;
  return marks;
}();

/// Walks over JSON values, by strings and brackets alone.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ == text_.size(); }
  char here() const { return text_[at_]; }
  std::size_t place() const { return at_; }
  void step() { ++at_; }
  void skip_space() {
    while (!at_end() && is_space(here())) ++at_;
  }

  /// Takes the value that starts here; nothing if it does not end or its brackets do not match.
  std::optional<std::string_view> take_value() {
    if (at_end()) return std::nullopt;
    const std::size_t start = at_;
    const char first = here();
    const bool ended = first == '"'                   ? skip_string()
                       : first == '{' || first == '[' ? skip_brackets()
                                                      : skip_word();
    if (!ended) return std::nullopt;
    return text_.substr(start, at_ - start);
  }

 private:
  bool skip_string() {
    for (++at_; !at_end(); ++at_) {
      if (here() == '"') {
        ++at_;
        return true;
      }
      if (here() == '\\' && ++at_ == text_.size()) return false;
    }
    return false;
  }

  /// Without recursion and without a limit to the depth: a document that is too deep is refused by
  /// the inlet, on its own, and its neighbours are not.
  bool skip_brackets() {
    open_.clear();
    while (!at_end()) {
      const Mark mark = kMarks[static_cast<unsigned char>(here())];
      switch (mark) {
        case Mark::other:
          break;
        case Mark::quote:
          if (!skip_string()) return false;
          continue;
        case Mark::open_object:
        case Mark::open_array:
          open_.push_back(mark == Mark::open_object);
          break;
        case Mark::close_object:
        case Mark::close_array:
          if (open_.back() != (mark == Mark::close_object)) return false;
          open_.pop_back();
          if (open_.empty()) {
            ++at_;
            return true;
          }
          break;
      }
      ++at_;
    }
    return false;
  }

  /// A number, true, false, null, or nonsense that the inlet will refuse.
  bool skip_word() {
    const std::size_t start = at_;
    while (!at_end() && !is_space(here()) && here() != ',' && here() != ':' &&
           kMarks[static_cast<unsigned char>(here())] == Mark::other) {
      ++at_;
    }
    return at_ > start;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<bool> open_;  ///< true: an object, false: an array
};

Documents whole(std::string_view body, Form form) { return {form, {body}}; }

Documents split_array(std::string_view body, std::string_view text, std::size_t documents_max) {
  Documents result{Form::array, {}};
  Scanner scanner(text);
  scanner.step();  // the opening bracket
  scanner.skip_space();
  if (!scanner.at_end() && scanner.here() == ']') {
    scanner.step();
    scanner.skip_space();
    return scanner.at_end() ? result : whole(body, Form::malformed);
  }
  for (;;) {
    scanner.skip_space();
    const auto value = scanner.take_value();
    if (!value) return whole(body, Form::malformed);
    if (result.parts.size() == documents_max) return {Form::too_many, {}};
    result.parts.push_back(*value);
    scanner.skip_space();
    if (scanner.at_end()) return whole(body, Form::malformed);
    const char next = scanner.here();
    scanner.step();
    if (next == ',') continue;
    scanner.skip_space();
    if (next == ']' && scanner.at_end()) return result;
    return whole(body, Form::malformed);
  }
}

Documents split_lines(std::string_view text, std::size_t documents_max) {
  Documents result{Form::lines, {}};
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (line.empty()) continue;
    if (result.parts.size() == documents_max) return {Form::too_many, {}};
    result.parts.push_back(line);
  }
  return result;
}

/// True if the first value stands on one line and another one follows on a later line.
bool looks_like_lines(std::string_view text) {
  Scanner scanner(text);
  const auto value = scanner.take_value();
  if (!value || value->find('\n') != std::string_view::npos) return false;
  const std::size_t end = scanner.place();
  scanner.skip_space();
  if (scanner.at_end()) return false;
  return text.substr(end, scanner.place() - end).find('\n') != std::string_view::npos;
}

}  // namespace

Documents split(std::string_view body, Framing framing, std::size_t documents_max) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
  const std::string_view text = trimmed(body);
  if (text.empty()) return {};
  if (framing == Framing::whole) return whole(text, Form::single);
  if (framing == Framing::lines) return split_lines(text, documents_max);
  if (text.front() == '[') return split_array(body, text, documents_max);
  if (framing == Framing::automatic && text.front() == '{' && looks_like_lines(text)) {
    return split_lines(text, documents_max);
  }
  return whole(text, Form::single);
}

}  // namespace cdviz::parsers
