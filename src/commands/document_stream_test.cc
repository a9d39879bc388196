#include "commands/document_stream.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace cdviz::commands {
namespace {

constexpr std::size_t kMax = 1000;

/// Hands the text out in pieces of `step` bytes.
ReadBytes in_pieces(std::string text, std::size_t step) {
  return [text = std::move(text), step,
          at = std::size_t{0}](std::span<char> out) mutable -> Result<std::size_t> {
    const std::size_t count = std::min({step, out.size(), text.size() - at});
    std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), count, out.begin());
    at += count;
    return count;
  };
}

/// "line:text" of each document, "line!rule: message" where the stream is wrong. The same however
/// the stream comes in pieces.
std::vector<std::string> documents(const std::string& text, Framing framing = Framing::automatic) {
  std::vector<std::string> all;
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 20U}) {
    DocumentStream stream(in_pieces(text, step), framing, kMax);
    std::vector<std::string> list;
    for (;;) {
      const auto document = stream.next();
      if (!document) throw std::runtime_error(document.error().message);
      if (!*document) break;
      const auto& [content, line, problem] = **document;
      list.push_back(std::to_string(line) +
                     (problem ? "!" + problem->rule + ": " + problem->message : ":" + content));
    }
    EXPECT_EQ(stream.bytes(), text.size());
    if (step > 1) {
      EXPECT_EQ(list, all) << "in pieces of " << step;
    }
    all = list;
  }
  return all;
}

using List = std::vector<std::string>;

TEST(DocumentStream, NothingIsNoDocument) {
  for (const char* text : {"", " \n\t\r\n", "\xEF\xBB\xBF", "[]", " [ \n ] \n"}) {
    EXPECT_EQ(documents(text), List{}) << text;
  }
  EXPECT_EQ(documents("\n\n", Framing::lines), List{});
}

TEST(DocumentStream, LinesAreDocumentsWhenTheFirstOneEndsOnItsLine) {
  EXPECT_EQ(documents("{\"a\":1}\r\n\n  {\"b\":2}\n{\n}}\n"),
            (List{"1:{\"a\":1}", "3:{\"b\":2}", "4:{", "5:}}"}));
  EXPECT_EQ(documents("\xEF\xBB\xBF{\"a\":1}\n[1]"), (List{"1:{\"a\":1}", "2:[1]"}));
  EXPECT_EQ(documents("nonsense\n{\"b\":2}\n"), (List{"1:nonsense", "2:{\"b\":2}"}));
}

TEST(DocumentStream, AFirstLineThatIsCutOffDoesNotHideTheOthers) {
  for (const char* first : {R"({"a":{"b":"c)", R"({"a":{"b":"c\)", R"({"a":{"b":1)",
                            R"({"a":{"b":1},)", R"({"a":{"b":1}})", R"({"a":]")"}) {
    EXPECT_EQ(documents(std::string(first) + "\n{\"x\":1}\n{\"y\":1}\n"),
              (List{std::string("1:") + first, "2:{\"x\":1}", "3:{\"y\":1}"}));
  }
}

TEST(DocumentStream, OneDocumentMayHaveManyLines) {
  EXPECT_EQ(documents("{\n\"a\":\n{\"}\":\"]\\\"\"},\n\"b\":[\n{},\n{}\n]\n}\n"),
            (List{"1:{\n\"a\":\n{\"}\":\"]\\\"\"},\n\"b\":[\n{},\n{}\n]\n}"}));
  EXPECT_EQ(documents("{\n}\n{\n}{}"), (List{"1:{\n}", "3:{\n}", "4:{}"}));
}

TEST(DocumentStream, ElementsOfArraysAreDocuments) {
  EXPECT_EQ(documents("[{\"a\":1},\n {\"b\":[2]} , 3,\"x,]\",[4],null]\n[{}]"),
            (List{"1:{\"a\":1}", "2:{\"b\":[2]}", "2:3", "2:\"x,]\"", "2:[4]", "2:null", "3:{}"}));
}

TEST(DocumentStream, SaysWhatIsWrongWithAnArrayAndGoesOn) {
  EXPECT_EQ(documents("[{},\n{}"), (List{"1:{}", "2:{}", "2!json: the array does not end"}));
  EXPECT_EQ(documents("["), (List{"1!json: the array does not end"}));
  EXPECT_EQ(documents("[{},]"),
            (List{"1:{}", "1!json: an element is missing behind the last comma of the array"}));
  EXPECT_EQ(documents("[,{}]"),
            (List{"1!json: an element is missing in front of a comma of the array", "1:{}"}));
  EXPECT_EQ(documents("[{} {}]"),
            (List{"1:{}", "1!json: a comma is missing between two elements of the array", "1:{}"}));
  EXPECT_EQ(documents("[{}}\n,{}] {}"),
            (List{"1:{}", "1!json: a comma is missing between two elements of the array", "1:}",
                  "2:{}", "2:{}"}));
  EXPECT_EQ(documents("[\n{\"a\":\"b\n,{\"c\":1}\n]"), (List{"2:{\"a\":\"b", "3:{\"c\":1}"}));
}

TEST(DocumentStream, TheFramingCanBeSaid) {
  EXPECT_EQ(documents("{}\n[{}]\n", Framing::lines), (List{"1:{}", "2:[{}]"}));
  EXPECT_EQ(documents("{}\n{\n}\n[{}]", Framing::json), (List{"1:{}", "2:{\n}", "4:{}"}));
  EXPECT_EQ(documents("\xEF\xBB\xBF{}\n{}\n", Framing::lines), (List{"1:{}", "2:{}"}));
}

TEST(DocumentStream, WhatIsTooLargeIsSkippedAndSaid) {
  const std::string large(3 * kMax, 'x');
  const std::string said =
      "!too_large: is larger than 1000 bytes, which is all that is looked at "
      "(--max-bytes)";
  EXPECT_EQ(documents("{}\n" + large + "\n{}\n"), (List{"1:{}", "2" + said, "3:{}"}));
  EXPECT_EQ(documents("{}\n" + large), (List{"1:{}", "2" + said}));
  EXPECT_EQ(documents("[{\"a\":\n\"" + large + "\"},{}]"), (List{"1" + said, "2:{}"}));
  EXPECT_EQ(documents("{\"a\":\"" + large + "\"}\n{}\n"), (List{"1" + said, "2:{}"}));
  EXPECT_EQ(documents("[" + large + ",{}]"), (List{"1" + said, "1:{}"}));
}

TEST(DocumentStream, BytesOfEverySortComeThrough) {
  const std::string garbage("\x00\xff\x80 \x01{\"\x00\n", 9);
  EXPECT_EQ(documents("{}\n" + garbage + "{}"),
            (List{"1:{}", "2:" + garbage.substr(0, garbage.size() - 1), "3:{}"}));
  EXPECT_EQ(documents(garbage + "{}").size(), 2U);
}

TEST(DocumentStream, AnErrorOfTheReaderIsHandedOn) {
  bool first = true;
  DocumentStream stream(
      [&](std::span<char> out) -> Result<std::size_t> {
        if (!std::exchange(first, false)) return Error{Fault::stop, "gone"};
        std::string_view text = "{}\n{}\n{";
        std::copy(text.begin(), text.end(), out.begin());
        return text.size();
      },
      Framing::automatic, kMax);
  EXPECT_EQ((*stream.next())->text, "{}");
  EXPECT_EQ((*stream.next())->text, "{}");
  const auto last = stream.next();
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().message, "gone");
}

}  // namespace
}  // namespace cdviz::commands
