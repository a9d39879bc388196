// From Lua values to JSON text (RFC 8259): the same bytes for the same value every time, members
// sorted by name; what came in is sent on as it was, in its order, with every digit.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "transforms/lua/lua_api.h"

namespace cdviz::cdevents {
struct Shape;
}

namespace cdviz::transforms::lua {

/// A member that is added to what a script gave.
struct Added {
  std::string_view name;
  std::string json;
};

/// What an event is checked against while it is written.
struct EventPlan {
  std::string_view name;         ///< for messages: service.deployed
  const cdevents::Shape& shape;  ///< of all of it
  std::span<const Added> context;
  std::span<const Added> subject;
};

/// The value at `index`. Empty tables are objects, tables with a 1 and those of array{} are arrays.
/// What is no JSON is an error that names its place.
std::string encode(lua_State* state, int index);

/// A table as an event: a member that the shape does not have is an error that names it and those
/// there are. Members that are null are left out (not in customData), whole numbers become text
/// where text is wanted.
std::string encode_event(lua_State* state, int index, const EventPlan& plan);

/// Makes the table on top of the stack an array, even when it is empty.
void mark_as_array(lua_State* state);
/// True for tables that were marked.
bool is_marked_array(lua_State* state, int index);
/// True for marked tables, those that have a 1, and views of arrays.
bool is_list(lua_State* state, int index);

/// Makes the metatable. Called once for a state.
void open_arrays(lua_State* state);

}  // namespace cdviz::transforms::lua
