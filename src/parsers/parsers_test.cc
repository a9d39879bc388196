#include "parsers/parsers.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cdviz::parsers {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Bodies; of a problem "rule!body".
std::vector<std::string> shown(const std::vector<Message>& messages) {
  std::vector<std::string> all;
  for (const auto& message : messages) {
    all.push_back(message.problems.empty() ? message.body
                                           : message.problems.front().rule + "!" + message.body);
  }
  return all;
}

std::vector<Message> messages_of(Format format, std::string_view bytes, Message base = {},
                                 Limits limits = {}) {
  std::vector<Message> all;
  EXPECT_TRUE(parse(
      format, bytes, base,
      [&](Message&& message) {
        all.push_back(std::move(message));
        return true;
      },
      limits));
  return all;
}

std::vector<std::string> bodies(Format format, std::string_view bytes, Limits limits = {}) {
  return shown(messages_of(format, bytes, {}, limits));
}

/// The same in pieces of a few bytes.
std::vector<std::string> slowly(Format format, std::string_view bytes, std::size_t piece) {
  std::vector<Message> all;
  const Each each = [&](Message&& message) {
    all.push_back(std::move(message));
    return true;
  };
  Reader reader(format, {});
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    reader.feed(bytes.substr(0, piece), each);
  }
  reader.finish(each);
  return shown(all);
}

TEST(Formats, AreToldByTheName) {
  EXPECT_EQ(format_of("a.json"), Format::json);
  EXPECT_EQ(format_of("d.x/a.NDJSON.GZ"), Format::jsonl);
  EXPECT_EQ(format_of("a.csv.zst"), Format::csv_row);
  EXPECT_EQ(format_of("a.yml"), Format::yaml);
  EXPECT_EQ(format_of("a.jsonl.12.gz"), Format::jsonl);
  EXPECT_EQ(format_of("12.12"), Format::json);
  EXPECT_EQ(format_of("a.log"), Format::text_line);
  EXPECT_EQ(format_of("a.txt"), Format::text);
  EXPECT_EQ(format_of("noextension"), Format::json);
  EXPECT_EQ(format_of(".csv"), Format::json);
  EXPECT_EQ(format_of("x.csv/plain"), Format::json);
  EXPECT_EQ(format_named("csv-row"), Format::csv_row);
  EXPECT_EQ(format_named("auto"), Format::automatic);
  EXPECT_FALSE(format_named("docx"));
  EXPECT_EQ(compression_of("a.json.zst"), Compression::zstd);
  EXPECT_EQ(compression_of("gz"), Compression::none);
}

TEST(Parsers, JsonIsADocumentOrTheElementsOfAnArray) {
  EXPECT_THAT(bodies(Format::json, "\xEF\xBB\xBF { \"a\" : 1.0 }\n"),
              ElementsAre("{ \"a\" : 1.0 }"));
  EXPECT_THAT(bodies(Format::json, "[{\"a\":1}, 2]"), ElementsAre("{\"a\":1}", "2"));
  EXPECT_THAT(bodies(Format::automatic, "{\"a\":1}\n{\"b\":2}\n"),
              ElementsAre("{\"a\":1}", "{\"b\":2}"));
  EXPECT_THAT(bodies(Format::json, " \n"), IsEmpty());
  EXPECT_THAT(bodies(Format::json, "{\"cut\": "), ElementsAre("{\"cut\":"));
}

TEST(Parsers, LinesAreDocumentsHoweverTheBytesCome) {
  const std::string text = "\xEF\xBB\xBF{\"a\":1}\r\n\n  {\"b\":2} \nnonsense\n{\"c\":3}";
  const auto wanted = ElementsAre("{\"a\":1}", "{\"b\":2}", "nonsense", "{\"c\":3}");
  EXPECT_THAT(bodies(Format::jsonl, text), wanted);
  for (const std::size_t piece : {1U, 2U, 3U, 7U})
    EXPECT_THAT(slowly(Format::jsonl, text, piece), wanted);
  EXPECT_THAT(bodies(Format::text_line, " a \n\n\xff\nb"),
              ElementsAre("{\"text\":\"a\"}", "utf8!\xff", "{\"text\":\"b\"}"));
}

TEST(Parsers, RowsOfCsvMayHoldLineEnds) {
  const std::string text = "name,note\r\na,\"x\r\ny, \"\"z\"\"\"\r\n\r\nb,2\nbad\nc,\"5\"\" d\"\n";
  const auto wanted =
      ElementsAre(R"({"name":"a","note":"x\r\ny, \"z\""})", R"({"name":"b","note":"2"})", "csv!bad",
                  R"({"name":"c","note":"5\" d"})");
  EXPECT_THAT(bodies(Format::csv_row, text), wanted);
  for (const std::size_t piece : {1U, 2U, 5U})
    EXPECT_THAT(slowly(Format::csv_row, text, piece), wanted);
  EXPECT_THAT(bodies(Format::csv_row, "a\n\"open\nx\n"), ElementsAre("csv!\"open\nx\n"));
  EXPECT_THAT(bodies(Format::csv_row, "a,b\n1,2\" x\n3,4\n"),
              ElementsAre(R"({"a":"1","b":"2\" x"})", R"({"a":"3","b":"4"})"));
}

