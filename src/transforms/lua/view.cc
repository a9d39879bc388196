#include "transforms/lua/view.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "core/headers.h"
#include "transforms/lua/encode.h"
#include "transforms/lua/engine.h"

namespace cdviz::transforms::lua {
namespace {

constexpr const char* kView = "cdviz.view";
constexpr const char* kNumber = "cdviz.number";
constexpr const char* kMessage = "cdviz.message";
constexpr const char* kHeaders = "cdviz.headers";

// Their addresses are keys of the registry, which are found faster than names.
constexpr char kViewKey = 0;
constexpr char kNumberKey = 0;

void set_metatable(lua_State* state, const char& key) {
  lua_rawgetp(state, LUA_REGISTRYINDEX, &key);
  lua_setmetatable(state, -2);
}

void push_view(lua_State* state, ParsedJson& document, ParsedJson::Index at) {
  auto* view = static_cast<View*>(lua_newuserdatauv(state, sizeof(View), 0));
  *view = {&document, at, 0, 0};
  set_metatable(state, kViewKey);
}

void push_number(lua_State* state, ParsedJson& document, ParsedJson::Index at) {
  const double number = document.number(at);
  const auto text = document.number_text(at);
  Engine::of(state).charge(1 + text.size() / 16);
  if (std::isfinite(number) && is_same_decimal(number, text)) {
    lua_pushnumber(state, number);
    return;
  }
  lua_newuserdatauv(state, 0, 1);
  push(state, text);
  lua_setiuservalue(state, -2, 1);
  set_metatable(state, kNumberKey);
}

/// The view that a metamethod was called for: nobody else can call it.
View& own_view(lua_State* state) { return *static_cast<View*>(lua_touserdata(state, 1)); }

bool has_metatable(lua_State* state, int index, const char& key) {
  if (lua_type(state, index) != LUA_TUSERDATA || lua_getmetatable(state, index) == 0) return false;
  lua_rawgetp(state, LUA_REGISTRYINDEX, &key);
  const bool is_same = lua_rawequal(state, -1, -2) != 0;
  lua_pop(state, 2);
  return is_same;
}

// ---- Views ----

int index_view(lua_State* state) {
  View& view = own_view(state);
  if (lua_type(state, 2) == LUA_TSTRING) {
    push_child(state, view, text_at(state, 2));
  } else if (lua_isinteger(state, 2) != 0) {
    push_child(state, view, lua_tointeger(state, 2));
  } else {
    lua_pushnil(state);
  }
  return 1;
}

int change_view(lua_State* state) {
  return luaL_error(state,
                    "what came in cannot be changed: copy(value) makes a table of it that can");
}

int length_of_view(lua_State* state) {
  const View& view = own_view(state);
  lua_pushinteger(state, static_cast<lua_Integer>(view.document->count(view.at)));
  return 1;
}

int are_equal_views(lua_State* state) {
  const View* a = view_at(state, 1);
  const View* b = view_at(state, 2);
  lua_pushboolean(
      state, a != nullptr && b != nullptr && a->document == b->document && a->at == b->at ? 1 : 0);
  return 1;
}

/// The iterator of pairs(): upvalues are the view, where it stands, and for arrays the number.
int next_of_view(lua_State* state) {
  const View& view = *static_cast<View*>(lua_touserdata(state, lua_upvalueindex(1)));
  ParsedJson& document = *view.document;
  auto at = static_cast<ParsedJson::Index>(lua_tointeger(state, lua_upvalueindex(2)));
  if (at >= document.end(view.at)) {
    lua_pushnil(state);
    return 1;
  }
  if (document.kind(view.at) == ParsedJson::Kind::object) {
    push(state, document.string(at));
    ++at;
  } else {
    const auto number = lua_tointeger(state, lua_upvalueindex(3)) + 1;
    lua_pushinteger(state, number);
    lua_copy(state, -1, lua_upvalueindex(3));
  }
  lua_pushinteger(state, static_cast<lua_Integer>(document.after(at)));
  lua_replace(state, lua_upvalueindex(2));
  Engine::of(state).note_read(document, at);
  push_value(state, document, at);
  return 2;
}

int pairs_of_view(lua_State* state) {
  const View& view = own_view(state);
  lua_pushvalue(state, 1);
  lua_pushinteger(state, static_cast<lua_Integer>(ParsedJson::first(view.at)));
  lua_pushinteger(state, 0);
  lua_pushcclosure(state, &next_of_view, 3);
  return 1;
}

int text_of_view(lua_State* state) {
  luaL_checkany(state, 1);
  push(state, encode(state, 1));
  return 1;
}

// ---- Exact numbers ----

int text_of_number(lua_State* state) {
  push(state, exact_number_at(state, 1));
  return 1;
}

lua_Number to_float(lua_State* state, int index) {
  const auto text = exact_number_at(state, index);
  return text.empty() ? luaL_checknumber(state, index)
                      : std::strtod(std::string(text).c_str(), nullptr);
}

/// The nearest float decides.
int is_less_number(lua_State* state) {
  lua_pushboolean(state, to_float(state, 1) < to_float(state, 2) ? 1 : 0);
  return 1;
}
int is_not_more_number(lua_State* state) {
  lua_pushboolean(state, to_float(state, 1) <= to_float(state, 2) ? 1 : 0);
  return 1;
}
int are_equal_numbers(lua_State* state) {
  lua_pushboolean(state, exact_number_at(state, 1) == exact_number_at(state, 2) ? 1 : 0);
  return 1;
}

// ---- The message ----

int index_message(lua_State* state) {
  Engine& engine = Engine::of(state);
  const auto name = text_argument(state, 2);
  if (name == "body") {
    push_value(state, engine.body(), ParsedJson::kRoot);
  } else if (name == "headers") {
    lua_newuserdatauv(state, 0, 0);
    luaL_setmetatable(state, kHeaders);
  } else if (name == "metadata") {
    push_value(state, engine.metadata(), ParsedJson::kRoot);
  } else if (name == "text") {
    engine.charge(engine.message().body.size() / 64);
    push(state, engine.message().body);
  } else {
    return luaL_error(state, "m has body, headers, metadata and text, not '%s'",
                      lua_tostring(state, 2));
  }
  return 1;
}

int change_message(lua_State* state) {
  return luaL_error(state, "m cannot be changed: message{body = …, headers = …} makes another one");
}

int index_headers(lua_State* state) {
  const Message& message = Engine::of(state).message();
  Engine::of(state).charge(message.headers.size() / 4);
  const auto value = message.headers.find(text_argument(state, 2));
  if (value) {
    push(state, *value);
  } else {
    lua_pushnil(state);
  }
  return 1;
}

int next_header(lua_State* state) {
  const Message& message = Engine::of(state).message();
  const auto number = static_cast<std::size_t>(lua_tointeger(state, lua_upvalueindex(1)));
  if (number >= message.headers.size()) {
    lua_pushnil(state);
    return 1;
  }
  lua_pushinteger(state, static_cast<lua_Integer>(number) + 1);
  lua_replace(state, lua_upvalueindex(1));
  const auto& [name, value] = *(message.headers.begin() + static_cast<std::ptrdiff_t>(number));
  std::string lower = name;
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  push(state, lower);
  push(state, value);
  return 2;
}

int pairs_of_headers(lua_State* state) {
  lua_pushinteger(state, 0);
  lua_pushcclosure(state, &next_header, 1);
  return 1;
}

// ---- null ----

/// Below null there is nothing, so that a path ends in nil.
int index_null(lua_State* state) {
  lua_pushnil(state);
  return 1;
}

int text_of_null(lua_State* state) {
  push(state, "null");
  return 1;
}

void make_metatable(lua_State* state, const char* name, const luaL_Reg* functions) {
  luaL_newmetatable(state, name);
  luaL_setfuncs(state, functions, 0);
  lua_pushboolean(state, 0);
  lua_setfield(state, -2, "__metatable");
}

}  // namespace

void open_views(lua_State* state) {
  static constexpr luaL_Reg kViewFunctions[] = {
      {"__index", &index_view},   {"__newindex", &change_view}, {"__len", &length_of_view},
      {"__eq", &are_equal_views}, {"__pairs", &pairs_of_view},  {"__tostring", &text_of_view},
      {nullptr, nullptr}};
  static constexpr luaL_Reg kNumberFunctions[] = {{"__tostring", &text_of_number},
                                                  {"__lt", &is_less_number},
                                                  {"__le", &is_not_more_number},
                                                  {"__eq", &are_equal_numbers},
                                                  {nullptr, nullptr}};
  static constexpr luaL_Reg kMessageFunctions[] = {
      {"__index", &index_message}, {"__newindex", &change_message}, {nullptr, nullptr}};
  static constexpr luaL_Reg kHeaderFunctions[] = {{"__index", &index_headers},
                                                  {"__newindex", &change_message},
                                                  {"__pairs", &pairs_of_headers},
                                                  {nullptr, nullptr}};
  static constexpr luaL_Reg kNullFunctions[] = {
      {"__index", &index_null}, {"__tostring", &text_of_null}, {nullptr, nullptr}};
  make_metatable(state, kView, kViewFunctions);
  lua_rawsetp(state, LUA_REGISTRYINDEX, &kViewKey);
  make_metatable(state, kNumber, kNumberFunctions);
  lua_rawsetp(state, LUA_REGISTRYINDEX, &kNumberKey);
  make_metatable(state, kMessage, kMessageFunctions);
  lua_pop(state, 1);
  make_metatable(state, kHeaders, kHeaderFunctions);
  lua_pop(state, 1);
  // All light userdata share one metatable; null is the only one that a script can have.
  push_null(state);
  make_metatable(state, "cdviz.null", kNullFunctions);
  lua_setmetatable(state, -2);
  lua_pop(state, 1);
}

void push_null(lua_State* state) { lua_pushlightuserdata(state, nullptr); }

bool is_null(lua_State* state, int index) { return lua_type(state, index) == LUA_TLIGHTUSERDATA; }

void push_value(lua_State* state, ParsedJson& document, ParsedJson::Index at) {
  using Kind = ParsedJson::Kind;
  switch (document.kind(at)) {
    case Kind::null:
      push_null(state);
      return;
    case Kind::boolean:
      lua_pushboolean(state, document.boolean(at) ? 1 : 0);
      return;
    case Kind::integer:
      lua_pushinteger(state, document.integer(at));
      return;
    case Kind::number:
      push_number(state, document, at);
      return;
    case Kind::string:
      push(state, document.string(at));
      return;
    case Kind::array:
    case Kind::object:
      push_view(state, document, at);
      return;
  }
}

View* view_at(lua_State* state, int index) {
  return has_metatable(state, index, kViewKey) ? static_cast<View*>(lua_touserdata(state, index))
                                               : nullptr;
}

std::string_view exact_number_at(lua_State* state, int index) {
  if (!has_metatable(state, index, kNumberKey)) return {};
  lua_getiuservalue(state, index, 1);
  const auto text = text_at(state, -1);
  lua_pop(state, 1);  // the userdata keeps it
  return text;
}

void push_child(lua_State* state, View& view, std::string_view name) {
  Engine& engine = Engine::of(state);
  if (view.document->kind(view.at) != ParsedJson::Kind::object) {
    lua_pushnil(state);
    return;
  }
  std::size_t steps = 0;
  const auto at = view.document->member(view.at, name, steps);
  engine.charge(steps / 16);
  if (!at) {
    lua_pushnil(state);
    return;
  }
  engine.note_read(*view.document, *at);
  push_value(state, *view.document, *at);
}

void push_child(lua_State* state, View& view, lua_Integer number) {
  ParsedJson& document = *view.document;
  if (document.kind(view.at) != ParsedJson::Kind::array || number < 1 ||
      static_cast<std::uint64_t>(number) > document.count(view.at)) {
    lua_pushnil(state);
    return;
  }
  const auto wanted = static_cast<std::uint32_t>(number);
  if (view.number == 0 || view.number > wanted) {
    view.number = 1;
    view.place = ParsedJson::first(view.at);
  }
  Engine& engine = Engine::of(state);
  engine.charge((wanted - view.number) / 16);
  for (; view.number < wanted; ++view.number) view.place = document.after(view.place);
  engine.note_read(document, view.place);
  push_value(state, document, view.place);
}

void push_copy(lua_State* state, ParsedJson& document, ParsedJson::Index at) {
  if (!document.is_container(at)) return push_value(state, document, at);
  luaL_checkstack(state, 4, "copy");
  Engine& engine = Engine::of(state);
  const bool is_object = document.kind(at) == ParsedJson::Kind::object;
  const auto count = document.count(at);
  engine.charge(count);
  const int size = static_cast<int>(std::min<std::size_t>(count, 1'000'000));
  lua_createtable(state, is_object ? 0 : size, is_object ? size : 0);
  lua_Integer number = 0;
  for (auto each = ParsedJson::first(at); each < document.end(at);) {
    if (is_object) {
      push(state, document.string(each));
      ++each;
    }
    push_copy(state, document, each);
    if (is_object) {
      lua_rawset(state, -3);
    } else {
      lua_rawseti(state, -2, ++number);
    }
    each = document.after(each);
  }
  if (!is_object) mark_as_array(state);
}

void push_message(lua_State* state) {
  lua_newuserdatauv(state, 0, 0);
  luaL_setmetatable(state, kMessage);
}

bool is_message(lua_State* state, int index) {
  return luaL_testudata(state, index, kMessage) != nullptr;
}

}  // namespace cdviz::transforms::lua
