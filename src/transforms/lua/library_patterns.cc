// find, match, gmatch and gsub: of string with Lua's patterns, of re with those of RE2. One
// implementation: only the syntax differs.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include <re2/re2.h>

#include "transforms/lua/engine.h"
#include "transforms/lua/library.h"
#include "transforms/lua/regex.h"

namespace cdviz::transforms::lua {
namespace {

using re2::RE2;
using re2::StringPiece;
using Syntax = Patterns::Syntax;

/// Bytes that a pattern is tried on; longer texts are refused.
constexpr std::size_t kTextBytes = std::size_t{1} << 20;

/// One pattern on one text, from left to right.
class Search {
 public:
  Search(lua_State* state, std::string_view text, std::string_view pattern, Syntax syntax)
      : engine_(Engine::of(state)), text_(text) {
    if (text.size() > kTextBytes) {
      luaL_error(state, "a text is larger than the %d bytes that patterns work on",
                 static_cast<int>(kTextBytes));
    }
    auto made = engine_.patterns().get(pattern, syntax);
    if (!made) luaL_error(state, "%s", made.error().message.c_str());
    pattern_ = std::move(*made);
    groups_.resize(static_cast<std::size_t>(pattern_->NumberOfCapturingGroups()) + 1);
    anchored_ = syntax == Syntax::lua && pattern.starts_with('^');
  }

  /// The first match that does not begin before `from`.
  bool next(std::size_t from) {
    if (from > text_.size()) return false;
    if (++searches_ % 64 == 0) engine_.check_time();
    const std::string_view rest = text_.substr(from);
    const bool found =
        pattern_->Match(StringPiece(rest.data(), rest.size()), 0, rest.size(), RE2::UNANCHORED,
                        groups_.data(), static_cast<int>(groups_.size()));
    engine_.charge(2 + (found ? end() - from : rest.size()) / 4);
    return found;
  }

  std::size_t begin() const { return static_cast<std::size_t>(groups_[0].data() - text_.data()); }
  std::size_t end() const { return begin() + groups_[0].size(); }
  bool anchored() const { return anchored_; }
  int captures() const { return static_cast<int>(groups_.size()) - 1; }
  const RE2& pattern() const { return *pattern_; }

  /// 0 is the whole match. Pushes nil for a group that took no part.
  void push_group(lua_State* state, int number) const {
    const StringPiece& group = groups_[static_cast<std::size_t>(number)];
    if (group.data() == nullptr) {
      lua_pushnil(state);
    } else {
      push(state, {group.data(), group.size()});
    }
  }
  std::string_view group(int number) const {
    const StringPiece& group = groups_[static_cast<std::size_t>(number)];
    return {group.data(), group.size()};
  }
  /// Pushes the captures, or the whole match when there are none.
  int push_captures(lua_State* state) const {
    luaL_checkstack(state, captures() + 2, "captures");
    if (captures() == 0) push_group(state, 0);
    for (int i = 1; i <= captures(); ++i) push_group(state, i);
    return std::max(captures(), 1);
  }

