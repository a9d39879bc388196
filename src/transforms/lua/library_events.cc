// Making CDEvents, and the package URLs that name artifacts in them.
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "cdevents/purl.h"
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
using cdevents::Purl;

constexpr const char* kEvent = "cdviz.event";

std::string json_text(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

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
              is_new ? json_text(cdevents::spec_version_of(*kind)) : json_text(kind->type)},
        Added{is_new ? "type" : "version",
              is_new ? json_text(kind->type) : json_text(cdevents::spec_version_of(*kind))}};
    const std::array added_subject = {Added{"content", "{}"},
                                      Added{"type", json_text(kind->subject_type())}};
    const EventPlan plan{name, engine.shape_of(*kind), added_context,
                         std::span(added_subject).first(is_new ? 1 : 2)};
    push_event(state, encode_event(state, 2, plan));
    return 1;
  }
  static const cdevents::Shape kCustom = cdevents::custom_event_shape(cdevents::Era::v0_5);
  const std::array added_context = {Added{"specversion", json_text("0.5.1")},
                                    Added{"type", json_text(name)}};
  const std::array added_subject = {Added{"content", "{}"}};
  push_event(state, encode_event(state, 2, {name, kCustom, added_context, added_subject}));
  return 1;
}

int text_of_event(lua_State* state) {
  luaL_checkudata(state, 1, kEvent);
  lua_getiuservalue(state, 1, 1);
  return 1;
}

// ---- Package URLs ----

/// Answers nil and what is wrong.
int push_problem(lua_State* state, std::string_view problem) {
  lua_pushnil(state);
  push(state, problem);
  return 2;
}

/// Sets `out` to a text or number that may be absent. @returns false for anything else
bool read_part(lua_State* state, int index, std::string& out) {
  const int type = lua_type(state, index);
  if (type == LUA_TSTRING || type == LUA_TNUMBER) {
    lua_pushvalue(state, index);  // a number becomes its text there
    out = text_at(state, -1);
    lua_pop(state, 1);
    return true;
  }
  return type == LUA_TNIL || type == LUA_TNONE || is_null(state, index);
}

/// For the parser, which takes the parts as they are between its separators.
std::string encoded(std::string_view text, std::string_view keep) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos ||
                       keep.find(c) != std::string_view::npos;
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4U];
    out += kHex[byte & 15U];
  }
  return out;
}

/// Answers the canonical form of a purl, by the rules of its type, or what is wrong.
int push_purl(lua_State* state, const Purl& parts) {
  std::string text = "pkg:" + encoded(parts.type, "") + "/";
  if (!parts.name_space.empty()) text += encoded(parts.name_space, "/") + "/";
  text += encoded(parts.name, "");
  if (!parts.version.empty()) text += "@" + encoded(parts.version, "");
  char separator = '?';
  for (const auto& [key, value] : parts.qualifiers) {
    text += separator + key + "=" + encoded(value, "");
    separator = '&';
  }
  if (!parts.subpath.empty()) text += "#" + encoded(parts.subpath, "/");
  Engine::of(state).charge(text.size());
  const auto purl = cdevents::parse_purl(text);
  if (!purl) return push_problem(state, purl.error().message);
  push(state, purl->text());
  return 1;
}

int make_purl(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  lua_settop(state, 1);
  Purl parts;
  const std::array<std::pair<const char*, std::string*>, 5> fields = {{
      {"type", &parts.type},
      {"namespace", &parts.name_space},
      {"name", &parts.name},
      {"version", &parts.version},
      {"subpath", &parts.subpath},
  }};
  for (const auto& [name, part] : fields) {
    lua_getfield(state, 1, name);
    if (!read_part(state, -1, *part)) {
      return push_problem(state, std::string("purl: its ") + name + " is no text");
    }
    lua_settop(state, 1);
  }
  if (lua_getfield(state, 1, "qualifiers") == LUA_TTABLE) {
    for (lua_pushnil(state); lua_next(state, 2) != 0; lua_pop(state, 1)) {
      if (lua_type(state, -2) != LUA_TSTRING || lua_isstring(state, -1) == 0) continue;
      lua_pushvalue(state, -1);
      const std::string value(text_at(state, -1));
      lua_pop(state, 1);
      if (!value.empty()) parts.qualifiers.emplace_back(text_at(state, -2), value);
    }
  }
  return push_purl(state, parts);
}

