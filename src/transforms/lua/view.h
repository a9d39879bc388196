// What a script sees of a parsed document: scalars as Lua values, arrays and objects as views that
// convert what is touched and nothing else. A view is read-only; it lives until the event ends.
//
//   absent → nil, JSON null → null, integers of 64 bits → integers, other numbers → floats, or,
//   when a float would lose digits, exact numbers that print and are sent on as they came
#pragma once

#include <string_view>

#include "transforms/lua/lua_api.h"
#include "transforms/lua/parsed_json.h"

namespace cdviz::transforms::lua {

/// In a userdata.
struct View {
  ParsedJson* document;
  ParsedJson::Index at;
  // Where the last indexed element stands, so that a loop over an array does not begin anew each
  // time: its number, from 1, and its place.
  std::uint32_t number;
  ParsedJson::Index place;
};

/// Makes the metatables. Called once for a state.
void open_views(lua_State* state);

/// Pushes a value: a scalar or a view.
void push_value(lua_State* state, ParsedJson& document, ParsedJson::Index at);
/// Pushes JSON null.
void push_null(lua_State* state);
bool is_null(lua_State* state, int index);

/// The view at `index`, or null when there is something else.
View* view_at(lua_State* state, int index);
/// The digits of an exact number at `index`; empty when there is something else.
std::string_view exact_number_at(lua_State* state, int index);

/// Pushes the member or element of a view that a key names; nil when there is none.
void push_child(lua_State* state, View& view, std::string_view name);
void push_child(lua_State* state, View& view, lua_Integer number);

/// Pushes a table with all that is in a view.
void push_copy(lua_State* state, ParsedJson& document, ParsedJson::Index at);

/// Pushes what a script calls m.
void push_message(lua_State* state);
bool is_message(lua_State* state, int index);

}  // namespace cdviz::transforms::lua
