#include "sinks/kafka/record.h"

#include <algorithm>
#include <utility>

#include "cloudevents/attributes.h"
#include "cloudevents/encode.h"

namespace cdviz::sinks::kafka {
namespace {

constexpr std::size_t kTopicBytes = 249;

bool is_legal(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

std::string_view fault_of_topic(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > kTopicBytes) return "is longer than 249 bytes";
  if (name == "." || name == "..") return "must not be \".\" or \"..\"";
  if (!std::all_of(name.begin(), name.end(), is_legal)) {
    return "may hold letters, digits, '.', '_' and '-' only";
  }
  return {};
}

std::string in_topic(std::string_view value) {
  std::string text(value);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return !is_legal(c); }, '_');
  return text;
}

Result<Record> record_of(const EventData& event, const RecordFormat& format, WallTime now) {
  Record record{.topic = format.topic.render(event, &in_topic),
                .key = format.key.render(event),
                .headers = {},
                .value = {}};
  if (const auto fault = fault_of_topic(record.topic); !fault.empty()) {
    return Error{Fault::reject, "the topic of the event " + std::string(fault), "topic"};
  }
  auto encoded = cloudevents::encode(
      event, {.transport = cloudevents::Transport::kafka, .structured = format.structured});
  record.value = std::move(encoded.body);
  record.headers = std::move(encoded.headers);
  for (const auto& [name, value] : event.headers) {
    const bool is_attribute = !cloudevents::attribute_name(name).empty();  // sent by encode()
    if (!is_attribute && !equal_ignoring_case(name, cloudevents::kContentType)) {
      record.headers.add(name, value);
    }
  }
  if (auto applied = format.headers.apply(record.headers, record.value, now); !applied) {
    return applied.error();
  }
  return record;
}

std::size_t wire_bytes(const Record& record) {
  constexpr std::size_t kOverhead = 512;  // of a batch of one record, generously
  constexpr std::size_t kLengths = 10;    // of a header's name and value, as variable integers
  std::size_t bytes = kOverhead + record.key.size() + record.value.size();
  for (const auto& [name, value] : record.headers) bytes += name.size() + value.size() + kLengths;
  return bytes;
}

}  // namespace cdviz::sinks::kafka
