#include "parsers/tap.h"

#include <string>

#include <gtest/gtest.h>

namespace cdviz::parsers {
namespace {

std::string json(std::string_view tap) {
  auto made = tap_to_json(tap);
  return made ? *made : made.error().code + ": " + made.error().message;
}

TEST(Tap, ARunIsAnObject) {
  EXPECT_EQ(json("TAP version 14\n1..3\nok 1 - first\nnot ok 2 - second # TODO later\n"
                 "ok 3 # SKIP no network\n"),
            R"({"version":14,"plan":{"start":1,"end":3},"tests":[)"
            R"({"number":1,"status":"ok","description":"first","directive":null,)"
            R"("yaml_diagnostics":null},)"
            R"({"number":2,"status":"not_ok","description":"second","directive":)"
            R"({"kind":"todo","reason":"later"},"yaml_diagnostics":null},)"
            R"({"number":3,"status":"ok","description":"","directive":)"
            R"({"kind":"skip","reason":"no network"},"yaml_diagnostics":null}]})");
}

TEST(Tap, DiagnosticsAreYamlOrElseText) {
  EXPECT_EQ(json("not ok 1 - x\n  ---\n  message: 'no'\n  at: [1, 2]\n  ...\nok\n"),
            R"({"version":null,"plan":null,"tests":[)"
            R"({"number":1,"status":"not_ok","description":"x","directive":null,)"
            R"("yaml_diagnostics":{"message":"no","at":[1,2]}},)"
            R"({"number":2,"status":"ok","description":"","directive":null,)"
            R"("yaml_diagnostics":null}]})");
  EXPECT_NE(json("ok\n  ---\n  [broken\n  ...\n").find(R"("yaml_diagnostics":"[broken\n")"),
            std::string::npos);
}

TEST(Tap, NumbersGoOnEscapesAreUndoneAndTheRestIsLeftOut) {
  EXPECT_EQ(json("1..0 # SKIP nothing here\r\n# a comment\r\npragma +strict\r\n"
                 "ok 7 a \\# b\r\n    ok 1 - of a subtest\r\nok\r\nnonsense\r\nBail out! disk\r\n"),
            R"({"version":null,"plan":{"start":1,"end":0},"bail_out":"disk","tests":[)"
            R"({"number":7,"status":"ok","description":"a # b","directive":null,)"
            R"("yaml_diagnostics":null},)"
            R"({"number":8,"status":"ok","description":"","directive":null,)"
            R"("yaml_diagnostics":null}]})");
}

TEST(Tap, WhatIsNoTapIsSaid) {
  EXPECT_EQ(json("okay then\nnothing\n"), "tap: holds no line of TAP");
  EXPECT_EQ(json("ok \xff"), "utf8: is not UTF-8");
  std::string many;
  for (std::size_t i = 0; i <= kTapTests; ++i) many += "ok\n";
  EXPECT_TRUE(json(many).starts_with("too_many"));
}

}  // namespace
}  // namespace cdviz::parsers
