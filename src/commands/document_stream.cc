#include "commands/document_stream.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "commands/value_scanner.h"

namespace cdviz::commands {
namespace {

constexpr std::size_t kChunkBytes = 256 * 1024;

constexpr bool is_blank(char c) { return c == ' ' || c == '\r' || c == '\t'; }
constexpr bool is_space(char c) { return is_blank(c) || c == '\n'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

DocumentStream::DocumentStream(ReadBytes read, Framing framing, std::size_t document_bytes_max)
    : read_(std::move(read)), framing_(framing), document_bytes_max_(document_bytes_max) {}

Result<std::optional<Document>> DocumentStream::next() {
  const bool is_first = std::exchange(at_start_, false);
  if (is_first) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (has(2) && std::string_view(buffer_).starts_with(kByteOrderMark)) consume(3);
  }
  auto document = take_any(is_first);
  if (error_) return *error_;
  return document;
}

std::optional<Document> DocumentStream::take_any(bool is_first) {
  for (;;) {
    if (framing_ == Framing::lines) return take_line();
    skip_space();
    if (array_) {
      if (auto document = take_element()) return document;
      continue;  // the array has ended
    }
    if (!has(0)) return std::nullopt;
    if (at(0) == '[') {
      consume(1);
      array_ = Expects::first;
      is_first = false;
      continue;
    }
    if (is_first && framing_ == Framing::automatic) return take_first();
    if (at(0) != '{' && at(0) != '"') return take_line();
    bool is_whole = false;
    return take_value(is_whole);
  }
}

/// Whether there is a byte; reads what is needed for that.
bool DocumentStream::has(std::size_t offset) {
  while (buffer_.size() - start_ <= offset) {
    if (at_end_) return false;
    buffer_.erase(0, std::exchange(start_, 0));
    const std::size_t kept = buffer_.size();
    buffer_.resize(kept + kChunkBytes);
    const auto count = read_(std::span(buffer_).subspan(kept));
    buffer_.resize(kept + (count ? *count : 0));
    if (!count) error_ = count.error();
    at_end_ = !count || *count == 0;
    bytes_ += count ? *count : 0;
  }
  return true;
}

void DocumentStream::consume(std::size_t count) {
  const auto from = buffer_.begin() + static_cast<std::ptrdiff_t>(start_);
  const auto lines = std::count(from, from + static_cast<std::ptrdiff_t>(count), '\n');
  line_ += static_cast<std::size_t>(lines);
  start_ += count;
}

void DocumentStream::skip_space() {
  std::size_t length = 0;
  while (has(length) && is_space(at(length))) {
    if (++length == kChunkBytes) {
      consume(length);
      length = 0;
    }
  }
  consume(length);
}

Document DocumentStream::cut(std::size_t line, std::size_t length, bool is_large) {
  Document document{.line = line};
  const auto text = std::string_view(buffer_).substr(start_, length);
  if (is_large) {
    document.problem =
        Problem{"", "too_large",
                fmt::format("is larger than {} bytes, which is all that is looked at (--max-bytes)",
                            document_bytes_max_)};
  } else {
    document.text = trimmed(text);
  }
  consume(length);
  return document;
}

Document DocumentStream::complaint(const char* message) const {
  return {.line = line_, .problem = Problem{"", "json", message}};
}

std::optional<Document> DocumentStream::take_line() {
  skip_space();
  if (!has(0)) return std::nullopt;
  const std::size_t line = line_;
  std::size_t length = 0;
  bool is_large = false;
  while (has(length)) {
    const auto end = buffer_.find('\n', start_ + length);
    length = std::min(end, buffer_.size()) - start_;
    if (length > document_bytes_max_) {
      is_large = true;
      consume(length);
      length = 0;
    }
    if (end != std::string::npos) break;
  }
  return cut(line, length, is_large);
}

/// The value that starts here. @param is_whole  whether its brackets are closed
Document DocumentStream::take_value(bool& is_whole) {
  using Step = ValueScanner::Step;
  const std::size_t line = line_;
  ValueScanner scanner;
  std::size_t length = 0;
  bool is_large = false;
  Step step = Step::inside;
  while (step == Step::inside && has(length)) {
    step = scanner.feed(at(length));
    if (step == Step::after || step == Step::broken) break;
    if (++length > document_bytes_max_) {
      is_large = true;
      consume(length);
      length = 0;
    }
  }
  is_whole = step == Step::last || step == Step::after;
  return cut(line, length, is_large);
}

/// The first document of a stream that does not say how it is framed.
Document DocumentStream::take_first() {
  const std::size_t line = line_;
  bool is_whole = false;
  Document document;
  if (at(0) == '{' || at(0) == '"') {
    document = take_value(is_whole);
  } else {
    document = *take_line();  // there is a byte that is no space
  }
  if (line_ > line) return document;  // it has several lines itself
  while (has(0) && is_blank(at(0))) consume(1);
  const bool ends_its_line = !has(0) || at(0) == '\n';
  if (!ends_its_line) return document;
  skip_space();
  if (has(0)) framing_ = Framing::lines;
  return document;
}

/// The next element of the array, or what is wrong with it. @returns nothing at its end
std::optional<Document> DocumentStream::take_element() {
  if (!has(0)) {
    array_.reset();
    return complaint("the array does not end");
  }
  const char c = at(0);
  if (c == ']') {
    consume(1);
    const bool after_comma = *array_ == Expects::element;
    array_.reset();
    if (after_comma) return complaint("an element is missing behind the last comma of the array");
    return std::nullopt;
  }
  if (c == ',') {
    consume(1);
    const bool is_wrong = *array_ == Expects::first || *array_ == Expects::element;
    array_ = Expects::element;
    if (is_wrong) return complaint("an element is missing in front of a comma of the array");
    skip_space();
    return take_element();
  }
  if (*array_ == Expects::comma) {
    array_ = Expects::anything;
    return complaint("a comma is missing between two elements of the array");
  }
  bool is_whole = false;
  Document element = take_value(is_whole);
  array_ = is_whole ? Expects::comma : Expects::anything;
  return element;
}

}  // namespace cdviz::commands
