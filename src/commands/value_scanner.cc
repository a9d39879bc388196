#include "commands/value_scanner.h"

namespace cdviz::commands {
namespace {

constexpr bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

ValueScanner::Step ValueScanner::feed(char c) {
  switch (state_) {
    case State::start:
      return start(c);
    case State::word:
      return is_space(c) || c == ',' || c == ']' || c == '}' ? Step::after : Step::inside;
    case State::escape:
      if (c == '\n') return Step::broken;
      state_ = State::text;
      return Step::inside;
    case State::text:
      if (c == '\n') return Step::broken;  // no string goes on over a line's end
      if (c == '\\') state_ = State::escape;
      if (c != '"') return Step::inside;
      state_ = State::brackets;
      return open_.empty() ? Step::last : Step::inside;
    case State::brackets:
      return in_brackets(c);
    case State::nonsense:
      break;
  }
  return c == '\n' ? Step::broken : Step::inside;
}

ValueScanner::Step ValueScanner::start(char c) {
  if (c == '{' || c == '[') {
    state_ = State::brackets;
    return open(c);
  }
  state_ = c == '"' ? State::text : State::word;
  return Step::inside;
}

ValueScanner::Step ValueScanner::in_brackets(char c) {
  if (is_space(c)) {
    is_line_start_ = is_line_start_ || c == '\n';
    return Step::inside;
  }
  const bool is_first = is_line_start_;
  is_line_start_ = false;
  switch (c) {
    case '{':
      if (is_first && !value_may_begin()) return Step::broken;
      return open(c);
    case '[':
      return open(c);
    case '}':
    case ']':
      return close(c);
    case '"':
      state_ = State::text;
      break;
    default:
      break;
  }
  before_ = c;
  return Step::inside;
}

ValueScanner::Step ValueScanner::open(char c) {
  open_.push_back(c == '{');
  before_ = c;
  return Step::inside;
}

ValueScanner::Step ValueScanner::close(char c) {
  if (open_.back() != (c == '}')) {
    state_ = State::nonsense;
    return Step::inside;
  }
  open_.pop_back();
  before_ = c;
  return open_.empty() ? Step::last : Step::inside;
}

bool ValueScanner::value_may_begin() const {
  return open_.back() ? before_ == ':' : before_ == '[' || before_ == ',';
}

}  // namespace cdviz::commands
