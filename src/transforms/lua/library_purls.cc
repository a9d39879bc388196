// The package URLs that name artifacts (https://github.com/package-url/purl-spec).
#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "cdevents/purl.h"
#include "core/percent.h"
#include "core/result.h"
#include "transforms/lua/encode.h"
#include "transforms/lua/engine.h"
#include "transforms/lua/library.h"
#include "transforms/lua/view.h"

namespace cdviz::transforms::lua {
namespace {

using cdevents::Purl;

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

/// The canonical form of a purl, by the rules of its type.
Result<Purl> canonical(lua_State* state, const Purl& parts) {
  // The parser takes the parts as they are between its separators.
  std::string text = "pkg:" + percent_encoded(parts.type) + "/";
  if (!parts.name_space.empty())
    text += percent_encoded(parts.name_space, kUnreservedAndSlash) + "/";
  text += percent_encoded(parts.name);
  if (!parts.version.empty()) text += "@" + percent_encoded(parts.version);
  char separator = '?';
  for (const auto& [key, value] : parts.qualifiers) {
    text += separator + key + "=" + percent_encoded(value);
    separator = '&';
  }
  if (!parts.subpath.empty()) text += "#" + percent_encoded(parts.subpath, kUnreservedAndSlash);
  Engine::of(state).charge(text.size());
  return cdevents::parse_purl(text);
}

int push_purl(lua_State* state, const Result<Purl>& purl) {
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
  return push_purl(state, canonical(state, parts));
}

/// The parts of "[host[:port]/]path[:tag][@digest]", as container tools write it
/// (https://github.com/distribution/reference). `digest` and `tag` are those that stand beside it.
Purl purl_of_image(std::string_view image, std::string digest, std::string tag) {
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
             .version = std::move(digest),
             .qualifiers = {{"repository_url", repository}},
             .subpath = {}};
  if (!tag.empty()) parts.qualifiers.emplace_back("tag", std::move(tag));
  return parts;
}

int purl_from_image(lua_State* state) {
  if (lua_type(state, 1) != LUA_TSTRING) return push_problem(state, "the image is no text");
  std::string digest;
  std::string tag;
  if (!read_part(state, 2, digest)) return push_problem(state, "the digest is no text");
  if (!read_part(state, 3, tag)) return push_problem(state, "the tag is no text");
  const Purl parts = purl_of_image(text_at(state, 1), std::move(digest), std::move(tag));
  return push_purl(state, canonical(state, parts));
}

bool is_ignored(std::string_view image, const std::vector<std::string>& beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](const std::string& beginning) { return image.starts_with(beginning); });
}

/// Those of the first elements of the list at `index` that are a text.
std::vector<std::string> texts_at(lua_State* state, int index) {
  std::vector<std::string> found;
  if (!is_list(state, index)) return found;
  for (lua_Integer number = 1; number <= kManyElements; ++number) {
    push_element(state, index, number);
    const bool is_end = lua_isnil(state, -1);
    if (is_text(state, -1, kTextBytes)) found.emplace_back(text_at(state, -1));
    lua_pop(state, 1);
    if (is_end) break;
  }
  return found;
}

int images(lua_State* state) {
  lua_settop(state, 2);
  const auto beginnings = texts_at(state, 2);
  std::vector<std::string> seen;
  lua_newtable(state);
  for (const std::string& image : texts_at(state, 1)) {
    if (is_ignored(image, beginnings)) continue;
    const Purl parts = purl_of_image(image, {}, {});
    const auto purl = canonical(state, parts);
    if (!purl) continue;
    std::string text = purl->text();
    if (std::find(seen.begin(), seen.end(), text) != seen.end()) continue;
    lua_createtable(state, 0, 3);
    push(state, text);
    lua_setfield(state, -2, "purl");
    push(state, parts.name);
    lua_setfield(state, -2, "name");
    push(state, image);
    lua_setfield(state, -2, "image");
    seen.push_back(std::move(text));
    lua_rawseti(state, 3, static_cast<lua_Integer>(seen.size()));
  }
  return 1;
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
    Function{.name = "images",
             .call = &images,
             .signature = "images(list [, ignored])",
             .help = "What runs in a workload: a list of `{ purl = …, name = …, image = … }`, one "
                     "for each image of the first 100 elements of a list, each package URL once; "
                     "`name` is the last part of the repository. Images that begin with one of "
                     "the texts of `ignored`, such as sidecars, are left out.",
             .example = "for _, one in ipairs(images(texts(spec.containers, \"image\"), "
                        "values.ignore_images)) do\n  log(one.name, one.purl)\nend"},
    Function{.name = "parse_purl",
             .call = &parse_purl,
             .signature = "parse_purl(text)",
             .help = "The parts of a package URL, named as `purl` takes them, and `qualifiers`; "
                     "`nil` and what is wrong when it is none.",
             .example = "parse_purl(\"pkg:npm/cart@1.2.3\").version  -- \"1.2.3\""},
};

}  // namespace

Chapter purl_functions() {
  return {"Package URLs",
          "They name artifacts the same way whoever tells of them. What is no package URL is `nil` "
          "and the reason.",
          kFunctions};
}

}  // namespace cdviz::transforms::lua
