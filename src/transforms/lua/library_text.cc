// Text and URLs.
#include <array>
#include <string>

#include "core/percent.h"
#include "transforms/lua/engine.h"
#include "transforms/lua/library.h"
#include "transforms/lua/view.h"

namespace cdviz::transforms::lua {
namespace {

void charge_text(lua_State* state, std::string_view text) {
  Engine::of(state).charge(1 + text.size() / 16);
}

int starts_with(lua_State* state) {
  const auto text = text_argument(state, 1);
  lua_pushboolean(state, text.starts_with(text_argument(state, 2)) ? 1 : 0);
  return 1;
}

int ends_with(lua_State* state) {
  const auto text = text_argument(state, 1);
  lua_pushboolean(state, text.ends_with(text_argument(state, 2)) ? 1 : 0);
  return 1;
}

int trim(lua_State* state) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  auto text = text_argument(state, 1);
  charge_text(state, text);
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) {
    lua_pushliteral(state, "");
    return 1;
  }
  push(state, text.substr(begin, text.find_last_not_of(kSpace) - begin + 1));
  return 1;
}

int split(lua_State* state) {
  const auto text = text_argument(state, 1);
  const auto separator = text_argument(state, 2);
  luaL_argcheck(state, !separator.empty(), 2, "empty");
  charge_text(state, text);
  lua_newtable(state);
  lua_Integer number = 0;
  for (std::size_t at = 0;;) {
    const auto end = text.find(separator, at);
    Engine::of(state).charge(1);
    push(state, text.substr(at, end == std::string_view::npos ? end : end - at));
    lua_rawseti(state, -2, ++number);
    if (end == std::string_view::npos) return 1;
    at = end + separator.size();
  }
}

/// Fills "{path}" from a value; "{{" is a brace.
int fill(lua_State* state) {
  const auto text = text_argument(state, 1);
  luaL_checkany(state, 2);
  lua_settop(state, 2);
  charge_text(state, text);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c == '{' || c == '}') && i + 1 < text.size() && text[i + 1] == c) {
      out += c;
      ++i;
    } else if (c == '{') {
      const auto end = text.find('}', i);
      if (end == std::string_view::npos) return luaL_error(state, "fill: a '{' is not closed");
      const auto path = text.substr(i + 1, end - i - 1);
      push_at_path(state, 2, path);
      if (lua_isnil(state, -1)) {
        return luaL_error(state, "fill: there is no {%s}", std::string(path).c_str());
      }
      std::size_t size = 0;
      const char* value = luaL_tolstring(state, -1, &size);
      out.append(value, size);
      lua_pop(state, 2);
      i = end;
      if (out.size() > kBlockBytes) return luaL_error(state, "fill: the result is too large");
    } else {
      out += c;
    }
  }
  push(state, out);
  return 1;
}

// ---- URLs (https://www.rfc-editor.org/rfc/rfc3986) ----

int url_encode(lua_State* state) {
  const auto text = text_argument(state, 1);
  charge_text(state, text);
  push(state, percent_encoded(text));
  return 1;
}

int url_decode(lua_State* state) {
  const auto text = text_argument(state, 1);
  charge_text(state, text);
  push(state, percent_decoded_where_encoded(text));
  return 1;
}

/// The first argument, then each other one as a segment of the path.
int url_join(lua_State* state) {
  std::string out(text_argument(state, 1));
  while (out.ends_with('/')) out.pop_back();
  for (int i = 2; i <= lua_gettop(state); ++i) {
    out += '/';
    append_percent_encoded(out, text_argument(state, i));
  }
  charge_text(state, out);
  push(state, out);
  return 1;
}

void set_part(lua_State* state, const char* name, std::string_view value) {
  push(state, value);
  lua_setfield(state, -2, name);
}

