// Lua 5.4 (https://www.lua.org/manual/5.4/), the library that Debian builds as C++: an error in Lua
// is an exception, so that what lives on the C++ stack is destroyed on its way.
#pragma once

#include <string_view>

#include <lua.hpp>

namespace cdviz::transforms::lua {

inline void push(lua_State* state, std::string_view text) {
  lua_pushlstring(state, text.data(), text.size());
}

/// The bytes of a string on the stack, which must be one and stay there.
inline std::string_view text_at(lua_State* state, int index) {
  std::size_t size = 0;
  const char* bytes = lua_tolstring(state, index, &size);
  return bytes == nullptr ? std::string_view{} : std::string_view{bytes, size};
}

/// Argument `index` as a string; anything but a string or number is an error that names it.
inline std::string_view text_argument(lua_State* state, int index) {
  std::size_t size = 0;
  const char* bytes = luaL_checklstring(state, index, &size);
  return {bytes, size};
}

}  // namespace cdviz::transforms::lua
