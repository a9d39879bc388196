#include "core/json_spans.h"

#include <algorithm>
#include <array>
#include <limits>

#include "core/json_text.h"
#include "core/limits.h"

namespace cdviz::json {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool ends_scalar(char c) { return is_space(c) || c == ',' || c == ']' || c == '}' || c == ':'; }

/// The value of four hex digits at `at`; 0 when they are not there.
unsigned hex4(std::string_view text, std::size_t at) {
  unsigned value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const char c = i < text.size() ? text[i] : 'x';
    if (c >= '0' && c <= '9') {
      value = value * 16 + static_cast<unsigned>(c - '0');
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
      value = value * 16 + static_cast<unsigned>((c | 0x20) - 'a' + 10);
    } else {
      return 0;
    }
  }
  return value;
}

void append_utf8(std::string& out, unsigned code) {
  const auto byte = [&](unsigned value) { out += static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xc0U | code >> 6U);
    byte(0x80U | (code & 0x3fU));
  } else if (code < 0x10000) {
    byte(0xe0U | code >> 12U);
    byte(0x80U | (code >> 6U & 0x3fU));
    byte(0x80U | (code & 0x3fU));
  } else {
    byte(0xf0U | code >> 18U);
    byte(0x80U | (code >> 12U & 0x3fU));
    byte(0x80U | (code >> 6U & 0x3fU));
    byte(0x80U | (code & 0x3fU));
  }
}

/// Takes the escape at `at`, a backslash. @returns where the text goes on
std::size_t append_escape(std::string& out, std::string_view text, std::size_t at) {
  constexpr std::string_view kLetters = "bfnrt";
  constexpr std::string_view kMeant = "\b\f\n\r\t";
  const char c = at + 1 < text.size() ? text[at + 1] : '\\';
  if (c != 'u') {
    const auto letter = kLetters.find(c);
    out += letter == std::string_view::npos ? c : kMeant[letter];
    return at + 2;
  }
  unsigned code = hex4(text, at + 2);
  std::size_t end = at + 6;
  if (code >= 0xd800 && code <= 0xdbff && text.substr(std::min(end, text.size()), 2) == "\\u") {
    const unsigned low = hex4(text, end + 2);
    if (low >= 0xdc00 && low <= 0xdfff) {
      code = 0x10000 + ((code - 0xd800) << 10U) + (low - 0xdc00);
      end += 6;
    }
  }
  // A lone surrogate is no character: what cannot be encoded is replaced, as everywhere.
  append_utf8(out, code >= 0xd800 && code <= 0xdfff ? 0xfffd : code);
  return end;
}

/// @param quoted  a JSON string with its quotes
std::string decode(std::string_view quoted) {
  if (quoted.size() < 2) return {};
  const std::string_view text = quoted.substr(1, quoted.size() - 2);
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t escape = std::min(text.find('\\', i), text.size());
    out += text.substr(i, escape - i);
    i = escape < text.size() ? append_escape(out, text, escape) : escape;
  }
  return out;
}

bool decodes_to(std::string_view quoted, std::string_view wanted) {
  if (quoted.size() < 2) return false;
  const std::string_view text = quoted.substr(1, quoted.size() - 2);
  if (text == wanted) return text.find('\\') == std::string_view::npos;
  return text.size() > wanted.size() && text.find('\\') != std::string_view::npos &&
         decode(quoted) == wanted;
}

}  // namespace

/// Reads a text from left to right into the nodes of a tree, without recursion.
class Reader {
 public:
  explicit Reader(Tree& tree) : tree_(tree), text_(tree.text_) {}

