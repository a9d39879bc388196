#include "sources/kafka/record_reader.h"

#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "cloudevents/attributes.h"
#include "cloudevents/transport.h"
#include "core/json_spans.h"
#include "core/json_text.h"
#include "core/limits.h"
#include "net/header_rule_options.h"

namespace cdviz::sources::kafka {
namespace {

bool begins_as_array(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '[';
}

/// @returns nothing when the text is no array that can be taken apart
std::optional<std::vector<std::string_view>> elements_of(std::string_view text) {
  const auto tree = json::Tree::read(text);
  if (!tree || tree->root().kind() != json::Kind::array) return std::nullopt;
  std::vector<std::string_view> elements;
  for (const auto element : tree->root().children()) elements.push_back(element.text());
  return elements;
}

}  // namespace

RecordReader::RecordReader(ReaderSettings settings)
    : rules_(std::move(settings.rules)), headers_to_keep_(std::move(settings.headers_to_keep)) {
  boost::json::object object = boost::json::parse(settings.metadata).as_object();
  for (const auto* ours : {"kafka_topic", "kafka_partition", "kafka_offset", "kafka_timestamp"}) {
    object.erase(ours);
  }
  metadata_start_ = boost::json::serialize(object);
  metadata_start_.pop_back();
  if (!object.empty()) metadata_start_ += ',';
}

std::string RecordReader::metadata_of(const RecordView& record) const {
  std::string text = metadata_start_ + "\"kafka_topic\":";
  append_json_string(text, record.topic);
  fmt::format_to(std::back_inserter(text), ",\"kafka_partition\":{},\"kafka_offset\":{}",
                 record.partition, record.offset);
  if (record.timestamp >= 0) {
    fmt::format_to(std::back_inserter(text), ",\"kafka_timestamp\":{}", record.timestamp);
  }
  text += '}';
  return text;
}

std::vector<Message> RecordReader::read(const RecordView& record, WallTime now) const {
  if (!record.value) return {};
  auto [attributes, problems] =
      cloudevents::attribute_headers(cloudevents::Transport::kafka, record.headers);
  Message message{.body = {},
                  .headers = net::kept_headers(record.headers, headers_to_keep_),
                  .metadata = metadata_of(record),
                  .problems = std::move(problems)};
  for (const auto& [name, value] : attributes) message.headers.set(name, value);
  auto denial = rules_.check_head(record.headers, now);
  if (!denial) denial = rules_.check_body(record.headers, *record.value);
  if (denial) message.problems = {{"", "denied", denial->detail}};

  const auto mode = cloudevents::mode_of(message.headers);
  const bool may_be_several = mode == cloudevents::Mode::none || mode == cloudevents::Mode::batch;
  if (message.problems.empty() && may_be_several && begins_as_array(*record.value)) {
    if (const auto elements = elements_of(*record.value)) {
      if (elements->size() <= limits::kBatchEvents) {
        if (mode == cloudevents::Mode::batch) {
          message.headers.set(std::string(cloudevents::kContentType),
                              "application/cloudevents+json");
        }
        std::vector<Message> messages(elements->size(), message);
        for (std::size_t i = 0; i < elements->size(); ++i) messages[i].body = (*elements)[i];
        return messages;
      }
      message.problems = {{"", "too_many",
                           fmt::format("holds {} events; a record may hold {}", elements->size(),
                                       limits::kBatchEvents)}};
    }
  }
  message.body = *record.value;
  std::vector<Message> one;
  one.push_back(std::move(message));
  return one;
}

}  // namespace cdviz::sources::kafka
