// Fuzzes the way of a Kafka record to its messages, and the text of a mark. The first byte of the
// input chooses the headers, the rest is the value and, once more, a mark.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/limits.h"
#include "sources/kafka/mark.h"
#include "sources/kafka/record_reader.h"

namespace {

using namespace cdviz;
using namespace cdviz::sources::kafka;

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

Headers headers_of(std::uint8_t choice, std::string_view value) {
  Headers headers;
  if (choice & 1) headers.add("content-type", "application/cloudevents+json");
  if (choice & 2) headers.add("content-type", "application/cloudevents-batch+json");
  if (choice & 4) {
    for (const auto* name : {"ce_specversion", "ce_id", "ce_source", "ce_type"}) {
      headers.add(name, (choice & 8) != 0 ? std::string(value.substr(0, 20)) : "1.0");
    }
  }
  if (choice & 16) headers.add("traceparent", std::string(value.substr(0, 55)));
  return headers;
}

void check_mark(std::string_view text) {
  const auto mark = parse_mark(text);
  if (mark) must(parse_mark(to_text(*mark)) == mark, "a mark is read as it was written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const RecordReader reader({});
  const std::string_view value(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto messages = reader.read({.topic = "t",
                                     .partition = 0,
                                     .offset = 1,
                                     .headers = headers_of(data[0], value),
                                     .value = value},
                                    WallTime{});
  must(messages.size() <= limits::kBatchEvents, "a record has so many events at most");
  std::size_t place = 0;
  for (const auto& message : messages) {
    const auto found = value.find(message.body, place);
    must(found != std::string_view::npos, "each message is a part of the record, in order");
    place = found + message.body.size();
  }
  const auto digest = digest_of(1, value, value);
  must(digest == digest_of(1, value, value), "a digest is always the same");
  check_mark(value);
  return 0;
}