 private:
  Engine& engine_;
  std::string_view text_;
  std::shared_ptr<const RE2> pattern_;
  std::vector<StringPiece> groups_;
  std::size_t searches_ = 0;
  bool anchored_ = false;
};

/// Argument `index`, from 1 and from the end when negative, as an offset; beyond the text: nothing
/// is found.
std::size_t offset_argument(lua_State* state, int index, std::size_t size) {
  const lua_Integer number = luaL_optinteger(state, index, 1);
  if (number > 0) return static_cast<std::size_t>(number) - 1;
  if (number == 0 || -number >= static_cast<lua_Integer>(size)) return 0;
  return size - static_cast<std::size_t>(-number);
}

template <Syntax syntax>
int find(lua_State* state) {
  const auto text = text_argument(state, 1);
  const auto pattern = text_argument(state, 2);
  const auto from = offset_argument(state, 3, text.size());
  if (lua_toboolean(state, 4) != 0) {
    Engine::of(state).charge(1 + text.size() / 16);
    const auto at = from > text.size() ? std::string_view::npos : text.find(pattern, from);
    if (at == std::string_view::npos) {
      lua_pushnil(state);
      return 1;
    }
    lua_pushinteger(state, static_cast<lua_Integer>(at) + 1);
    lua_pushinteger(state, static_cast<lua_Integer>(at) + static_cast<lua_Integer>(pattern.size()));
    return 2;
  }
  Search search(state, text, pattern, syntax);
  if (!search.next(from)) {
    lua_pushnil(state);
    return 1;
  }
  lua_pushinteger(state, static_cast<lua_Integer>(search.begin()) + 1);
  lua_pushinteger(state, static_cast<lua_Integer>(search.end()));
  return 2 + (search.captures() == 0 ? 0 : search.push_captures(state));
}

template <Syntax syntax>
int match(lua_State* state) {
  const auto text = text_argument(state, 1);
  Search search(state, text, text_argument(state, 2), syntax);
  if (!search.next(offset_argument(state, 3, text.size()))) {
    lua_pushnil(state);
    return 1;
  }
  return search.push_captures(state);
}

int groups(lua_State* state) {
  Search search(state, text_argument(state, 1), text_argument(state, 2), Syntax::re2);
  if (!search.next(0)) {
    lua_pushnil(state);
    return 1;
  }
  lua_newtable(state);
  for (int i = 0; i <= search.captures(); ++i) {
    search.push_group(state, i);
    lua_rawseti(state, -2, i);
  }
  for (const auto& [name, number] : search.pattern().NamedCapturingGroups()) {
    push(state, name);
    search.push_group(state, number);
    lua_rawset(state, -3);
  }
  return 1;
}

/// Upvalues: the text, the pattern, where to go on, where the last match ended.
template <Syntax syntax>
int next_match(lua_State* state) {
  const auto text = text_at(state, lua_upvalueindex(1));
  auto from = static_cast<std::size_t>(lua_tointeger(state, lua_upvalueindex(3)));
  const auto last = lua_tointeger(state, lua_upvalueindex(4));
  Search search(state, text, text_at(state, lua_upvalueindex(2)), syntax);
  while (search.next(from)) {
    // An empty match just behind another one is none.
    if (static_cast<lua_Integer>(search.end()) == last) {
      ++from;
      continue;
    }
    lua_pushinteger(state, static_cast<lua_Integer>(search.end()));
    lua_copy(state, -1, lua_upvalueindex(3));
    lua_replace(state, lua_upvalueindex(4));
    return search.push_captures(state);
  }
  lua_pushnil(state);
  return 1;
}

template <Syntax syntax>
int gmatch(lua_State* state) {
  text_argument(state, 1);
  text_argument(state, 2);
  lua_settop(state, 2);
  lua_pushinteger(state, 0);
  lua_pushinteger(state, -1);
  lua_pushcclosure(state, &next_match<syntax>, 4);
  return 1;
}

/// "%1" and its like in a replacement.
void append_replacement(lua_State* state, std::string& out, std::string_view text,
                        const Search& search) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const char what = ++i < text.size() ? text[i] : '\0';
    const int number = what - '0';
    if (what == '%') {
      out += '%';
    } else if (number < 0 || number > 9 || number > std::max(search.captures(), 1)) {
      luaL_error(state, "a replacement has '%%' without a digit of a capture; '%%%%' is a '%%'");
    } else {
      out += search.group(search.captures() == 0 ? 0 : number);
    }
  }
}

/// @returns the value of the replacement at 3 for a match, as text behind `out`
void replace_one(lua_State* state, std::string& out, const Search& search) {
  switch (lua_type(state, 3)) {
    case LUA_TFUNCTION:
      lua_pushvalue(state, 3);
      lua_call(state, search.push_captures(state), 1);
      break;
    case LUA_TTABLE:
      search.push_group(state, search.captures() == 0 ? 0 : 1);
      lua_gettable(state, 3);
      break;
    default:
      return append_replacement(state, out, text_at(state, 3), search);
  }
  if (lua_toboolean(state, -1) == 0) {
    out += search.group(0);
  } else if (lua_isstring(state, -1) != 0) {
    out += text_at(state, -1);
  } else {
    luaL_error(state, "a replacement is a %s, not a text", luaL_typename(state, -1));
  }
  lua_pop(state, 1);
}

