#include "transforms/basic/pointer.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "core/json_spans.h"

namespace cdviz::transforms::basic {
namespace {

std::string unescaped(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1')) {
      out += token[++i] == '0' ? '~' : '/';
    } else {
      out += token[i];
    }
  }
  return out;
}

std::optional<json::Value> child_of(json::Value value, const std::string& name) {
  if (value.is_object()) return value.find(name);
  if (value.kind() != json::Kind::array) return std::nullopt;
  std::size_t wanted = 0;
  const auto read = std::from_chars(name.data(), name.data() + name.size(), wanted);
  if (read.ec != std::errc{} || read.ptr != name.data() + name.size()) return std::nullopt;
  for (const auto child : value.children()) {
    if (wanted-- == 0) return child;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> text_at(std::string_view text, std::string_view pointer) {
  const auto tree = json::Tree::read(text);
  if (!tree) return std::nullopt;
  std::optional<json::Value> value = tree->root();
  while (value && !pointer.empty()) {
    pointer.remove_prefix(1);
    const auto end = std::min(pointer.find('/'), pointer.size());
    value = child_of(*value, unescaped(pointer.substr(0, end)));
    pointer.remove_prefix(end);
  }
  if (!value || value->is_null()) return std::nullopt;
  return value->is_string() ? value->string() : std::string(value->text());
}

bool is_pointer(std::string_view text) { return text.empty() || text.front() == '/'; }

}  // namespace cdviz::transforms::basic
