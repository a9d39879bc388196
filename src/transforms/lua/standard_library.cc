// What stays of Lua's own library (https://www.lua.org/manual/5.4/manual.html#6). Out are those
// that lead out of the sandbox or make a state that outlives the event (io, os, debug, package,
// load, coroutine, collectgarbage, rawset, string.dump), those that differ from run to run
// (math.random), and the pattern functions, which hang on some patterns: ours (patterns.cc) stand
// in their place. The others say how much they will do before they do it: within C no hook counts.
#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/lua/encode.h"
#include "transforms/lua/engine.h"
#include "transforms/lua/library.h"
#include "transforms/lua/view.h"

namespace cdviz::transforms::lua {
namespace {

/// Copies functions of the table on top of the stack to the table at `to`.
void keep(lua_State* state, int to, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    lua_getfield(state, -1, name);
    lua_setfield(state, to, name);
  }
}

/// Calls the function that it stands for after the bytes of all arguments were charged.
int charged(lua_State* state) {
  std::size_t bytes = 0;
  for (int i = 1; i <= lua_gettop(state); ++i) {
    if (lua_type(state, i) == LUA_TSTRING) bytes += lua_rawlen(state, i);
  }
  Engine::of(state).charge(1 + bytes / 16);
  return lua_tocfunction(state, lua_upvalueindex(1))(state);
}

void keep_charged(lua_State* state, int to, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    lua_getfield(state, -1, name);
    lua_pushcclosure(state, &charged, 1);
    lua_setfield(state, to, name);
  }
}

/// A script that must end does so whatever it would catch.
int pass_on_endings(lua_State* state, int status) {
  if (status == LUA_OK) return 0;
  if (status != LUA_ERRRUN || Engine::of(state).is_ending()) {
    if (!Engine::of(state).is_ending()) {
      Engine::of(state).finish("transform_limit", "ran out of memory for one event");
    }
    return lua_error(state);
  }
  return 0;
}

int protected_call(lua_State* state) {
  luaL_checkany(state, 1);
  const int status = lua_pcall(state, lua_gettop(state) - 1, LUA_MULTRET, 0);
  pass_on_endings(state, status);
  lua_pushboolean(state, status == LUA_OK ? 1 : 0);
  lua_insert(state, 1);
  return lua_gettop(state);
}

/// Upvalues: the keys, how many there are, which was the last, the table.
int next_in_order(lua_State* state) {
  const lua_Integer count = lua_tointeger(state, lua_upvalueindex(2));
  for (lua_Integer number = lua_tointeger(state, lua_upvalueindex(3)) + 1; number <= count;
       ++number) {
    lua_pushinteger(state, number);
    lua_replace(state, lua_upvalueindex(3));
    lua_rawgeti(state, lua_upvalueindex(1), number);
    lua_pushvalue(state, -1);
    if (lua_rawget(state, lua_upvalueindex(4)) != LUA_TNIL) return 2;
    lua_pop(state, 2);  // taken away meanwhile
  }
  lua_pushnil(state);
  return 1;
}

