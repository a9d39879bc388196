// Looking into what came in, and saying what becomes of it.
#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "transforms/lua/encode.h"
#include "transforms/lua/engine.h"
#include "transforms/lua/library.h"
#include "transforms/lua/view.h"

namespace cdviz::transforms::lua {
namespace {

constexpr const char* kOutgoing = "cdviz.outgoing";
/// Levels of tables that copy() follows: a table may hold itself.
constexpr int kCopyLevels = 200;

int get(lua_State* state) {
  luaL_checkany(state, 1);
  push_at_path(state, 1, text_argument(state, 2));
  return 1;
}

int kind(lua_State* state) {
  luaL_checkany(state, 1);
  const char* name = luaL_typename(state, 1);
  if (is_null(state, 1)) {
    name = "null";
  } else if (is_list(state, 1)) {
    name = "list";
  } else if (lua_type(state, 1) == LUA_TTABLE || view_at(state, 1) != nullptr) {
    name = "object";
  } else if (!exact_number_at(state, 1).empty()) {
    name = "number";
  } else if (event_at(state, 1)) {
    name = "event";
  }
  lua_pushstring(state, name);
  return 1;
}

void copy_value(lua_State* state, int index, int level) {
  index = lua_absindex(state, index);
  if (level > kCopyLevels) luaL_error(state, "copy: nested deeper than %d levels", kCopyLevels);
  luaL_checkstack(state, 6, "copy");
  if (const View* view = view_at(state, index)) return push_copy(state, *view->document, view->at);
  if (lua_type(state, index) != LUA_TTABLE) return lua_pushvalue(state, index);
  Engine& engine = Engine::of(state);
  lua_newtable(state);
  const int copy = lua_gettop(state);
  for (lua_pushnil(state); lua_next(state, index) != 0;) {
    engine.charge(1);
    copy_value(state, -1, level + 1);
    lua_remove(state, -2);
    lua_pushvalue(state, -2);
    lua_insert(state, -2);  // key, key, value
    lua_rawset(state, copy);
  }
  if (is_marked_array(state, index)) mark_as_array(state);
}

int copy(lua_State* state) {
  luaL_checkany(state, 1);
  copy_value(state, 1, 1);
  return 1;
}

int array(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  lua_settop(state, 1);
  mark_as_array(state);
  return 1;
}

int drop(lua_State* state) { Engine::of(state).finish("dropped", text_argument(state, 1)); }

int refuse(lua_State* state) { Engine::of(state).finish("refused", text_argument(state, 1)); }

int make_outgoing(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  for (lua_pushnil(state); lua_next(state, 1) != 0; lua_pop(state, 1)) {
    const auto name = lua_type(state, -2) == LUA_TSTRING ? text_at(state, -2) : "a number";
    if (name != "body" && name != "headers" && name != "metadata") {
      return luaL_error(state, "message: has body, headers and metadata, not '%s'",
                        std::string(name).c_str());
    }
  }
  lua_newuserdatauv(state, 0, 1);
  lua_pushvalue(state, 1);
  lua_setiuservalue(state, -2, 1);
  luaL_setmetatable(state, kOutgoing);
  return 1;
}

int log(lua_State* state) {
  Engine& engine = Engine::of(state);
  if (!engine.is_traced()) return 0;
  std::string line;
  for (int i = 1; i <= lua_gettop(state) && line.size() <= kLogBytes; ++i) {
    if (i > 1) line += ' ';
    std::size_t size = 0;
    const char* text = luaL_tolstring(state, i, &size);
    line.append(text, size);
    lua_pop(state, 1);
  }
  engine.log(line);
  return 0;
}

Headers headers_at(lua_State* state, int table) {
  std::vector<Headers::Entry> entries;
  for (lua_pushnil(state); lua_next(state, table) != 0; lua_pop(state, 1)) {
    if (lua_type(state, -2) != LUA_TSTRING || lua_type(state, -1) != LUA_TSTRING) {
      luaL_error(state, "message: the names and values of headers are strings");
    }
    entries.emplace_back(text_at(state, -2), text_at(state, -1));
  }
  std::sort(entries.begin(), entries.end());
  Headers headers;
  for (auto& [name, value] : entries) headers.add(std::move(name), std::move(value));
  return headers;
}

constexpr std::array kFunctions = {
    Function{.name = "get",
             .call = &get,
             .signature = "get(value, path)",
             .help = "What a path leads to, or `nil` when a step of it, or its end, is absent or "
                     "`null`: the one safe way through what may not be there. A path is names with "
                     "dots and, from 1, numbers in brackets; one that begins with `/` is a JSON "
                     "Pointer, whose numbers begin with 0, for names that have dots.",
             .example = "get(m.body, \"workflow_run.head_commit.id\")\n"
                        "get(m.body, \"commits[1].author.name\") or \"nobody\"\n"
                        "get(m.body, \"/metadata/labels/app.kubernetes.io~1name\")"},
    Function{.name = "kind",
             .call = &kind,
             .signature = "kind(value)",
             .help =
                 "`\"nil\"`, `\"null\"`, `\"boolean\"`, `\"number\"`, `\"string\"`, `\"list\"`, "
                 "`\"object\"`, `\"event\"`, or what `type` says of other values.",
             .example = "kind(m.body.commits)  -- \"list\""},
    Function{.name = "copy",
             .call = &copy,
             .signature = "copy(value)",
             .help = "A table with all that is in a value, which can be changed: what came in "
                     "cannot. Costs time for each value in it; to send something on as it is, no "
                     "copy is needed.",
             .example = "local run = copy(m.body.workflow_run)\nrun.head_repository = nil"},
    Function{.name = "array",
             .call = &array,
             .signature = "array(table)",
             .help = "Marks a table as a list, so that it is one in JSON even when it is empty: "
                     "`{}` alone is an object.",
             .example = "customData = { labels = array{} }  -- {\"labels\":[]}"},
    Function{.name = "drop",
             .call = &drop,
             .signature = "drop(reason)",
             .help = "Ends the script: no event comes of this message. It is counted as filtered, "
                     "and its sender is told the reason.",
             .example = "if m.body.action ~= \"completed\" then drop(\"the run goes on\") end"},
    Function{
        .name = "refuse",
        .call = &refuse,
        .signature = "refuse(reason)",
        .help = "Ends the script: the message is wrong. It is kept as a dead letter with its "
                "bytes and the reason, and can be replayed once the script is mended.",
        .example = "local run = get(m.body, \"workflow_run\") or refuse(\"has no workflow_run\")"},
    Function{
        .name = "message",
        .call = &make_outgoing,
        .signature = "message{body = …, headers = …, metadata = …}",
        .help = "What is sent on instead of `m`, with other headers or metadata, or with a "
                "body that is no event yet, for the next transformer of a chain. What is left "
                "out stays as it is in `m`.",
        .example = "return message{ body = m.body.event, headers = { [\"x-kind\"] = \"inner\" } }"},
    Function{.name = "log",
             .call = &log,
             .signature = "log(…)",
             .help = "Says something while a script is tried out (`cdviz-collector transform`); "
                     "the collector itself does not listen. At most 100 lines an event.",
             .example = "log(\"run\", m.body.workflow_run.id)"},
};

}  // namespace

Chapter value_functions() {
  return {
      "Values",
      "`m` has `m.body`, the JSON document; `m.headers`, whose names may be written in any "
      "case; `m.metadata`, what the source knows (`m.metadata.context.source` is the default of "
      "`context.source`, `m.metadata.cloudevents` the attributes of a "
      "[CloudEvent](../transformers.md#cloudevents)); and `m.text`, the body as it came. What a "
      "message does not have is `nil`. JSON null is `null`, which is not `nil` and, as everything "
      "but `nil` and `false`, counts as true. Lists are counted from 1; `#`, `pairs` and `ipairs` "
      "work. Numbers keep every digit. `values` is what the configuration gives the script.",
      kFunctions};
}

void open_outgoing(lua_State* state) {
  luaL_newmetatable(state, kOutgoing);
  lua_pushboolean(state, 0);
  lua_setfield(state, -2, "__metatable");
  lua_pop(state, 1);
}

bool is_outgoing(lua_State* state, int index) {
  return luaL_testudata(state, index, kOutgoing) != nullptr;
}

Message outgoing_at(lua_State* state, int index) {
  const Message& original = Engine::of(state).message();
  Message message{original.body, original.headers, original.metadata};
  lua_getiuservalue(state, index, 1);
  const int fields = lua_gettop(state);
  if (lua_getfield(state, fields, "body") != LUA_TNIL) {
    const auto event = event_at(state, -1);
    message.body = event ? std::string(*event) : encode(state, -1);
  }
  if (lua_getfield(state, fields, "metadata") != LUA_TNIL) message.metadata = encode(state, -1);
  if (lua_getfield(state, fields, "headers") == LUA_TTABLE) {
    message.headers = headers_at(state, lua_gettop(state));
  }
  lua_settop(state, fields - 1);
  return message;
}

}  // namespace cdviz::transforms::lua
