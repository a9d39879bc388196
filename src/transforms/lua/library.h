// The functions that a script has: one table, from which the state is furnished and the reference
// (docs/components/lua-library.md) is written.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/message.h"
#include "transforms/lua/lua_api.h"

namespace cdviz::transforms::lua {

/// One function. Lives for ever.
struct Function {
  std::string_view name;  ///< "cdevent", or with its table "json.decode"
  lua_CFunction call;
  std::string_view signature;
  std::string_view help;     ///< Markdown, one or a few sentences
  std::string_view example;  ///< Lua, and behind "--" what comes out
};

/// Functions that belong together.
struct Chapter {
  std::string_view title;
  std::string_view text;
  std::span<const Function> functions;
};

/// In the order of the reference.
std::span<const Chapter> library();
/// All of it as a page in Markdown.
std::string library_page();

Chapter value_functions();
Chapter reader_functions();
Chapter list_functions();
Chapter event_functions();
Chapter purl_functions();
Chapter time_functions();
Chapter text_functions();
Chapter pattern_functions();
Chapter data_functions();

/// Pushes a table with everything that a script can see.
void open_library(lua_State* state);
/// What of Lua's own library stays, made safe: pushes nothing, sets fields of the table at
/// `globals`.
void open_standard_library(lua_State* state, int globals);

/// Makes the metatables of the library's own values.
void open_events(lua_State* state);
void open_outgoing(lua_State* state);
/// The JSON of what cdevent() made; nothing when there is something else. Lives as long as the
/// value.
std::optional<std::string_view> event_at(lua_State* state, int index);
/// What message{} made.
bool is_outgoing(lua_State* state, int index);
Message outgoing_at(lua_State* state, int index);

/// Of the texts that readers take.
constexpr std::size_t kTextBytes = 1'024;
/// A string that is not empty, has no NUL and `bytes` at most.
bool is_text(lua_State* state, int index, std::size_t bytes);
/// Elements and members that are looked at, when nobody says how many.
constexpr lua_Integer kManyElements = 100;
/// Pushes element `number` of a list, a view or a table; nil behind its end.
void push_element(lua_State* state, int list, lua_Integer number);
/// A string or number as a date-time of RFC 3339; nothing for what is no moment.
std::optional<std::string> moment_at(lua_State* state, int index);

/// Pushes what a path leads to; nil when a step is absent or null.
void push_at_path(lua_State* state, int index, std::string_view path);

}  // namespace cdviz::transforms::lua