  bool read() {
    skip_space();
    if (!read_value()) return false;
    while (depth_ > 0) {
      if (!read_next()) return false;
    }
    skip_space();
    return at_ == text_.size();
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  std::uint32_t here() const { return static_cast<std::uint32_t>(at_); }

  /// Behind the string that starts here: at the first quote with an even number of backslashes
  /// before it.
  bool skip_string() {
    const std::size_t begin = at_ + 1;
    for (std::size_t quote = begin;; ++quote) {
      quote = text_.find('"', quote);
      if (quote == std::string_view::npos) return false;
      std::size_t backslashes = 0;
      while (quote - backslashes > begin && text_[quote - backslashes - 1] == '\\') ++backslashes;
      if (backslashes % 2 == 0) {
        at_ = quote + 1;
        return true;
      }
    }
  }

  /// A scalar whole, the opening bracket of the others.
  bool read_value(std::uint32_t name_begin = 0, std::uint32_t name_end = 0) {
    if (tree_.nodes_.size() == limits::kJsonValues) return false;
    const auto index = static_cast<std::uint32_t>(tree_.nodes_.size());
    const std::uint32_t begin = here();
    const std::uint32_t parent = depth_ == 0 ? 0 : open_[depth_ - 1];
    const char c = peek();
    Kind kind = Kind::number;
    if (c == '{' || c == '[') {
      if (depth_ == open_.size()) return false;
      kind = c == '{' ? Kind::object : Kind::array;
      open_[depth_++] = index;
      fresh_ = true;
      ++at_;
    } else if (c == '"') {
      kind = Kind::string;
      if (!skip_string()) return false;
    } else {
      while (at_ < text_.size() && !ends_scalar(text_[at_])) ++at_;
      if (at_ == begin) return false;
      if (c == 'n') kind = Kind::null;
      if (c == 't' || c == 'f') kind = Kind::boolean;
    }
    tree_.nodes_.push_back({.begin = begin,
                            .end = here(),
                            .name_begin = name_begin,
                            .name_end = name_end,
                            .parent = parent,
                            .after = index + 1,
                            .kind = kind});
    return true;
  }

  /// What follows in the array or object that is open: its end, or its next value.
  bool read_next() {
    const std::uint32_t open = open_[depth_ - 1];
    const bool is_object = tree_.nodes_[open].kind == Kind::object;
    skip_space();
    if (peek() == (is_object ? '}' : ']')) {
      ++at_;
      tree_.nodes_[open].end = here();
      tree_.nodes_[open].after = static_cast<std::uint32_t>(tree_.nodes_.size());
      --depth_;
      fresh_ = false;
      return true;
    }
    if (!fresh_) {
      if (peek() != ',') return false;
      ++at_;
      skip_space();
    }
    fresh_ = false;
    if (!is_object) return read_value();
    const std::uint32_t name_begin = here();
    if (peek() != '"' || !skip_string()) return false;
    const std::uint32_t name_end = here();
    skip_space();
    if (peek() != ':') return false;
    ++at_;
    skip_space();
    return read_value(name_begin, name_end);
  }

  Tree& tree_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::array<std::uint32_t, limits::kJsonDepth> open_{};  ///< arrays and objects not yet ended
  std::size_t depth_ = 0;
  bool fresh_ = false;  ///< the innermost of them has no value yet
};

std::optional<Tree> Tree::read(std::string_view json) {
  if (json.size() > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  Tree tree(json);
  tree.nodes_.reserve(std::min(json.size() / 16 + 8, limits::kJsonValues));
  if (!Reader(tree).read()) return std::nullopt;
  return tree;
}

Kind Value::kind() const { return tree_->nodes_[index_].kind; }

std::string_view Value::text() const {
  const auto& node = tree_->nodes_[index_];
  return tree_->span(node.begin, node.end);
}

std::string Value::string() const { return is_string() ? decode(text()) : std::string(); }

bool Value::is(std::string_view wanted) const { return is_string() && decodes_to(text(), wanted); }

std::string Value::name() const {
  const auto& node = tree_->nodes_[index_];
  return decode(tree_->span(node.name_begin, node.name_end));
}

bool Value::is_named(std::string_view wanted) const {
  const auto& node = tree_->nodes_[index_];
  return decodes_to(tree_->span(node.name_begin, node.name_end), wanted);
}

Children Value::children() const { return {*tree_, index_ + 1, tree_->nodes_[index_].after}; }

std::optional<Value> Value::find(std::string_view name) const {
  std::optional<Value> found;
  if (!is_object()) return found;
  for (const Value member : children()) {
    if (member.is_named(name)) found = member;
  }
  return found;
}

Children::Iterator& Children::Iterator::operator++() {
  index_ = tree_->nodes_[index_].after;
  return *this;
}

void Editor::replace(Value value, std::string json) {
  const auto& node = tree_->nodes_[value.index_];
  edits_.push_back({node.begin, node.end, std::move(json)});
}

void Editor::rename(Value member, std::string_view name) {
  const auto& node = tree_->nodes_[member.index_];
  edits_.push_back({node.name_begin, node.name_end, json_string(name)});
}

void Editor::remove(Value value) {
  containers_[tree_->nodes_[value.index_].parent].removed.push_back(value.index_);
}

void Editor::append(Value object, std::string_view name, std::string_view json) {
  const auto& node = tree_->nodes_[object.index_];
  std::string colon = ":";
  if (node.after != object.index_ + 1) {
    const auto& first = tree_->nodes_[object.index_ + 1];
    colon = tree_->span(first.name_end, first.begin);
    if (colon.size() > 8) colon = ": ";
  }
  containers_[object.index_].appended.push_back(json_string(name) + colon + std::string(json));
}

void Editor::add_changes_of(std::uint32_t index, const Container& container,
                            std::vector<Edit>& edits) const {
  const auto& nodes = tree_->nodes_;
  std::vector<std::uint32_t> removed = container.removed;
  std::sort(removed.begin(), removed.end());
  // Before the first value that stays, each removed one takes the comma behind it along; after it,
  // the comma before it. The ranges touch, but never overlap.
  bool some_stay = false;
  std::size_t end = nodes[index].begin + 1;  // of the last child
  for (std::uint32_t child = index + 1; child != nodes[index].after; child = nodes[child].after) {
    const std::size_t end_before = end;
    end = nodes[child].end;
    if (!std::binary_search(removed.begin(), removed.end(), child)) {
      some_stay = true;
    } else if (some_stay) {
      edits.push_back({end_before, end, ""});
    } else {
      const std::uint32_t next = nodes[child].after;
      const bool last = next == nodes[index].after;
      edits.push_back(
          {tree_->outer_begin(nodes[child]), last ? end : tree_->outer_begin(nodes[next]), ""});
    }
  }
  std::string space;
  if (nodes[index].after != index + 1) {
    space = tree_->span(nodes[index].begin + 1, tree_->outer_begin(nodes[index + 1]));
    if (space.size() > 64) space.clear();
  }
  for (const std::string& member : container.appended) {
    std::string text;
    if (some_stay) text.append(",").append(space);
    edits.push_back({end, end, text.append(member)});
    some_stay = true;
  }
}

std::string Editor::print() const {
  std::vector<Edit> edits = edits_;
  for (const auto& [index, container] : containers_) add_changes_of(index, container, edits);
  // The widest first where several begin: the others lie in it.
  std::stable_sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) {
    const bool a_inserts = a.begin == a.end;
    const bool b_inserts = b.begin == b.end;
    if (a.begin != b.begin) return a.begin < b.begin;
    if (a_inserts != b_inserts) return a_inserts;
    return a.end > b.end;
  });
  std::string out;
  out.reserve(tree_->text_.size() + 64 * edits.size());
  std::size_t at = 0;
  for (const Edit& edit : edits) {
    if (edit.begin < at) continue;
    out += tree_->text_.substr(at, edit.begin - at);
    out += edit.text;
    at = edit.end;
  }
  out += tree_->text_.substr(at);
  return out;
}

}  // namespace cdviz::json
