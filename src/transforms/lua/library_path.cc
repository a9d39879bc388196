// Following a path through a value: get(), and all readers.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>

#include "transforms/lua/engine.h"
#include "transforms/lua/library.h"
#include "transforms/lua/view.h"

namespace cdviz::transforms::lua {
namespace {

/// The number of an element, from 1, that a name of a path is.
std::optional<lua_Integer> number_of(std::string_view name, bool zero_based) {
  lua_Integer number = 0;
  const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
  if (read.ec != std::errc{} || read.ptr != name.data() + name.size()) return std::nullopt;
  return zero_based && number < LUA_MAXINTEGER ? number + 1 : number;
}

/// Replaces the value on top of the stack, which is no view, by its child; nil when there is none.
void step(lua_State* state, std::string_view name, bool zero_based) {
  if (lua_type(state, -1) == LUA_TTABLE) {
    push(state, name);
    if (lua_rawget(state, -2) == LUA_TNIL) {
      if (const auto number = number_of(name, zero_based)) {
        lua_pop(state, 1);
        lua_rawgeti(state, -1, *number);
      }
    }
  } else if (lua_type(state, -1) == LUA_TUSERDATA &&
             luaL_getmetafield(state, -1, "__index") != LUA_TNIL) {
    lua_pushvalue(state, -2);  // m and its headers
    push(state, name);
    lua_call(state, 2, 1);
  } else {
    lua_pushnil(state);
  }
  lua_replace(state, -2);
}

/// The names of a path, one after the other.
class Path {
 public:
  explicit Path(std::string_view path) : rest_(path), is_pointer_(path.starts_with('/')) {
    if (is_pointer_) rest_.remove_prefix(1);
  }

  bool is_pointer() const { return is_pointer_; }

  /// Sets `name` to the next one, which lives until the next call. @returns false behind the last
  bool next(std::string_view& name) {
    while (is_first_ || !rest_.empty()) {
      const auto end = std::min(rest_.find_first_of(is_pointer_ ? "/" : ".["), rest_.size());
      name = rest_.substr(0, end);
      rest_.remove_prefix(std::min(end + 1, rest_.size()));
      if (!is_pointer_ && !name.empty() && name.back() == ']') name.remove_suffix(1);
      if (is_pointer_ && name.find('~') != std::string_view::npos) name = unescaped(name);
      const bool is_gap =
          !is_first_ && name.empty() && !is_pointer_;  // "a[1].b": between ']' and '.'
      is_first_ = false;
      if (!is_gap) return true;
    }
    return false;
  }

 private:
  std::string_view unescaped(std::string_view raw) {
    unescaped_.clear();
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] == '~' && i + 1 < raw.size() && (raw[i + 1] == '0' || raw[i + 1] == '1')) {
        unescaped_ += raw[++i] == '0' ? '~' : '/';
      } else {
        unescaped_ += raw[i];
      }
    }
    return unescaped_;
  }

  std::string_view rest_;
  std::string unescaped_;
  bool is_pointer_;
  bool is_first_ = true;
};

/// The child of a value of a document.
std::optional<ParsedJson::Index> child_of(Engine& engine, const ParsedJson& document,
                                          ParsedJson::Index at, std::string_view name,
                                          bool zero_based) {
  if (document.kind(at) == ParsedJson::Kind::object) {
    std::size_t steps = 0;
    const auto member = document.member(at, name, steps);
    engine.charge(steps / 16);
    return member;
  }
  if (document.kind(at) != ParsedJson::Kind::array) return std::nullopt;
  const auto number = number_of(name, zero_based);
  if (!number || *number < 1 || static_cast<std::uint64_t>(*number) > document.count(at)) {
    return std::nullopt;
  }
  engine.charge(static_cast<std::size_t>(*number) / 16);
  auto element = ParsedJson::first(at);
  for (lua_Integer i = 1; i < *number; ++i) element = document.after(element);
  return element;
}

/// Pushes what the rest of a path leads to from a view: no view is made of what lies between.
void push_in_document(lua_State* state, const View& view, Path& path) {
  Engine& engine = Engine::of(state);
  ParsedJson& document = *view.document;
  auto at = std::optional(view.at);
  for (std::string_view name; path.next(name);) {
    at = child_of(engine, document, *at, name, path.is_pointer());
    if (!at) return lua_pushnil(state);
    engine.note_read(document, *at);
  }
  if (document.kind(*at) == ParsedJson::Kind::null) return lua_pushnil(state);
  push_value(state, document, *at);
}

}  // namespace

void push_at_path(lua_State* state, int index, std::string_view path) {
  Engine::of(state).charge(path.size() / 8);
  Path names(path);
  lua_pushvalue(state, index);
  for (;;) {
    if (const View* view = view_at(state, -1)) {
      push_in_document(state, *view, names);
      return lua_remove(state, -2);
    }
    std::string_view name;
    if (!names.next(name)) break;
    step(state, name, names.is_pointer());
    if (lua_isnil(state, -1)) return;
  }
  if (is_null(state, -1)) {
    lua_pop(state, 1);
    lua_pushnil(state);
  }
}

}  // namespace cdviz::transforms::lua
