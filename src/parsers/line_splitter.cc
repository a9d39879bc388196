#include "parsers/line_splitter.h"

#include <algorithm>
#include <utility>

namespace cdviz::parsers {

std::size_t LineSplitter::end_of_line() { return piece_.find('\n'); }

/// A quote opens only where a field begins: one in the middle of a word is a character, and does
/// not swallow the rows that follow.
std::size_t LineSplitter::end_of_record() {
  for (std::size_t i = 0; i < piece_.size(); ++i) {
    const char c = piece_[i];
    if (quoted_) {
      if (c == '"') quoted_ = false;  // a doubled one opens it again
      field_begins_ = c == '"';
      continue;
    }
    if (c == '\n') {
      field_begins_ = true;
      return i;
    }
    if (c == '"' && field_begins_) quoted_ = true;
    field_begins_ = c == ',';
  }
  return std::string_view::npos;
}

void LineSplitter::keep(std::string_view bytes) {
  bytes_ += bytes.size();
  if (bytes_ > line_bytes_max_) {
    line_ += bytes.substr(0, kShownBytes - std::min(kShownBytes, line_.size()));
    line_.resize(std::min(line_.size(), kShownBytes));
    line_.shrink_to_fit();
  } else {
    line_ += bytes;
  }
}

LineSplitter::Line LineSplitter::give(std::string_view text, bool newline) {
  Line line{.text = text, .begin = place_, .end = place_ + bytes_ + (newline ? 1 : 0)};
  if (bytes_ > line_bytes_max_) {
    line.is_too_long = true;
    line.text = text.substr(0, kShownBytes);
  }
  place_ = line.end;
  bytes_ = 0;
  return line;
}

std::optional<LineSplitter::Line> LineSplitter::next() {
  const std::size_t end = ends_ == Ends::newline ? end_of_line() : end_of_record();
  if (end == std::string_view::npos) {
    keep(piece_);
    piece_ = {};
    return std::nullopt;
  }
  const std::string_view found = piece_.substr(0, end);
  piece_.remove_prefix(end + 1);
  if (bytes_ == 0) {
    bytes_ = found.size();
    return give(found, true);
  }
  keep(found);
  given_ = std::exchange(line_, {});
  return give(given_, true);
}

std::optional<LineSplitter::Line> LineSplitter::rest() {
  if (bytes_ == 0) return std::nullopt;
  given_ = std::exchange(line_, {});
  quoted_ = false;
  field_begins_ = true;
  return give(given_, false);
}

}  // namespace cdviz::parsers
