#include "core/json_spans.h"

#include <functional>
#include <random>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "core/limits.h"

namespace cdviz::json {
namespace {

TEST(JsonSpans, EveryValueIsFoundWhereItStands) {
  const std::string text = "  {\"a\" : [1.10, {\"b\":null}] ,\"c\":\"x\\\"]\",\"d\":{} }\n";
  const auto tree = Tree::read(text);
  ASSERT_TRUE(tree);
  const Value root = tree->root();
  EXPECT_EQ(root.text(), "{\"a\" : [1.10, {\"b\":null}] ,\"c\":\"x\\\"]\",\"d\":{} }");
  EXPECT_EQ(root.find("a")->text(), "[1.10, {\"b\":null}]");
  const Value number = *root.find("a")->children().begin();
  EXPECT_EQ(number.text(), "1.10");
  EXPECT_EQ(number.kind(), Kind::number);
  EXPECT_EQ(number.name(), "");
  EXPECT_EQ(root.find("c")->string(), "x\"]");
  EXPECT_TRUE(root.find("d")->children().empty());
  EXPECT_FALSE(root.find("b"));
}

TEST(JsonSpans, TheLastOfSeveralMembersOfOneNameCounts) {
  const auto tree = Tree::read(R"({"a":1,"\u0061":2})");
  EXPECT_EQ(tree->root().find("a")->text(), "2");
}

TEST(JsonSpans, StringsAreDecoded) {
  const auto tree =
      Tree::read(R"(["\u00e9\ud83d\ude00\/\b\f\n\r\t\\\"","é😀","\ud83d","a\\u0041"])");
  std::vector<std::string> strings;
  for (const Value v : tree->root().children()) strings.push_back(v.string());
  EXPECT_EQ(strings, (std::vector<std::string>{"é😀/\b\f\n\r\t\\\"", "é😀", "\uFFFD", "a\\u0041"}));
  EXPECT_TRUE((*tree->root().children().begin()).is("é😀/\b\f\n\r\t\\\""));
  EXPECT_FALSE((*tree->root().children().begin()).is("é"));
}

TEST(JsonSpans, WhatIsNoJsonByItsBracketsIsRefused) {
  for (const char* text :
       {"", " ", "{", "[1", "[1}", "{\"a\"}", "{\"a\":}", "{a:1}", "[1,]", "[,1]", "[1 2]",
        "{\"a\":1,}", "1 2", "{}{}", "\"a", "\"a\\\"", "]", ",", ":"}) {
    EXPECT_FALSE(Tree::read(text)) << text;
  }
}

TEST(JsonSpans, DepthAndNumberOfValuesHaveALimit) {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_TRUE(Tree::read(nested(limits::kJsonDepth)));
  EXPECT_FALSE(Tree::read(nested(limits::kJsonDepth + 1)));
  std::string list = "[0";
  for (std::size_t i = 0; i + 2 < limits::kJsonValues; ++i) list += ",0";
  EXPECT_TRUE(Tree::read(list + "]"));
  EXPECT_FALSE(Tree::read(list + ",0]"));
}

std::string edited(std::string_view text, const std::function<void(Value, Editor&)>& edit) {
  const auto tree = Tree::read(text);
  Editor editor(*tree);
  edit(tree->root(), editor);
  return editor.print();
}

TEST(JsonEditor, MembersAreRemovedWithTheirCommas) {
  const auto without = [](std::string_view text, std::vector<const char*> names) {
    return edited(text, [&](Value root, Editor& e) {
      for (const char* name : names) e.remove(*root.find(name));
    });
  };
  constexpr auto kText = R"({ "a": 1, "b": 2, "c": 3 })";
  EXPECT_EQ(without(kText, {"a"}), R"({ "b": 2, "c": 3 })");
  EXPECT_EQ(without(kText, {"b"}), R"({ "a": 1, "c": 3 })");
  EXPECT_EQ(without(kText, {"c"}), R"({ "a": 1, "b": 2 })");
  EXPECT_EQ(without(kText, {"c", "a"}), R"({ "b": 2 })");
  EXPECT_EQ(without(kText, {"a", "b"}), R"({ "c": 3 })");
  EXPECT_EQ(without(kText, {"c", "b"}), R"({ "a": 1 })");
  EXPECT_EQ(without(kText, {"a", "b", "c"}), R"({  })");
}

TEST(JsonEditor, MembersAreAppendedSpacedLikeTheFirst) {
  const auto with = [](std::string_view text) {
    return edited(text, [](Value root, Editor& e) {
      e.append(root, "x", "1");
      e.append(root, "é\"", "[2]");
    });
  };
  EXPECT_EQ(with("{}"), R"({"x":1,"é\"":[2]})");
  EXPECT_EQ(with(R"({"a":0})"), R"({"a":0,"x":1,"é\"":[2]})");
  EXPECT_EQ(with("{\n  \"a\": 0\n}"), "{\n  \"a\": 0,\n  \"x\": 1,\n  \"é\\\"\": [2]\n}");
}