int url_parse(lua_State* state) {
  std::string_view rest = text_argument(state, 1);
  charge_text(state, rest);
  lua_newtable(state);
  if (const auto at = rest.find('#'); at != std::string_view::npos) {
    set_part(state, "fragment", rest.substr(at + 1));
    rest = rest.substr(0, at);
  }
  if (const auto at = rest.find('?'); at != std::string_view::npos) {
    set_part(state, "query", rest.substr(at + 1));
    rest = rest.substr(0, at);
  }
  const auto colon = rest.find(':');
  if (colon != std::string_view::npos && rest.find('/') > colon) {
    set_part(state, "scheme", rest.substr(0, colon));
    rest.remove_prefix(colon + 1);
  }
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    std::string_view authority = rest.substr(0, rest.find('/'));
    rest.remove_prefix(authority.size());
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
      set_part(state, "user", authority.substr(0, at));
      authority.remove_prefix(at + 1);
    }
    const auto bracket = authority.rfind(']');
    const auto port = authority.rfind(':');
    if (port != std::string_view::npos && (bracket == std::string_view::npos || port > bracket)) {
      set_part(state, "port", authority.substr(port + 1));
      authority = authority.substr(0, port);
    }
    set_part(state, "host", authority);
  }
  set_part(state, "path", rest);
  return 1;
}

constexpr std::array kFunctions = {
    Function{.name = "string.starts_with",
             .call = &starts_with,
             .signature = "string.starts_with(text, beginning)",
             .help = "Whether a text begins so; also as a method, as all of `string`.",
             .example = "m.body.ref:starts_with(\"refs/tags/\")"},
    Function{.name = "string.ends_with",
             .call = &ends_with,
             .signature = "string.ends_with(text, ending)",
             .help = "Whether a text ends so.",
             .example = "(\"app.tar.gz\"):ends_with(\".gz\")  -- true"},
    Function{.name = "string.trim",
             .call = &trim,
             .signature = "string.trim(text)",
             .help = "Without white space at both ends.",
             .example = "(\" a \"):trim()  -- \"a\""},
    Function{.name = "string.split",
             .call = &split,
             .signature = "string.split(text, separator)",
             .help = "The parts between the separators, which are plain text, as a list.",
             .example = "(\"acme/cart\"):split(\"/\")  -- {\"acme\", \"cart\"}"},
    Function{.name = "fill",
             .call = &fill,
             .signature = "fill(text, value)",
             .help = "The text with every `{path}` replaced by what `get(value, path)` gives; what "
                     "is absent is an error. `{{` and `}}` are braces.",
             .example = "fill(\"{server_url}/{repository}/actions/runs/{run_id}\", m.body)"},
    Function{.name = "url.encode",
             .call = &url_encode,
             .signature = "url.encode(text)",
             .help = "Percent-encoded, for one segment of a path or one value of a query.",
             .example = "url.encode(\"a b/c\")  -- \"a%20b%2Fc\""},
    Function{.name = "url.decode",
             .call = &url_decode,
             .signature = "url.decode(text)",
             .help = "Percent-decoded once; a `%` without two hexadecimal digits stays.",
             .example = "url.decode(\"a%20b\")  -- \"a b\""},
    Function{.name = "url.join",
             .call = &url_join,
             .signature = "url.join(base, segment, …)",
             .help = "A base and segments of a path behind it, which are encoded.",
             .example = "url.join(\"https://ci.example.org/\", \"job\", \"a b\")\n-- "
                        "\"https://ci.example.org/job/a%20b\""},
    Function{.name = "url.parse",
             .call = &url_parse,
             .signature = "url.parse(text)",
             .help = "The parts of a URL ([RFC 3986](https://www.rfc-editor.org/rfc/rfc3986)) as "
                     "they stand: `scheme`, `user`, `host`, `port`, `path`, `query`, `fragment`.",
             .example = "url.parse(\"https://github.com/acme/cart\").host  -- \"github.com\""},
};

}  // namespace

Chapter text_functions() {
  return {
      "Text and URLs",
      "Lua's own `string` is there too, but for `dump`, `pack` and `unpack`; so are `math` "
      "(without `random`), `table` and `utf8`. `io`, `os`, `require`, `load` and `coroutine` are "
      "not.",
      kFunctions};
}

}  // namespace cdviz::transforms::lua
