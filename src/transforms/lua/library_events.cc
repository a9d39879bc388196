// Making CDEvents.
#include <array>
#include <string>

#include "cdevents/releases.h"
#include "cdevents/samples.h"
#include "core/json_text.h"
#include "transforms/lua/encode.h"
#include "transforms/lua/engine.h"
#include "transforms/lua/library.h"
#include "transforms/lua/view.h"

namespace cdviz::transforms::lua {
namespace {

using cdevents::EventKind;

constexpr const char* kEvent = "cdviz.event";

/// @returns null for a custom type; an unknown one is an error
const EventKind* kind_argument(lua_State* state, std::string_view name) {
  if (name.starts_with("dev.cdeventsx.")) return nullptr;
  const EventKind* kind = cdevents::find_kind(name);
  if (kind == nullptr) {
    luaL_error(state, "cdevent: there is no event \"%s\"; `cdviz-collector types` lists them",
               std::string(name).c_str());
  }
  return kind;
}

void push_event(lua_State* state, std::string_view json) {
  lua_newuserdatauv(state, 0, 1);
  push(state, json);
  lua_setiuservalue(state, -2, 1);
  luaL_setmetatable(state, kEvent);
}

/// What cannot be filled in later, and is most likely missing because a path was wrong.
void expect_subject_id(lua_State* state, const std::string& name) {
  if (lua_getfield(state, 2, "subject") != LUA_TTABLE) {
    luaL_error(state, "%s: /subject is missing: give it an id and its content", name.c_str());
  }
  const int type = lua_getfield(state, -1, "id");
  const bool is_there = type == LUA_TNUMBER || (type == LUA_TSTRING && lua_rawlen(state, -1) > 0);
  if (!is_there) luaL_error(state, "%s: /subject/id is missing", name.c_str());
  lua_pop(state, 2);
}

int cdevent(lua_State* state) {
  const std::string name(text_argument(state, 1));
  luaL_checktype(state, 2, LUA_TTABLE);
  lua_settop(state, 2);
  expect_subject_id(state, name);
  // There is always a context, so that there is a place for what is added.
  const int context = lua_getfield(state, 2, "context");
  if (context == LUA_TNIL) {
    lua_newtable(state);
    lua_setfield(state, 2, "context");
  } else if (context != LUA_TTABLE) {
    return luaL_error(state, "%s: /context is no table", name.c_str());
  }
  lua_settop(state, 2);
  Engine& engine = Engine::of(state);
  if (const EventKind* kind = kind_argument(state, name)) {
    const bool is_new = kind->era == cdevents::Era::v0_5;
    const std::array added_context = {
        Added{is_new ? "specversion" : "type",
              is_new ? json_string(cdevents::spec_version_of(*kind)) : json_string(kind->type)},
        Added{is_new ? "type" : "version",
              is_new ? json_string(kind->type) : json_string(cdevents::spec_version_of(*kind))}};
    const std::array added_subject = {Added{"content", "{}"},
                                      Added{"type", json_string(kind->subject_type())}};
    const EventPlan plan{name, engine.shape_of(*kind), added_context,
                         std::span(added_subject).first(is_new ? 1 : 2)};
    push_event(state, encode_event(state, 2, plan));
    return 1;
  }
  static const cdevents::Shape kCustom = cdevents::custom_event_shape(cdevents::Era::v0_5);
  const std::array added_context = {Added{"specversion", json_string("0.5.1")},
                                    Added{"type", json_string(name)}};
  const std::array added_subject = {Added{"content", "{}"}};
  push_event(state, encode_event(state, 2, {name, kCustom, added_context, added_subject}));
  return 1;
}

int text_of_event(lua_State* state) {
  luaL_checkudata(state, 1, kEvent);
  lua_getiuservalue(state, 1, 1);
  return 1;
}

constexpr std::array kFunctions = {
    Function{
        .name = "cdevent",
        .call = &cdevent,
        .signature = "cdevent(type, event)",
        .help =
            "A CDEvent in the newest version of its type, or in the one that is named "
            "(`\"service.deployed.0.2.0\"`); a custom type is named in full "
            "(`\"dev.cdeventsx.mytool-resource.created.0.1.0\"`). `event` has the members of the "
            "[specification](../cdevents.md): `context`, `subject` with its `content`, "
            "`customData`. `context.type` and `context.specversion` are filled in; "
            "`context.source`, `context.id` (made of the content) and `context.timestamp` are "
            "filled in later if they are left out. A member that the type does not have is an "
            "error that names its place. Members that are `nil` or `null` are left out, and whole "
            "numbers become text where the specification wants text.",
        .example = "return cdevent(\"service.deployed\", {\n"
                   "  context = { timestamp = time(m.body.finishedAt) },\n"
                   "  subject = {\n"
                   "    id = \"https://argocd.example.org/applications/cart\",\n"
                   "    content = { environment = { id = \"production\" }, artifactId = "
                   "purl_from_image(m.body.image) },\n"
                   "  },\n"
                   "  customData = { argocd = { revision = m.body.revision } },\n"
                   "})"},
};

}  // namespace

Chapter event_functions() {
  return {"Events",
          "`cdviz-collector types service.deployed --example` prints an event with every member "
          "that it may have.",
          kFunctions};
}

void open_events(lua_State* state) {
  luaL_newmetatable(state, kEvent);
  lua_pushcfunction(state, &text_of_event);
  lua_setfield(state, -2, "__tostring");
  lua_pushboolean(state, 0);
  lua_setfield(state, -2, "__metatable");
  lua_pop(state, 1);
}

std::optional<std::string_view> event_at(lua_State* state, int index) {
  if (luaL_testudata(state, index, kEvent) == nullptr) return std::nullopt;
  lua_getiuservalue(state, index, 1);
  const auto json = text_at(state, -1);
  lua_pop(state, 1);  // the userdata keeps it
  return json;
}

}  // namespace cdviz::transforms::lua