TEST(JsonEditor, WhatIsAppendedReplacesWhatIsRemoved) {
  EXPECT_EQ(edited(R"({ "a": null })",
                   [](Value root, Editor& e) {
                     e.append(root, "b", "1");
                     e.remove(*root.find("a"));
                   }),
            R"({ "b": 1 })");
}

TEST(JsonEditor, ChangesInsideWhatGoesAreDropped) {
  EXPECT_EQ(edited(R"({"a":{"b":1,"c":[1]},"d":2})",
                   [](Value root, Editor& e) {
                     const Value a = *root.find("a");
                     e.append(a, "x", "1");
                     e.remove(*a.find("b"));
                     e.replace(*a.find("c"), "7");
                     e.rename(*a.find("c"), "z");
                     e.remove(a);
                     e.rename(*root.find("d"), "e");
                   }),
            R"({"e":2})");
}

/// Random documents, and the same random changes made to the text and to Boost.JSON's values.
class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  unsigned below(unsigned n) { return static_cast<unsigned>(engine_() % n); }

  std::string document(unsigned depth = 0) {
    static constexpr const char* kScalars[] = {
        "null", "true",  "false",       "0",       "-1.5e3",   "1.10",  "12345678901234567890",
        "\"\"", "\"a\"", "\"\\u00e9\"", "\"[,]\"", "\"\\\\\"", "\"é\"", "\"\\\"}\""};
    const unsigned kind = below(depth > 4 ? 1 : 3);
    if (kind == 0) return kScalars[below(std::size(kScalars))];
    std::string out = (kind == 1 ? "[" : "{") + space();
    const unsigned count = below(5);
    for (unsigned i = 0; i < count; ++i) {
      if (i > 0) out += "," + space();
      if (kind == 2) out += "\"k" + std::to_string(i) + "\"" + space() + ":" + space();
      out += document(depth + 1) + space();
    }
    return out + (kind == 1 ? "]" : "}");
  }

 private:
  std::string space() { return std::string(std::size_t{below(3)}, " \n\t"[below(3)]); }
  std::mt19937 engine_;
};

/// Makes changes below `value`, in the text by `editor` and in `twin`.
void change(Random& random, Value value, Editor& editor, boost::json::value& twin) {
  if (value.kind() == Kind::array) {
    std::size_t i = 0;
    for (const Value child : value.children()) {
      if (random.below(4) == 0) {
        editor.remove(child);
        twin.as_array().erase(twin.as_array().begin() + static_cast<std::ptrdiff_t>(i));
      } else {
        change(random, child, editor, twin.as_array()[i++]);
      }
    }
  } else if (value.is_object()) {
    auto& object = twin.as_object();
    for (const Value child : value.children()) {
      const std::string name = child.name();
      switch (random.below(5)) {
        case 0:
          editor.remove(child);
          object.erase(name);
          break;
        case 1: {
          editor.rename(child, name + "'");
          boost::json::value moved = object.at(name);
          object.erase(name);
          object[name + "'"] = std::move(moved);
          break;
        }
        default:
          change(random, child, editor, object.at(name));
      }
    }
    if (random.below(2) == 0) {
      editor.append(value, "new", "[true]");
      object["new"] = boost::json::array{true};
    }
  } else if (random.below(2) == 0) {
    editor.replace(value, "{\"r\":0}");
    twin = {{"r", 0}};
  }
}

TEST(JsonEditor, WithoutChangesEveryByteStays) {
  Random random(1);
  for (int i = 0; i < 2'000; ++i) {
    const std::string text = random.document();
    const auto tree = Tree::read(text);
    ASSERT_TRUE(tree) << text;
    const Editor editor(*tree);
    EXPECT_TRUE(editor.empty());
    EXPECT_EQ(editor.print(), text);
  }
}

TEST(JsonEditor, ChangesInTheTextAreThoseOfAnotherLibraryInItsValues) {
  Random random(2);
  for (int i = 0; i < 5'000; ++i) {
    const std::string text = random.document();
    const auto tree = Tree::read(text);
    boost::json::value twin = boost::json::parse(text);
    Editor editor(*tree);
    change(random, tree->root(), editor, twin);
    const std::string out = editor.print();
    boost::system::error_code error;
    EXPECT_EQ(boost::json::parse(out, error), twin) << text << "\n->\n" << out;
    EXPECT_FALSE(error) << out;
  }
}

}  // namespace
}  // namespace cdviz::json
