// Time as tools write it. There is no clock: the same message gives the same event at any time.
#include <array>
#include <string>

#include "transforms/lua/engine.h"
#include "transforms/lua/library.h"
#include "transforms/lua/moment.h"
#include "transforms/lua/view.h"

namespace cdviz::transforms::lua {
namespace {

/// Pushes the date-time of argument 1; nil for nil and null; an error for what is none.
int time(lua_State* state) {
  if (lua_isnoneornil(state, 1) || is_null(state, 1)) {
    lua_pushnil(state);
    return 1;
  }
  if (lua_type(state, 1) != LUA_TNUMBER) luaL_checktype(state, 1, LUA_TSTRING);
  const auto moment = moment_at(state, 1);
  if (!moment) {
    std::size_t size = 0;
    const std::string shown(luaL_tolstring(state, 1, &size), std::min<std::size_t>(size, 64));
    return luaL_error(state, "time: \"%s\" is no moment that is understood", shown.c_str());
  }
  push(state, *moment);
  return 1;
}

int epoch_ms(lua_State* state) {
  time(state);
  if (lua_isnil(state, -1)) return 1;
  const auto milliseconds = epoch_milliseconds(text_at(state, -1));
  if (!milliseconds) return luaL_error(state, "epoch_ms: no moment");
  lua_pushinteger(state, *milliseconds);
  return 1;
}

constexpr std::array kFunctions = {
    Function{.name = "time",
             .call = &time,
             .signature = "time(value)",
             .help =
                 "A moment as RFC 3339 writes it, from what tools send: RFC 3339 (stays as it is), "
                 "almost RFC 3339 (a space for the T, `+0100`, ` UTC`, no offset, which is UTC), a "
                 "date alone, RFC 2822, `Tue Jan  2 03:04:05 UTC 2024`, and seconds, milliseconds, "
                 "microseconds or nanoseconds since 1970 as a number or as digits. `nil` for `nil` "
                 "and `null`; an error for anything else, for which `moment` gives `nil`.",
             .example = "time(1704164645678)  -- \"2024-01-02T03:04:05.678Z\"\n"
                        "time(\"2024-01-02 03:04:05 UTC\")  -- \"2024-01-02T03:04:05Z\"\n"
                        "time(\"Tue, 02 Jan 2024 03:04:05 +0100\")  -- "
                        "\"2024-01-02T03:04:05+01:00\""},
    Function{.name = "epoch_ms",
             .call = &epoch_ms,
             .signature = "epoch_ms(value)",
             .help = "The same moment in milliseconds since 1970, to compare and to subtract.",
             .example = "(epoch_ms(m.body.ended) - epoch_ms(m.body.started)) // 1000  -- seconds"},
};

}  // namespace

std::optional<std::string> moment_at(lua_State* state, int index) {
  Engine::of(state).charge(10);
  if (lua_isinteger(state, index) != 0) {
    return moment_of_epoch(static_cast<std::int64_t>(lua_tointeger(state, index)));
  }
  if (lua_type(state, index) == LUA_TNUMBER) return moment_of_epoch(lua_tonumber(state, index));
  return moment_of(text_at(state, index));
}

Chapter time_functions() {
  return {"Time",
          "A script cannot ask for the time: a message that comes again gives the same event.",
          kFunctions};
}

}  // namespace cdviz::transforms::lua
