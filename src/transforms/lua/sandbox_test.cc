// Hostile scripts: each ends within its limit, and the next event is untouched.
#include <ctime>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "transforms/lua/engine.h"

namespace cdviz::transforms::lua {
namespace {

using ::testing::HasSubstr;

/// Otherwise as by default: this is a test of limits, not of patience.
constexpr Limits kSmall{.instructions = 2'000'000};
constexpr const char* kGood = "{\"good\":true}";

/// A script that misbehaves on every message but the good one.
std::string hostile(const std::string& lines) {
  return "local kept = 0\nlocal function evil(m) " + lines +
         "\nend\nfunction transform(m)\n  kept = kept + 1\n  leaked = (leaked or 0) + 1\n"
         "  if m.body.good then return { kept = kept, leaked = leaked } end\n"
         "  evil(m)\n  return m\nend";
}

struct Verdict {
  std::string code;
  std::string message;
};

/// Runs the evil, then the good message; on the same engine, if there still is one.
Verdict survive(const std::string& lines, const Limits& limits = kSmall) {
  const Script script{"evil", hostile(lines)};
  auto engine = Engine::make(script, limits);
  if (!engine) return {"make", engine.error().message};
  auto result = (*engine)->run({"{}"});
  Verdict verdict{"none", ""};
  if (!result) verdict = {result.error().code, result.error().message};
  if ((*engine)->is_spent()) engine = Engine::make(script, limits);
  auto good = (*engine)->run({kGood});
  EXPECT_TRUE(good) << good.error().message;
  if (good) {
    EXPECT_EQ(good->messages.at(0).body, R"({"kept":1,"leaked":1})");
  }
  return verdict;
}

class Endless : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(Endless, IsStopped) {
  const auto verdict = survive(GetParam().second);
  EXPECT_EQ(verdict.code, "transform_limit") << verdict.message;
  EXPECT_THAT(verdict.message, HasSubstr("evil:"));
}

INSTANTIATE_TEST_SUITE_P(
    Scripts, Endless,
    ::testing::Values(
        std::pair{"Loop", "while true do end"},
        std::pair{"LoopInPcall", "while true do pcall(function() while true do end end) end"},
        std::pair{"NestedPcall",
                  "local function f() pcall(f) while true do end end while true do pcall(f) end"},
        std::pair{"Metamethod",
                  "local t = setmetatable({}, { __index = function(t, k) while true do end end }) "
                  "return t.x"},
        std::pair{"Close",
                  "while true do local x <close> = setmetatable({}, { __close = function() while "
                  "true do end end }) end"},
        std::pair{"Sort",
                  "local t = {} for i = 1, 1000 do t[i] = i end while true do pcall(table.sort, t, "
                  "function(a, b) return true end) end"},
        std::pair{"SortOfMany",
                  "local t = {} for i = 1, 400000 do t[i] = i end while true do table.sort(t) end"},
        std::pair{"Gsub",
                  "while true do (('x'):rep(1000)):gsub('x', function() return 'y' end) end"},
        std::pair{"Pattern", "while true do (('a'):rep(200000)):gsub('a*b', '') end"},
        std::pair{"QuadraticPattern", "re.gsub(('a'):rep(1000000), 'a(.*b)?', '')"},
        std::pair{"ManyStates",
                  "while true do re.match(('ab'):rep(400000), '(a.{9}b)(.{40}c)') end"},
        std::pair{"Gmatch", "while true do for w in ('a b c'):gmatch('%a+') do end end"},
        std::pair{"Concat",
                  "local t = {} for i = 1, 100000 do t[i] = 'x' end while true do "
                  "table.concat(t) end"},
        std::pair{"Insert", "local t = {} for i = 1, 1e9 do table.insert(t, 1, i) end"},
        std::pair{"Compare",
                  "local a, b = ('x'):rep(1 << 23), ('x'):rep(1 << 23) .. 'y' while true "
                  "do local c = a < b end"},
        std::pair{"Upper", "local a = ('x'):rep(1 << 23) while true do a:upper() end"},
        std::pair{"Encode",
                  "local t = {} for i = 1, 10000 do t[i] = i end while true do "
                  "json.encode(t) end"},
        std::pair{"Decode",
                  "local s = '[' .. ('1,'):rep(100000) .. '1]' while true do "
                  "json.decode(s) end"},
        std::pair{"Copy", "local t = { { { {} } } } while true do copy(t) end"},
        std::pair{"Hash", "local s = ('x'):rep(1 << 23) while true do sha256(s) end"},
        std::pair{"CloseChain",
                  "local function f() local x <close> = setmetatable({}, { __close = "
                  "function() f() end }) end while true do pcall(f) end"}),
    [](const auto& each) { return each.param.first; });

class Hungry : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(Hungry, IsStopped) {
  const auto verdict = survive(GetParam().second);
  EXPECT_TRUE(verdict.code == "transform_limit" || verdict.code == "transform")
      << verdict.code << verdict.message;
}

INSTANTIATE_TEST_SUITE_P(
    Scripts, Hungry,
    ::testing::Values(
        std::pair{"Table", "local t = {} for i = 1, 1e9 do t[i] = i end"},
        std::pair{"TableInPcall",
                  "local t = {} while true do pcall(function() for i = 1, 1e9 do t[#t + 1] = i end "
                  "end) end"},
        std::pair{"Repeat", "return ('x'):rep(1e9)"},
        std::pair{"RepeatNothing", "local s = (''):rep(1e15) while true do (''):rep(1e15) end"},
        std::pair{"Double", "local s = 'x' while true do s = s .. s end"},
        std::pair{"Garbage", "while true do local s = ('x'):rep(1 << 20) .. 'y' end"},
        std::pair{"Closures",
                  "local f for i = 1, 1e9 do local g = f f = function() return g end end"},
        std::pair{"Recursion", "local function f() return 1 + f() end f()"},
        std::pair{"PcallRecursion", "local function f() pcall(f) end f() while true do end"},
        std::pair{"MetaRecursion",
                  "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return "
                  "t[k .. 'x'] end return t.a"},
        std::pair{"IndexChain",
                  "local t = {} for i = 1, 1e6 do t = setmetatable({}, { __index = t "
                  "}) end return t.x"},
        std::pair{"Strings", "local t = {} for i = 1, 1e9 do t[i] = 'string ' .. i end"},
        std::pair{"Unpack", "table.unpack({}, 1, 1e8)"},
        std::pair{"UnpackFar", "table.unpack({}, -1e18, 1e18)"},
        std::pair{"Concat", "table.concat({}, 'x', 1, 1e15)"},
        std::pair{"ConcatMeta", "table.concat(setmetatable({}, { __index = type }), '', 1, 1e15)"},
        std::pair{"LengthMeta",
                  "table.insert(setmetatable({}, { __len = function() return 1e15 end "
                  "}), 1, 1)"},
        std::pair{"Format", "string.format('%99999d', 1)"},
        std::pair{"Captures", "('x'):match(('(x)'):rep(1000))"},
        std::pair{"Repetitions", "re.match('x', '((x{100}){100}){100}')"},
        std::pair{"PatternSize", "re.match('x', ('x?'):rep(100000))"},
        std::pair{"Circle", "local t = {} t.t = t json.encode(t)"},
        std::pair{"CopyOfCircle", "local t = {} t.t = t copy(t)"},
        std::pair{"DeepTable", "local t = {} for i = 1, 1e5 do t = { t } end json.encode(t)"},
        std::pair{"DeepText", "json.encode(json.decode(('['):rep(1e5) .. (']'):rep(1e5)))"},
        std::pair{"Fill", "fill(('{a}'):rep(1e5), { a = ('x'):rep(1e5) })"},
        std::pair{"Error", "error(('x'):rep(1e7))"}, std::pair{"ErrorTable", "error({})"},
        std::pair{"ErrorInToString",
                  "error(tostring(setmetatable({}, { __tostring = function() error('x') end })))"}),
    [](const auto& each) { return each.param.first; });

TEST(Sandbox, HasNoWayOut) {
  for (const std::string name :
       {"io", "os", "debug", "package", "require", "load", "loadstring", "loadfile", "dofile",
        "coroutine", "collectgarbage", "rawset", "_G", "string.dump", "string.pack", "math.random",
        "print", "table.move", "xpcall"}) {
    auto engine = Engine::make(
        {"t",
         "function transform(m) return { v = get({ s = string, m = math, t = table }, 'none') "
         "== nil and (" +
             name + ") == nil } end"},
        {});
    ASSERT_TRUE(engine) << name;
    auto result = (*engine)->run({"{}"});
    ASSERT_TRUE(result) << name << result.error().message;
    EXPECT_EQ(result->messages[0].body, R"({"v":true})") << name;
  }
}

TEST(Sandbox, RefusesBytecode) {
  const auto engine = Engine::make({"t", std::string("\x1bLua", 4)}, {});
  ASSERT_FALSE(engine);
  EXPECT_THAT(engine.error().message, HasSubstr("attempt to load a binary chunk"));
}

TEST(Sandbox, ItsLibraryCannotBeChanged) {
  for (const std::string lines :
       {"string.rep = 1", "string.new = 1", "json.decode = nil", "getmetatable('').__index = 1",
        "setmetatable(string, {})", "setmetatable(_ENV, {})", "setmetatable(m.body, {})",
        "table.insert(table, 1)", "values.x = 1", "setmetatable({}, { __gc = function() end })",
        "m.headers.x = 'y'", "m.body = 1"}) {
    EXPECT_EQ(survive(lines).code, "transform") << lines;
  }
  // Its own globals are its own, for one event.
  EXPECT_EQ(survive("json = 1 null = 2 cdevent = nil").code, "none");
}

TEST(Sandbox, AHundredThousandEventsOfOneAreTooMany) {
  const auto verdict = survive("");
  EXPECT_EQ(verdict.code, "none");
  auto engine = Engine::make({"t",
                              "function transform(m) local l = {} for i = 1, m.body.n do l[i] "
                              "= { i = i } end return l end"},
                             {});
  ASSERT_TRUE(engine);
  EXPECT_EQ((*engine)->run({R"({"n":1000})"})->messages.size(), 1000U);
  const auto many = (*engine)->run({R"({"n":100000})"});
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().code, "transform_limit");
  EXPECT_THAT(many.error().message, HasSubstr("more than 1000 events"));
}

TEST(Sandbox, AGiantOutputIsRefused) {
  auto engine = Engine::make({"t",
                              "function transform(m) local l = {} local s = ('x'):rep(1 << 20) "
                              "for i = 1, 900 do l[i] = { s } end return l end"},
                             {});
  ASSERT_TRUE(engine);
  const auto result = (*engine)->run({"{}"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "transform_limit");
}

TEST(Sandbox, AnEngineServesAsManyEventsAsComeInTheSameMemory) {
  auto engine = Engine::make({"t",
                              "function transform(m) local t = {} for i = 1, 100 do t[i] = "
                              "m.body.s .. i end return { n = #t } end"},
                             {.memory = 4 << 20});
  ASSERT_TRUE(engine);
  const std::string body = "{\"s\":\"" + std::string(1000, 'x') + "\"}";
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE((*engine)->run({body}));
}

TEST(Sandbox, AnErrorSaysWhere) {
  auto engine =
      Engine::make({"github", "function transform(m)\n  local x = m.body.a.b.c\nend"}, {});
  ASSERT_TRUE(engine);
  const auto result = (*engine)->run({"{}"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "transform");
  EXPECT_EQ(result.error().message, "github:2: attempt to index a nil value (field 'a')");
  const auto broken = Engine::make({"github", "function transform(m)\n  x = = 1\nend"}, {});
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().fault, Fault::stop);
  EXPECT_THAT(broken.error().message, HasSubstr("github:2: unexpected symbol near '='"));
  EXPECT_THAT(Engine::make({"a", "x = 1"}, {}).error().message, HasSubstr("no function transform"));
  EXPECT_THAT(Engine::make({"a", "while true do end"}, {}).error().message, HasSubstr("a:1: took"));
}

}  // namespace
}  // namespace cdviz::transforms::lua