/// "[host[:port]/]path[:tag][@digest]" as container tools write it
/// (https://github.com/distribution/reference).
int purl_from_image(lua_State* state) {
  if (lua_type(state, 1) != LUA_TSTRING) return push_problem(state, "the image is no text");
  std::string_view image = text_at(state, 1);
  std::string digest;
  std::string tag;
  if (!read_part(state, 2, digest)) return push_problem(state, "the digest is no text");
  if (!read_part(state, 3, tag)) return push_problem(state, "the tag is no text");
  if (const auto at = image.find('@'); at != std::string_view::npos) {
    if (digest.empty()) digest = image.substr(at + 1);
    image = image.substr(0, at);
  }
  const auto slash = image.rfind('/');
  const auto colon = image.rfind(':');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    if (tag.empty()) tag = image.substr(colon + 1);
    image = image.substr(0, colon);
  }
  std::string repository(image);
  const std::string_view head = image.substr(0, image.find('/'));
  const bool has_host = image.find('/') != std::string_view::npos &&
                        (head.find_first_of(".:") != std::string_view::npos || head == "localhost");
  if (!has_host) {
    const bool is_official = image.find('/') == std::string_view::npos;
    repository = std::string(is_official ? "docker.io/library/" : "docker.io/") + repository;
  }
  Purl parts{.type = "oci",
             .name_space = {},
             .name = repository.substr(repository.rfind('/') + 1),
             .version = digest,
             .qualifiers = {{"repository_url", repository}},
             .subpath = {}};
  if (!tag.empty()) parts.qualifiers.emplace_back("tag", tag);
  return push_purl(state, parts);
}

int parse_purl(lua_State* state) {
  const auto text = text_argument(state, 1);
  Engine::of(state).charge(text.size());
  const auto purl = cdevents::parse_purl(text);
  if (!purl) return push_problem(state, purl.error().message);
  lua_newtable(state);
  const auto set = [state](const char* name, const std::string& value) {
    if (value.empty()) return;
    push(state, value);
    lua_setfield(state, -2, name);
  };
  set("type", purl->type);
  set("namespace", purl->name_space);
  set("name", purl->name);
  set("version", purl->version);
  set("subpath", purl->subpath);
  lua_newtable(state);
  for (const auto& [key, value] : purl->qualifiers) set(key.c_str(), value);
  lua_setfield(state, -2, "qualifiers");
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
    Function{
        .name = "purl",
        .call = &make_purl,
        .signature = "purl{type = …, namespace = …, name = …, version = …, qualifiers = {…}, "
                     "subpath = …}",
        .help =
            "The canonical text of a package URL "
            "([purl](https://github.com/package-url/purl-spec)). `type` and `name` are "
            "needed; the others may be `nil` or `null`. `nil` and what is wrong when there is no "
            "such package URL.",
        .example = "purl{ type = \"npm\", namespace = \"@acme\", name = \"cart\", version = "
                   "\"1.2.3\" }\n-- \"pkg:npm/%40acme/cart@1.2.3\""},
    Function{
        .name = "purl_from_image",
        .call = &purl_from_image,
        .signature = "purl_from_image(image [, digest [, tag]])",
        .help = "The package URL of a container image, from what tools call it. Its version is "
                "the digest; the tag is a qualifier. Each may stand in the name or beside it. "
                "`nil` and what is wrong when it is no name of an image.",
        .example = "purl_from_image(\"ghcr.io/acme/cart:1.2.3\", \"sha256:0b31…\")\n-- "
                   "\"pkg:oci/cart@sha256:0b31…?repository_url=ghcr.io%2Facme%2Fcart&tag=1.2.3\""},
    Function{.name = "parse_purl",
             .call = &parse_purl,
             .signature = "parse_purl(text)",
             .help = "The parts of a package URL, named as `purl` takes them, and `qualifiers`; "
                     "`nil` and what is wrong when it is none.",
             .example = "parse_purl(\"pkg:npm/cart@1.2.3\").version  -- \"1.2.3\""},
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
