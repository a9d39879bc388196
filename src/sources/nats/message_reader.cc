#include "sources/nats/message_reader.h"

#include <string_view>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "cloudevents/attributes.h"
#include "cloudevents/transport.h"
#include "core/json_spans.h"
#include "core/json_text.h"
#include "core/limits.h"
#include "net/header_rule_options.h"

namespace cdviz::sources::nats {
namespace {

std::string_view without_mark(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  return text.starts_with(kByteOrderMark) ? text.substr(kByteOrderMark.size()) : text;
}

bool is_array(std::string_view text) {
  const auto start = text.find_first_not_of(" \t\r\n");
  return start != std::string_view::npos && text[start] == '[';
}

/// The elements of an array; nothing when it is not JSON, or above the limits of core/limits.h.
std::optional<std::vector<std::string_view>> elements_of(std::string_view text) {
  const auto tree = json::Tree::read(text);
  if (!tree) return std::nullopt;
  std::vector<std::string_view> elements;
  for (const auto element : tree->root().children()) {
    if (elements.size() > limits::kBatchEvents) break;
    elements.push_back(element.text());
  }
  return elements;
}

}  // namespace

MessageReader::MessageReader(ReaderSettings settings, const Clock& clock)
    : settings_(std::move(settings)), clock_(clock) {
  const auto object = boost::json::parse(settings_.metadata).as_object();
  start_ = boost::json::serialize(object);
  with_nats_ = !object.contains("nats");  // the user's own wins
  if (!with_nats_) return;
  start_.pop_back();
  if (!object.empty()) start_ += ',';
  start_ += "\"nats\":";
}

std::string MessageReader::metadata_of(const cdviz::nats::Incoming& incoming,
                                       const cdviz::nats::Delivery* delivery) const {
  std::string text = start_;
  if (!with_nats_) return text;
  text += "{\"subject\":";
  append_json_string(text, incoming.subject);
  if (delivery != nullptr) {
    text += ",\"stream\":";
    append_json_string(text, delivery->stream);
    text += ",\"consumer\":";
    append_json_string(text, delivery->consumer);
    text += fmt::format(",\"sequence\":{},\"delivered\":{},\"timestamp_ms\":{}", delivery->sequence,
                        delivery->delivered, delivery->time_ns / 1'000'000);
  }
  return text + "}}";
}

std::vector<Message> MessageReader::read(const cdviz::nats::Incoming& incoming,
                                         const cdviz::nats::Delivery* delivery) const {
  Message message{.body = {},
                  .headers = net::kept_headers(incoming.headers, settings_.headers_to_keep),
                  .metadata = metadata_of(incoming, delivery)};
  auto [attributes, problems] =
      cloudevents::attribute_headers(cloudevents::Transport::nats, incoming.headers);
  for (const auto& [name, value] : attributes) message.headers.set(name, value);
  message.problems = std::move(problems);
  auto denial = settings_.rules.check_head(incoming.headers, clock_.wall());
  if (!denial) denial = settings_.rules.check_body(incoming.headers, incoming.body);
  if (denial) message.problems = {{"", "denied", denial->detail}};

  std::vector<Message> messages;
  const std::string_view text = without_mark(incoming.body);
  const auto mode = cloudevents::mode_of(message.headers);
  const bool may_be_many = mode == cloudevents::Mode::none || mode == cloudevents::Mode::batch;
  if (message.problems.empty() && may_be_many && is_array(text)) {
    const auto elements = elements_of(text);
    if (elements && elements->size() > limits::kBatchEvents) {
      message.problems = {
          {"", "too_many", fmt::format("more than {} events in a message", limits::kBatchEvents)}};
    } else if (elements && !elements->empty()) {
      if (mode == cloudevents::Mode::batch) {
        message.headers.set(std::string(cloudevents::kContentType), "application/cloudevents+json");
      }
      messages.reserve(elements->size());
      for (const auto element : *elements) {
        messages.push_back(message);
        messages.back().body = std::string(element);
      }
      return messages;
    }
  }
  message.body = std::string(text);
  messages.push_back(std::move(message));
  return messages;
}

}  // namespace cdviz::sources::nats