template <Syntax syntax>
int gsub(lua_State* state) {
  const auto text = text_argument(state, 1);
  const int type = lua_type(state, 3);
  luaL_argexpected(
      state,
      type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
      "string/function/table");
  if (type == LUA_TNUMBER) lua_tolstring(state, 3, nullptr);  // in its place
  const lua_Integer most = luaL_optinteger(state, 4, LUA_MAXINTEGER);
  Search search(state, text, text_argument(state, 2), syntax);
  std::string out;
  std::size_t from = 0;
  std::size_t last = std::string::npos;
  lua_Integer count = 0;
  while (count < most && search.next(from)) {
    out += text.substr(from, search.begin() - from);
    if (search.end() == last) {  // an empty match just behind another one is none
      if (from < text.size()) out += text[from];
      ++from;
      continue;
    }
    ++count;
    const auto end = search.end();
    replace_one(state, out, search);
    from = last = end;
    if (out.size() > kBlockBytes) return luaL_error(state, "gsub: the result is too large");
    if (search.anchored()) break;
  }
  if (from < text.size()) out += text.substr(from);
  Engine::of(state).charge(out.size() / 16);
  push(state, out);
  lua_pushinteger(state, count);
  return 2;
}

constexpr std::array kFunctions = {
    Function{.name = "re.match",
             .call = &match<Syntax::re2>,
             .signature = "re.match(text, pattern [, from])",
             .help = "The captures of the first match, or all of it when the pattern has none; "
                     "`nil` when nothing matches.",
             .example = "local owner, name = re.match(url, [[^https://[^/]+/([^/]+)/([^/]+)$]])"},
    Function{.name = "re.groups",
             .call = &groups,
             .signature = "re.groups(text, pattern)",
             .help = "The first match as a table: `[0]` is all of it, the others stand under their "
                     "number and, `(?P<name>…)`, under their name; `nil` when nothing matches.",
             .example = "re.groups(\"v1.22.3\", [[v(?P<major>\\d+)\\.]]).major  -- \"1\""},
    Function{.name = "re.find",
             .call = &find<Syntax::re2>,
             .signature = "re.find(text, pattern [, from [, plain]])",
             .help = "Where the first match begins and ends, and its captures.",
             .example = "re.find(\"cart-1.2\", [[\\d]])  -- 6, 6"},
    Function{.name = "re.gmatch",
             .call = &gmatch<Syntax::re2>,
             .signature = "re.gmatch(text, pattern)",
             .help = "For a loop over all matches.",
             .example = "for key in re.gmatch(title, [[[A-Z]+-\\d+]]) do … end"},
    Function{.name = "re.gsub",
             .call = &gsub<Syntax::re2>,
             .signature = "re.gsub(text, pattern, replacement [, most])",
             .help =
                 "The text with matches replaced, and how many there were. The replacement is a "
                 "text in which `%1` is a capture, a table, or a function.",
             .example = "re.gsub(\"a.b.c\", [[\\.]], \"/\")  -- \"a/b/c\", 2"},
    Function{.name = "string.find",
             .call = &find<Syntax::lua>,
             .signature = "string.find(text, pattern [, from [, plain]])",
             .help = "As in Lua: where the first match begins and ends, and its captures; with "
                     "`plain` the pattern is a text.",
             .example = "(\"refs/heads/main\"):find(\"refs/heads/\", 1, true)  -- 1, 11"},
    Function{.name = "string.match",
             .call = &match<Syntax::lua>,
             .signature = "string.match(text, pattern [, from])",
             .help = "As in Lua.",
             .example = "(\"refs/heads/main\"):match(\"^refs/heads/(.+)$\")  -- \"main\""},
    Function{.name = "string.gmatch",
             .call = &gmatch<Syntax::lua>,
             .signature = "string.gmatch(text, pattern)",
             .help = "As in Lua.",
             .example = {}},
    Function{.name = "string.gsub",
             .call = &gsub<Syntax::lua>,
             .signature = "string.gsub(text, pattern, replacement [, most])",
             .help = "As in Lua.",
             .example = "(\"a-b\"):gsub(\"%-\", \"_\")  -- \"a_b\", 1"},
};

}  // namespace

Chapter pattern_functions() {
  return {"Patterns",
          "`re` has regular expressions in the syntax of "
          "[RE2](https://github.com/google/re2/wiki/Syntax); `string` has Lua's own "
          "[patterns](https://www.lua.org/manual/5.4/manual.html#6.4.1) without `%b`, `%f`, "
          "back-references and position captures. Both take time that grows with the text only; a "
          "text has at most 1 MiB, a pattern 31 captures.",
          kFunctions};
}

}  // namespace cdviz::transforms::lua
