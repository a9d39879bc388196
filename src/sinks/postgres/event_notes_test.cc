#include "sinks/postgres/event_notes.h"

#include <gtest/gtest.h>

namespace cdviz::sinks::postgres {
namespace {

EventData with(Headers headers, std::string notes = "") {
  EventData event;
  event.headers = std::move(headers);
  event.notes = std::move(notes);
  return event;
}

TEST(EventNotes, WithoutHeadersTheyAreThoseOfTheEvent) {
  EXPECT_EQ(stored_notes(with({})), "");
  EXPECT_EQ(stored_notes(with({}, R"({"normalised":["id"]})")), R"({"normalised":["id"]})");
}

TEST(EventNotes, HeadersStandInTheirOrderTwiceIfTheyCameTwice) {
  EXPECT_EQ(stored_notes(with({{"traceparent", "00-1-2-01"}, {"X-A", "1"}, {"X-A", "\"2\""}})),
            R"({"headers":[["traceparent","00-1-2-01"],["X-A","1"],["X-A","\"2\""]]})");
}

TEST(EventNotes, HeadersStandBehindWhatWasNoticed) {
  EXPECT_EQ(stored_notes(with({{"a", "}"}}, R"({"original":"}"})")),
            R"({"original":"}","headers":[["a","}"]]})");
  EXPECT_EQ(stored_notes(with({{"a", "b"}}, "{}")), R"({"headers":[["a","b"]]})");
}

TEST(EventNotes, WhatJsonbCannotHoldIsMarked) {
  EXPECT_EQ(stored_notes(with({{"a", std::string("x\0y", 3)}})),
            "{\"headers\":[[\"a\",\"x\xef\xbf\xbdy\"]]}");
}

TEST(EventNotes, HeadersBeyondTheLimitAreLeftOut) {
  const std::string notes = stored_notes(
      with({{"first", "1"}, {"long", std::string(kHeaderBytesMax, 'x')}, {"last", "2"}}));
  EXPECT_EQ(notes, R"({"headers":[["first","1"]]})");
}

}  // namespace
}  // namespace cdviz::sinks::postgres