TEST(Parsers, OneDocumentOfTheOtherFormats) {
  EXPECT_THAT(bodies(Format::xml, "<a x='1'/>"), ElementsAre(R"({"a":{"@x":"1"}})"));
  EXPECT_THAT(bodies(Format::xml, "<a>"), ElementsAre("xml!<a>"));
  EXPECT_THAT(bodies(Format::yaml, "a: 1\n---\nb: 2\n"), ElementsAre("{\"a\":1}", "{\"b\":2}"));
  EXPECT_THAT(bodies(Format::yaml, "a: 1\n---\n[b"),
              ElementsAre("{\"a\":1}", "yaml!a: 1\n---\n[b"));
  EXPECT_THAT(bodies(Format::tap, "1..0\n"),
              ElementsAre(R"({"version":null,"plan":{"start":1,"end":0},"tests":[]})"));
  EXPECT_THAT(bodies(Format::text, "a\nb"), ElementsAre(R"({"text":"a\nb"})"));
  EXPECT_THAT(bodies(Format::text, "\xff"), ElementsAre("utf8!\xff"));
  EXPECT_THAT(bodies(Format::metadata, "whatever"), ElementsAre("null"));
}

TEST(Parsers, EachDocumentHasHeadersAndMetadataAndItsIndex) {
  const Message base{.body = {}, .headers = {{"X-Team", "blue"}}, .metadata = R"({"name":"a"})"};
  const auto several = messages_of(Format::jsonl, "1\n2\n", base);
  ASSERT_EQ(several.size(), 2U);
  EXPECT_EQ(several[1].metadata, R"({"name":"a","index":1})");
  EXPECT_EQ(several[1].headers.find("x-team"), "blue");
  EXPECT_EQ(messages_of(Format::json, "{}", base)[0].metadata, R"({"name":"a"})");
  EXPECT_EQ(messages_of(Format::json, "[{}]", {})[0].metadata, R"({"index":0})");
  const Message own{.body = {}, .metadata = R"({"index": "mine", "x": 1234567890})"};
  EXPECT_EQ(messages_of(Format::jsonl, "1", own)[0].metadata, R"({"x": 1234567890,"index": 0})");
}

TEST(Parsers, WhatIsTooLargeIsCutAndTheNextOneIsNot) {
  const Limits limits{.document_bytes = 2000};
  const std::string large(3000, 'x');
  EXPECT_THAT(bodies(Format::jsonl, large + "\n{}\n" + large, limits),
              ElementsAre("too_large!" + std::string(1024, 'x'), "{}",
                          "too_large!" + std::string(1024, 'x')));
  EXPECT_THAT(bodies(Format::json, large, limits),
              ElementsAre("too_large!" + std::string(1024, 'x')));
  EXPECT_THAT(bodies(Format::jsonl, std::string(2000, 'x') + "\n", limits),
              ElementsAre(std::string(2000, 'x')));
}

TEST(Parsers, AReaderSaysWhereToGoOnAndGoesOnThere) {
  const std::string text = "id,n\na,1\nb,2\nc,";
  std::vector<Message> all;
  const Each each = [&](Message&& message) {
    all.push_back(std::move(message));
    return true;
  };
  Reader first(Format::csv_row, {});
  EXPECT_TRUE(first.needs_first_row());
  first.feed(text, each);
  EXPECT_EQ(first.consumed(), 13U);
  EXPECT_EQ(first.documents(), 2U);
  EXPECT_EQ(first.pending(), "c,");
  Reader second(Format::csv_row, {});
  second.feed("id,n\n", each);
  EXPECT_FALSE(second.needs_first_row());
  second.resume_at(13, 2);
  second.feed("c,3\nd,4", each);
  second.finish(each);
  EXPECT_THAT(shown(all), ElementsAre(R"({"id":"a","n":"1"})", R"({"id":"b","n":"2"})",
                                      R"({"id":"c","n":"3"})", R"({"id":"d","n":"4"})"));
  EXPECT_EQ(all.back().metadata, R"({"index":3})");
  EXPECT_EQ(second.consumed(), 20U);
}

TEST(Parsers, ItEndsWhenNoMoreIsWanted) {
  int given = 0;
  EXPECT_FALSE(parse(Format::jsonl, "1\n2\n3\n", {}, [&](Message&&) { return ++given < 2; }));
  EXPECT_EQ(given, 2);
}

}  // namespace
}  // namespace cdviz::parsers
