// The bytes of a row: what they are is fixed, because files outlive programs.
#include "queue/record.h"

#include <gtest/gtest.h>

namespace cdviz::queue {
namespace {

EventData an_event() {
  return {.source = "/s",
          .id = "i",
          .type = "t",
          .timestamp = "now",
          .subject_id = "x",
          .json = "{}",
          .headers = {{"h", "v"}},
          .origin = "in"};
}

// As a program that knows no notes has written it.
const std::string kVersion1Bytes =
    std::string("\x01\x02/s\x01i\x01t\x03now\x01x\x02in\x01\x01h\x01v");

std::string fields_of(const EventData& event) {
  std::string out;
  append_fields(event, out);
  return out;
}

TEST(Record, AnEventWithoutNotesIsWrittenAsItAlwaysWas) {
  EXPECT_EQ(fields_of(an_event()), kVersion1Bytes);
}

TEST(Record, WhatAnOlderProgramWroteIsRead) {
  const auto event = decode_event(kVersion1Bytes, "{}", 5);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->origin, "in");
  EXPECT_EQ(event->headers.find("h"), "v");
  EXPECT_EQ(event->notes, "");
}

TEST(Record, NotesComeBackByteForByte) {
  EventData sent = an_event();
  for (const std::size_t size : {1U, 127U, 128U, 300'000U}) {
    sent.notes = std::string(size, '\xe9');
    const std::string bytes = fields_of(sent);
    EXPECT_EQ(bytes.front(), '\x02');
    const auto got = decode_event(bytes, sent.json, 5);
    ASSERT_TRUE(got) << size;
    EXPECT_EQ(got->notes, sent.notes);
    EXPECT_EQ(got->headers, sent.headers);
  }
}

TEST(Record, BytesThatAreCutOrTooManyOrOfAnotherVersionAreNoEvent) {
  EventData sent = an_event();
  sent.notes = R"({"normalised":["id"]})";
  const std::string whole = fields_of(sent);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_event(std::string_view(whole).substr(0, size), "{}", 5)) << size;
  }
  EXPECT_FALSE(decode_event(whole + "x", "{}", 5));
  for (const char version : {'\x00', '\x03', '\x7f'}) {
    std::string other = whole;
    other.front() = version;
    EXPECT_FALSE(decode_event(other, "{}", 5));
  }
}

}  // namespace
}  // namespace cdviz::queue
