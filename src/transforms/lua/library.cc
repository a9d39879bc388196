#include "transforms/lua/library.h"

#include <array>
#include <utility>

#include "transforms/lua/engine.h"
#include "transforms/lua/view.h"

namespace cdviz::transforms::lua {
namespace {

int refuse_change(lua_State* state) { return luaL_error(state, "the library cannot be changed"); }

/// Replaces the table on top of the stack by one that shows it and cannot be changed.
void make_read_only(lua_State* state) {
  lua_newtable(state);
  lua_createtable(state, 0, 3);
  lua_pushvalue(state, -3);
  lua_setfield(state, -2, "__index");
  lua_pushcfunction(state, &refuse_change);
  lua_setfield(state, -2, "__newindex");
  lua_pushboolean(state, 0);
  lua_setfield(state, -2, "__metatable");
  lua_setmetatable(state, -2);
  lua_remove(state, -2);
}

void add_function(lua_State* state, int globals, const Function& function) {
  const auto dot = function.name.find('.');
  if (dot == std::string_view::npos) {
    push(state, function.name);
    lua_pushcfunction(state, function.call);
    lua_rawset(state, globals);
    return;
  }
  push(state, function.name.substr(0, dot));
  if (lua_rawget(state, globals) == LUA_TNIL) {
    lua_pop(state, 1);
    push(state, function.name.substr(0, dot));
    lua_newtable(state);
    lua_pushvalue(state, -1);
    lua_insert(state, -3);  // table, name, table
    lua_rawset(state, globals);
  }
  push(state, function.name.substr(dot + 1));
  lua_pushcfunction(state, function.call);
  lua_rawset(state, -3);
  lua_pop(state, 1);
}

}  // namespace

std::span<const Chapter> library() {
  static const std::array kChapters = {value_functions(),   reader_functions(), list_functions(),
                                       event_functions(),   purl_functions(),   time_functions(),
                                       pattern_functions(), text_functions(),   data_functions()};
  return kChapters;
}

void open_library(lua_State* state) {
  open_events(state);
  open_outgoing(state);
  lua_newtable(state);
  const int globals = lua_gettop(state);
  push_null(state);
  lua_setfield(state, globals, "null");
  open_standard_library(state, globals);
  for (const Chapter& chapter : library()) {
    for (const Function& function : chapter.functions) add_function(state, globals, function);
  }
  for (lua_pushnil(state); lua_next(state, globals) != 0;) {
    if (lua_type(state, -1) != LUA_TTABLE) {
      lua_pop(state, 1);
      continue;
    }
    make_read_only(state);
    lua_pushvalue(state, -2);
    lua_insert(state, -2);
    lua_rawset(state, globals);  // a field that is there: the traversal goes on
  }
}

std::string library_page() {
  std::string out =
      "<!-- Written by `cdviz-collector reference` from the library's code: do not edit. -->\n"
      "# Library of the Lua transformer\n\n"
      "What a script has besides the language itself ([Lua 5.4](https://www.lua.org/manual/5.4/)). "
      "How to write one: [transformers](../transformers.md). In the examples `--` stands before "
      "what comes out.\n";
  for (const Chapter& chapter : library()) {
    out += "\n## " + std::string(chapter.title) + "\n\n" + std::string(chapter.text) + "\n";
    for (const Function& function : chapter.functions) {
      out +=
          "\n### `" + std::string(function.signature) + "`\n\n" + std::string(function.help) + "\n";
      if (!function.example.empty()) {
        out += "\n```lua\n" + std::string(function.example) + "\n```\n";
      }
    }
  }
  return out;
}

}  // namespace cdviz::transforms::lua