/// As Lua's, but in an order that is the same in each run: numbers, then names by their bytes. The
/// order of Lua's own is another one in each process, and a list made in it would be too.
int pairs(lua_State* state) {
  luaL_checkany(state, 1);
  if (luaL_getmetafield(state, 1, "__pairs") != LUA_TNIL) {
    lua_pushvalue(state, 1);
    lua_call(state, 1, 3);
    return 3;
  }
  luaL_checktype(state, 1, LUA_TTABLE);
  lua_settop(state, 1);
  std::vector<lua_Integer> numbers;
  std::vector<std::string_view> names;
  lua_newtable(state);
  lua_Integer count = 0;
  for (lua_pushnil(state); lua_next(state, 1) != 0; lua_pop(state, 1)) {
    Engine::of(state).charge(1);
    if (lua_type(state, -2) == LUA_TSTRING) {
      names.push_back(text_at(state, -2));  // the table keeps it
    } else if (lua_isinteger(state, -2) != 0) {
      numbers.push_back(lua_tointeger(state, -2));
    } else {
      lua_pushvalue(state, -2);
      lua_rawseti(state, 2, ++count);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  std::sort(names.begin(), names.end());
  for (const auto number : numbers) {
    lua_pushinteger(state, number);
    lua_rawseti(state, 2, ++count);
  }
  for (const auto name : names) {
    push(state, name);
    lua_rawseti(state, 2, ++count);
  }
  lua_pushinteger(state, count);
  lua_pushinteger(state, 0);
  lua_pushvalue(state, 1);
  lua_pushcclosure(state, &next_in_order, 4);
  return 1;
}

int set_metatable(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  luaL_argexpected(state, lua_isnoneornil(state, 2) || lua_istable(state, 2), 2, "nil or table");
  if (luaL_getmetafield(state, 1, "__metatable") != LUA_TNIL) {
    return luaL_error(state, "cannot change a protected metatable");
  }
  lua_settop(state, 2);
  if (lua_istable(state, 2)) {
    // A finaliser would run at another time, in another event.
    lua_pushliteral(state, "__gc");
    if (lua_rawget(state, 2) != LUA_TNIL) return luaL_error(state, "__gc is not available");
    lua_pop(state, 1);
  }
  lua_setmetatable(state, 1);
  return 1;
}

// ---- string ----

int repeat(lua_State* state) {
  const auto text = text_argument(state, 1);
  const lua_Integer times = luaL_checkinteger(state, 2);
  std::size_t separator = 0;
  luaL_optlstring(state, 3, "", &separator);
  // Nothing, repeated for ever, would be nothing, after a while.
  if (times > 0) {
    const double bytes = static_cast<double>(times) * static_cast<double>(text.size() + separator);
    if (bytes > static_cast<double>(kBlockBytes)) {
      return luaL_error(state, "string.rep: the result would be larger than %d bytes",
                        static_cast<int>(kBlockBytes));
    }
    Engine::of(state).charge(static_cast<std::size_t>(bytes) / 16);
    if (text.empty() && separator == 0) {
      lua_pushliteral(state, "");
      return 1;
    }
  }
  return lua_tocfunction(state, lua_upvalueindex(1))(state);
}

// ---- table ----

/// The length of the plain table at 1. One with a metatable could say any length.
lua_Integer plain_table(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  if (lua_getmetatable(state, 1) != 0) {
    lua_pop(state, 1);
    if (!is_marked_array(state, 1)) luaL_argerror(state, 1, "a table without a metatable expected");
  }
  return static_cast<lua_Integer>(lua_rawlen(state, 1));
}

int insert(lua_State* state) {
  const auto length = plain_table(state);
  if (lua_gettop(state) > 2) {
    const auto position = luaL_checkinteger(state, 2);
    if (position >= 1 && position <= length) {
      Engine::of(state).charge(static_cast<std::size_t>(length - position));
    }
  }
  return lua_tocfunction(state, lua_upvalueindex(1))(state);
}

int remove(lua_State* state) {
  const auto length = plain_table(state);
  const auto position = luaL_optinteger(state, 2, length);
  if (position >= 1 && position <= length) {
    Engine::of(state).charge(static_cast<std::size_t>(length - position));
  }
  return lua_tocfunction(state, lua_upvalueindex(1))(state);
}

int sort(lua_State* state) {
  const auto length = static_cast<std::size_t>(plain_table(state));
  Engine::of(state).charge(length * static_cast<std::size_t>(1 + std::log2(length + 1)));
  return lua_tocfunction(state, lua_upvalueindex(1))(state);
}

int unpack(lua_State* state) {
  const auto length = plain_table(state);
  const auto first = luaL_optinteger(state, 2, 1);
  const auto last = luaL_optinteger(state, 3, length);
  constexpr lua_Integer kResults = 10'000;
  if (first <= last &&
      (first < -kResults || last > length + kResults || last - first >= kResults)) {
    return luaL_error(state, "table.unpack: too many results");
  }
  if (first <= last) Engine::of(state).charge(static_cast<std::size_t>(last - first));
  return lua_tocfunction(state, lua_upvalueindex(1))(state);
}

/// Of tables, and of lists of the message.
int concat(lua_State* state) {
  std::size_t separator_size = 0;
  const char* separator = luaL_optlstring(state, 2, "", &separator_size);
  View* view = view_at(state, 1);
  lua_Integer length = 0;
  if (view != nullptr) {
    length = static_cast<lua_Integer>(view->document->count(view->at));
  } else {
    length = plain_table(state);
  }
  const auto first = luaL_optinteger(state, 3, 1);
  const auto last = luaL_optinteger(state, 4, length);
  std::string out;
  Engine& engine = Engine::of(state);
  for (lua_Integer number = first; number <= last; ++number) {
    engine.charge(1);
    if (view != nullptr) {
      push_child(state, *view, number);
    } else {
      lua_rawgeti(state, 1, number);
    }
    if (lua_isstring(state, -1) == 0) {
      return luaL_error(state, "table.concat: element %I is a %s", number,
                        luaL_typename(state, -1));
    }
    if (number > first) out.append(separator, separator_size);
    out += text_at(state, -1);
    lua_pop(state, 1);
    if (out.size() > kBlockBytes) {
      return luaL_error(state, "table.concat: the result is larger than %d bytes",
                        static_cast<int>(kBlockBytes));
    }
    if (number == LUA_MAXINTEGER) break;
  }
  engine.charge(out.size() / 16);
  push(state, out);
  return 1;
}

void wrap(lua_State* state, int to, const char* name, lua_CFunction function) {
  lua_getfield(state, -1, name);
  lua_pushcclosure(state, function, 1);
  lua_setfield(state, to, name);
}

/// Pushes one of Lua's own tables, and below it a new one.
int open(lua_State* state, const char* name, lua_CFunction opener) {
  lua_newtable(state);
  const int table = lua_gettop(state);
  luaL_requiref(state, name, opener, 0);
  return table;
}

}  // namespace

void open_standard_library(lua_State* state, int globals) {
  luaL_requiref(state, LUA_GNAME, &luaopen_base, 0);
  keep(state, globals,
       {"assert", "error", "getmetatable", "ipairs", "next", "rawequal", "rawget", "rawlen",
        "select", "type"});
  keep_charged(state, globals, {"tonumber", "tostring"});
  lua_pop(state, 1);
  lua_pushcfunction(state, &pairs);
  lua_setfield(state, globals, "pairs");
  lua_pushcfunction(state, &protected_call);
  lua_setfield(state, globals, "pcall");
  lua_pushcfunction(state, &set_metatable);
  lua_setfield(state, globals, "setmetatable");

  int table = open(state, LUA_MATHLIBNAME, &luaopen_math);
  keep(state, table,
       {"abs", "ceil", "floor", "fmod", "huge", "max", "maxinteger", "min", "mininteger", "modf",
        "sqrt", "tointeger", "type", "ult"});
  lua_pop(state, 1);
  lua_setfield(state, globals, "math");

  table = open(state, LUA_STRLIBNAME, &luaopen_string);
  keep_charged(state, table, {"byte", "char", "format", "len", "lower", "reverse", "sub", "upper"});
  wrap(state, table, "rep", &repeat);
  lua_pop(state, 1);
  // The methods of strings.
  lua_pushliteral(state, "");
  lua_getmetatable(state, -1);
  lua_pushvalue(state, table);
  lua_setfield(state, -2, "__index");
  lua_pushboolean(state, 0);
  lua_setfield(state, -2, "__metatable");
  lua_pop(state, 2);
  lua_setfield(state, globals, "string");

  table = open(state, LUA_TABLIBNAME, &luaopen_table);
  keep(state, table, {"pack"});
  wrap(state, table, "insert", &insert);
  wrap(state, table, "remove", &remove);
  wrap(state, table, "sort", &sort);
  wrap(state, table, "unpack", &unpack);
  lua_pop(state, 1);
  lua_pushcfunction(state, &concat);
  lua_setfield(state, table, "concat");
  lua_setfield(state, globals, "table");

  table = open(state, LUA_UTF8LIBNAME, &luaopen_utf8);
  keep_charged(state, table, {"char", "codepoint", "len", "offset"});
  lua_pop(state, 1);
  lua_setfield(state, globals, "utf8");
  // What luaL_requiref remembers must not be reachable through it; nothing of it is kept.
  lua_pushnil(state);
  lua_setfield(state, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
}

}  // namespace cdviz::transforms::lua
