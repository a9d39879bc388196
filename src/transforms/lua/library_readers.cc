// Reading single values that somebody sent: each reader gives a value that can be used as it is, or
// nil. Nobody knows better what a payload holds than the one who wrote it, and that may be anybody.
#include <array>
#include <optional>
#include <string>

#include "cdevents/uri_format.h"
#include "transforms/lua/engine.h"
#include "transforms/lua/library.h"
#include "transforms/lua/view.h"

namespace cdviz::transforms::lua {
namespace {

constexpr std::size_t kLongTextBytes = 65'536;
constexpr std::size_t kFirstLineBytes = 200;

/// Calls `push_read(index)` for the value of argument 1, or for what each of the paths behind it
/// leads to, until it has pushed something and returned true. Pushes nil when it never did.
template <class Read>
int first_of(lua_State* state, Read push_read) {
  const int count = lua_gettop(state);
  for (int i = 2; i <= count; ++i) {
    push_at_path(state, 1, text_argument(state, i));
    if (push_read(lua_gettop(state))) return 1;
    lua_pop(state, 1);
  }
  if (count == 1 && push_read(1)) return 1;
  lua_pushnil(state);
  return 1;
}

/// The one value at `index` itself, where `is_good` says so.
template <class IsGood>
auto as_it_is(lua_State* state, IsGood is_good) {
  return [state, is_good](int index) {
    if (!is_good(index)) return false;
    lua_pushvalue(state, index);
    return true;
  };
}

int text(lua_State* state) {
  return first_of(state,
                  as_it_is(state, [&](int index) { return is_text(state, index, kTextBytes); }));
}

int long_text(lua_State* state) {
  return first_of(
      state, as_it_is(state, [&](int index) { return is_text(state, index, kLongTextBytes); }));
}

int integer(lua_State* state) {
  return first_of(state, as_it_is(state, [&](int index) {
                    return lua_type(state, index) == LUA_TNUMBER && lua_isinteger(state, index);
                  }));
}

int boolean(lua_State* state) {
  return first_of(state,
                  as_it_is(state, [&](int index) { return lua_isboolean(state, index) != 0; }));
}

/// What tools written in Go or C send for "never".
bool is_zero_time(std::string_view moment) {
  return moment.starts_with("0001-01-01T00:00:00") || moment == "1970-01-01T00:00:00Z";
}

int moment(lua_State* state) {
  return first_of(state, [state](int index) {
    const int type = lua_type(state, index);
    const bool is_taken =
        type == LUA_TNUMBER ? lua_tonumber(state, index) > 0 : is_text(state, index, kTextBytes);
    if (!is_taken) return false;
    const auto read = moment_at(state, index);
    if (!read || is_zero_time(*read)) return false;
    push(state, *read);
    return true;
  });
}

// ---- Parts of texts ----

/// The beginning of a text, `bytes` at most and no part of a character (UTF-8, RFC 3629).
std::string_view beginning(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  return text.substr(0, bytes);
}

int first_line(lua_State* state) {
  return first_of(state, [state](int index) {
    if (lua_type(state, index) != LUA_TSTRING) return false;
    auto line = beginning(text_at(state, index), kFirstLineBytes);
    line = line.substr(0, line.find_first_of("\r\n"));
    if (line.empty() || line.find('\0') != std::string_view::npos) return false;
    push(state, line);
    return true;
  });
}

int cut(lua_State* state) {
  const lua_Integer bytes = luaL_checkinteger(state, 2);
  luaL_argcheck(state, bytes >= 0, 2, "less than nothing");
  if (lua_type(state, 1) == LUA_TSTRING) {
    push(state, beginning(text_at(state, 1), static_cast<std::size_t>(bytes)));
  } else {
    lua_pushnil(state);
  }
  return 1;
}

// ---- URLs and hashes ----

/// With a host, and without a user, who might have a password.
bool is_web_url(std::string_view url) {
  const std::size_t start = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
  if (start == 0) return false;
  const auto authority = url.substr(start, url.find_first_of("/?#", start) - start);
  return !authority.empty() && authority.front() != ':' &&
         authority.find('@') == std::string_view::npos && cdevents::is_uri(url);
}

int web_url(lua_State* state) {
  return first_of(state, as_it_is(state, [&](int index) {
                    return is_text(state, index, kTextBytes) && is_web_url(text_at(state, index));
                  }));
}

int base_url(lua_State* state) {
  return first_of(state, [state](int index) {
    if (!is_text(state, index, kTextBytes)) return false;
    auto url = text_at(state, index);
    if (url.find_first_of("?#") != std::string_view::npos || !is_web_url(url)) return false;
    while (url.ends_with('/')) url.remove_suffix(1);
    push(state, url);
    return true;
  });
}

bool is_hexadecimal(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

int commit_hash(lua_State* state) {
  return first_of(state, as_it_is(state, [&](int index) {
                    if (lua_type(state, index) != LUA_TSTRING) return false;
                    const auto hash = text_at(state, index);
                    return hash.size() >= 40 && hash.size() <= 64 && is_hexadecimal(hash) &&
                           hash.find_first_not_of('0') != std::string_view::npos;
                  }));
}

int digest(lua_State* state) {
  constexpr std::string_view kAlgorithm = "sha256:";
  return first_of(state, [&](int index) {
    if (!is_text(state, index, kTextBytes)) return false;
    auto text = text_at(state, index);
    if (const auto at = text.rfind('@'); at != std::string_view::npos) text.remove_prefix(at + 1);
    if (!text.starts_with(kAlgorithm) || text.size() != kAlgorithm.size() + 64 ||
        !is_hexadecimal(text.substr(kAlgorithm.size()))) {
      return false;
    }
    push(state, text);
    return true;
  });
}

constexpr std::array kFunctions = {
    Function{.name = "text",
             .call = &text,
             .signature = "text(value [, path, …])",
             .help = "A text: not empty, 1,024 bytes at most, without NUL, which PostgreSQL cannot "
                     "store.",
             .example = "text(m.body, \"user.login\")\n"
                        "text(m.body, \"title\", \"name\") or \"untitled\"\n"
                        "text(values.environment) or \"production\""},
    Function{.name = "long_text",
             .call = &long_text,
             .signature = "long_text(value [, path, …])",
             .help = "The same of 65,536 bytes at most.",
             .example = "cut(long_text(m.body, \"failure.message\"), 1000)"},
    Function{.name = "first_line",
             .call = &first_line,
             .signature = "first_line(value [, path, …])",
             .help = "The first line of a text, 200 bytes of it at most, such as the subject of a "
                     "commit's message.",
             .example = "first_line(m.body, \"head_commit.message\")"},
    Function{.name = "cut",
             .call = &cut,
             .signature = "cut(value, bytes)",
             .help = "The beginning of a text, so many bytes at most and no half characters; `nil` "
                     "for what is no text.",
             .example = "cut(\"größer\", 3)  -- \"gr\""},
    Function{.name = "integer",
             .call = &integer,
             .signature = "integer(value [, path, …])",
             .help = "A whole number of 64 bits.",
             .example = "integer(m.body, \"workflow_run.run_attempt\")"},
    Function{.name = "boolean",
             .call = &boolean,
             .signature = "boolean(value [, path, …])",
             .help = "`true` or `false`.",
             .example = "if boolean(m.body, \"deleted\") then drop(\"was deleted\") end"},
    Function{.name = "moment",
             .call = &moment,
             .signature = "moment(value [, path, …])",
             .help = "What `time` makes of it, but `nil` where `time` is an error, and for what "
                     "tools send when there is no moment: 0, negative numbers, the beginning of "
                     "the years 1 and 1970.",
             .example = "moment(m.body, \"finished_at\", \"updated_at\")"},
    Function{.name = "web_url",
             .call = &web_url,
             .signature = "web_url(value [, path, …])",
             .help = "A URL of the web as it is: `http` or `https`, with a host, without a user, "
                     "valid by [RFC 3986](https://www.rfc-editor.org/rfc/rfc3986).",
             .example = "web_url(m.body, \"pull_request.html_url\")"},
    Function{.name = "base_url",
             .call = &base_url,
             .signature = "base_url(value [, path, …])",
             .help = "A `web_url` without query and fragment, to put paths behind: without slashes "
                     "at its end.",
             .example = "base_url(\"https://ci.example.org/jenkins/\")  -- "
                        "\"https://ci.example.org/jenkins\""},
    Function{.name = "commit_hash",
             .call = &commit_hash,
             .signature = "commit_hash(value [, path, …])",
             .help =
                 "The full hash of a commit, 40 to 64 hexadecimal digits; not the one of zeros, "
                 "which stands for none.",
             .example = "context = { chainId = commit_hash(m.body, \"after\") }"},
    Function{.name = "digest",
             .call = &digest,
             .signature = "digest(value [, path, …])",
             .help = "The digest of an image, `sha256:` and 64 hexadecimal digits, also where it "
                     "stands behind a name and `@`.",
             .example = "digest(m.body, \"target.digest\", \"target.image\")"},
};

}  // namespace

bool is_text(lua_State* state, int index, std::size_t bytes) {
  if (lua_type(state, index) != LUA_TSTRING) return false;
  const auto text = text_at(state, index);
  return !text.empty() && text.size() <= bytes && text.find('\0') == std::string_view::npos;
}

Chapter reader_functions() {
  return {
      "Reading what may be anything",
      "What came in is whatever somebody sent. Each of these gives a value that can be put into "
      "an event as it is, or `nil` for everything else: absent, `null`, of another type, too "
      "long. With paths, as `get` takes them, it is the first of what they lead to that is "
      "one. So `or` says what to do without: `text(m.body, \"name\") or refuse(\"has no "
      "name\")`.",
      kFunctions};
}

}  // namespace cdviz::transforms::lua
