// Lists and labels that somebody sent, with a bound to each.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/lua/encode.h"
#include "transforms/lua/engine.h"
#include "transforms/lua/library.h"
#include "transforms/lua/view.h"

namespace cdviz::transforms::lua {
namespace {

/// In which label() looks for a name.
constexpr lua_Integer kManyObjects = 4;

/// The iterator: (list, number of the one before) → number, element. Upvalue 1 is the bound.
int next_element(lua_State* state) {
  const lua_Integer number = luaL_checkinteger(state, 2) + 1;
  if (number > lua_tointeger(state, lua_upvalueindex(1))) {
    lua_pushnil(state);
    return 1;
  }
  lua_pushinteger(state, number);
  push_element(state, 1, number);
  if (!lua_isnil(state, -1)) return 2;
  return 1;  // the nil
}

int each(lua_State* state) {
  const lua_Integer bound = luaL_optinteger(state, 2, kManyElements);
  lua_settop(state, 1);
  lua_pushinteger(state, is_list(state, 1) ? bound : 0);
  lua_pushcclosure(state, &next_element, 1);
  lua_pushvalue(state, 1);
  lua_pushinteger(state, 0);
  return 3;
}

int texts(lua_State* state) {
  const std::string_view path =
      lua_isnoneornil(state, 2) ? std::string_view{} : text_argument(state, 2);
  lua_settop(state, 2);
  lua_newtable(state);
  mark_as_array(state);
  if (!is_list(state, 1)) return 1;
  lua_Integer count = 0;
  for (lua_Integer number = 1; number <= kManyElements; ++number) {
    push_element(state, 1, number);
    if (lua_isnil(state, -1)) break;
    if (!path.empty()) push_at_path(state, -1, path);
    if (is_text(state, -1, kTextBytes)) lua_rawseti(state, 3, ++count);
    lua_settop(state, 3);
  }
  lua_settop(state, 3);
  return 1;
}

/// Pushes the member of an object, a view or a table; nil when there is none.
void push_member(lua_State* state, int object, std::string_view name) {
  if (View* view = view_at(state, object)) {
    push_child(state, *view, name);
  } else if (lua_type(state, object) == LUA_TTABLE) {
    push(state, name);
    lua_rawget(state, object);
  } else {
    lua_pushnil(state);
  }
}

/// Calls `use(name)` for names in the order of the document, of a table in that of the alphabet,
/// until it is false.
template <class Use>
void for_each_name(lua_State* state, int object, Use use) {
  if (const View* view = view_at(state, object)) {
    const ParsedJson& document = *view->document;
    if (document.kind(view->at) != ParsedJson::Kind::object) return;
    for (auto at = ParsedJson::first(view->at); at < document.end(view->at);
         at = document.after(at + 1)) {
      Engine::of(state).charge(1);
      if (!use(document.string(at))) return;
    }
    return;
  }
  if (lua_type(state, object) != LUA_TTABLE || is_list(state, object)) return;
  std::vector<std::string_view> names;  // of keys of the table, which keeps them
  for (lua_pushnil(state); lua_next(state, object) != 0; lua_pop(state, 1)) {
    Engine::of(state).charge(1);
    if (lua_type(state, -2) == LUA_TSTRING) names.push_back(text_at(state, -2));
  }
  std::sort(names.begin(), names.end());
  for (const auto name : names) {
    if (!use(name)) return;
  }
}

int labels(lua_State* state) {
  lua_settop(state, 1);
  lua_newtable(state);
  lua_Integer count = 0;
  for_each_name(state, 1, [&](std::string_view name) {
    push(state, name);
    push_member(state, 1, name);
    if (!is_text(state, -1, kTextBytes)) {
      lua_settop(state, 2);
      return true;
    }
    lua_rawset(state, 2);
    return ++count < kManyElements;
  });
  if (count == 0) lua_pushnil(state);
  return 1;
}

/// Pushes the member `name` of the object at 1, or of the first of the objects in a table there, in
/// which it is a text. @returns false when there is none, and nothing is pushed
bool push_label(lua_State* state, std::string_view name) {
  const int top = lua_gettop(state);
  push_member(state, 1, name);
  if (is_text(state, -1, kTextBytes)) return true;
  lua_settop(state, top);
  if (lua_type(state, 1) != LUA_TTABLE) return false;
  for (lua_Integer number = 1; number <= kManyObjects; ++number) {
    lua_rawgeti(state, 1, number);  // may be nil before the last one
    push_member(state, top + 1, name);
    if (is_text(state, -1, kTextBytes)) return true;
    lua_settop(state, top);
  }
  return false;
}

int label(lua_State* state) {
  const int count = lua_gettop(state);
  for (int i = 2; i <= count; ++i) {
    if (is_list(state, i)) {
      for (lua_Integer number = 1; number <= kManyElements; ++number) {
        push_element(state, i, number);
        if (lua_isnil(state, -1)) break;
        const bool is_name = lua_type(state, -1) == LUA_TSTRING;
        if (is_name && push_label(state, text_at(state, -1))) return 1;
        lua_settop(state, count);
      }
      lua_settop(state, count);
    } else if (lua_type(state, i) == LUA_TSTRING && push_label(state, text_at(state, i))) {
      return 1;
    }
  }
  lua_pushnil(state);
  return 1;
}

constexpr std::array kFunctions = {
    Function{.name = "each",
             .call = &each,
             .signature = "each(list [, most])",
             .help = "For a loop over the numbers and elements of a list, 100 of them at most, or "
                     "as many as `most` says; over nothing when it is no list. What must not be "
                     "cut off, such as one event of each, is for `ipairs`.",
             .example = "for _, image in each(get(m.body, \"status.images\")) do … end"},
    Function{.name = "texts",
             .call = &texts,
             .signature = "texts(list [, path])",
             .help = "A list of those of the first 100 elements that are a `text`, or of the texts "
                     "that a path leads to from each; an empty one when there are none.",
             .example = "texts(m.body.labels, \"name\")  -- {\"bug\", \"urgent\"}"},
    Function{.name = "labels",
             .call = &labels,
             .signature = "labels(object)",
             .help =
                 "A table of the members that are a `text`, the first 100; `nil` when there are "
                 "none.",
             .example = "labels(m.body.annotations)  -- { summary = \"Too many errors\" }"},
    Function{.name = "label",
             .call = &label,
             .signature = "label(object, name, …)",
             .help = "The first of these names that is a `text` in the object, or in one of up to "
                     "four objects in a table. Names are taken as they are, with dots and slashes; "
                     "a list of names stands for those in it.",
             .example = "label(alert.labels, values.service_labels or { \"service\", \"app\" })\n"
                        "label({ o.labels, o.annotations }, \"environment\", "
                        "\"app.kubernetes.io/env\")"},
};

}  // namespace

void push_element(lua_State* state, int list, lua_Integer number) {
  if (View* view = view_at(state, list)) {
    push_child(state, *view, number);
  } else {
    lua_rawgeti(state, list, number);
  }
}

Chapter list_functions() {
  return {"Lists and labels",
          "Readers too: what is no list is an empty one, what is no object has no labels.",
          kFunctions};
}

}  // namespace cdviz::transforms::lua
