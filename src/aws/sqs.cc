#include "aws/sqs.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace cdviz::aws {
namespace {

namespace json = boost::json;

/// Beyond the poll itself: the answer may be on its way.
constexpr std::chrono::seconds kGrace{10};

Result<json::object> read_object(const std::string& text, std::string_view action) {
  boost::system::error_code failed;
  auto value = json::parse(text, failed);
  if (failed || !value.is_object()) {
    return Error{Fault::retry,
                 fmt::format("SQS answers {} with something that is no JSON object", action)};
  }
  return std::move(value.as_object());
}

std::string text_of(const json::object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(std::string_view(found->as_string()))
                                                : std::string();
}

const json::array& list_of(const json::object& object, std::string_view name) {
  static const json::array kNone;
  const auto* found = object.if_contains(name);
  return found != nullptr && found->is_array() ? found->as_array() : kNone;
}

}  // namespace

std::optional<std::string> region_of_queue(std::string_view url) {
  for (const std::string_view prefix : {"https://sqs.", "https://sqs-fips."}) {
    if (!url.starts_with(prefix)) continue;
    const auto rest = url.substr(prefix.size());
    const auto dot = rest.find('.');
    if (dot != std::string_view::npos && rest.substr(dot).starts_with(".amazonaws.com")) {
      return std::string(rest.substr(0, dot));
    }
  }
  return std::nullopt;
}

std::string endpoint_of_queue(std::string_view url) {
  if (!url.starts_with("https://") && !url.starts_with("http://")) return {};
  const auto slash = url.find('/', url.find("://") + 3);
  if (slash == std::string_view::npos || slash + 1 == url.size()) return {};
  return std::string(url.substr(0, slash));
}

Sqs::Sqs(std::unique_ptr<Client> client, std::string queue_url)
    : client_(std::move(client)), queue_url_(std::move(queue_url)) {}

Result<std::vector<SqsMessage>> Sqs::receive(std::size_t count, std::chrono::seconds wait,
                                             std::chrono::seconds visibility,
                                             const std::stop_token& stop) {
  // Both names of the list of system attributes: servers older than 2023-11 know the first alone.
  const json::object request{
      {"QueueUrl", queue_url_},
      {"MaxNumberOfMessages", std::clamp<std::size_t>(count, 1, kBatch)},
      {"WaitTimeSeconds", wait.count()},
      {"VisibilityTimeout", visibility.count()},
      {"AttributeNames", json::array{"ApproximateReceiveCount"}},
      {"MessageSystemAttributeNames", json::array{"ApproximateReceiveCount"}}};
  auto text = client_->call("AmazonSQS.ReceiveMessage", json::serialize(request), stop, "1.0",
                            wait + kGrace);
  if (!text) return text.error();
  auto answer = read_object(*text, "ReceiveMessage");
  if (!answer) return answer.error();
  std::vector<SqsMessage> messages;
  for (const auto& entry : list_of(*answer, "Messages")) {
    if (!entry.is_object() || messages.size() == kBatch) continue;
    SqsMessage message{.id = text_of(entry.as_object(), "MessageId"),
                       .receipt_handle = text_of(entry.as_object(), "ReceiptHandle"),
                       .body = text_of(entry.as_object(), "Body")};
    if (const auto* attributes = entry.as_object().if_contains("Attributes");
        attributes != nullptr && attributes->is_object()) {
      const auto times = text_of(attributes->as_object(), "ApproximateReceiveCount");
      std::from_chars(times.data(), times.data() + times.size(), message.receives);
    }
    if (!message.receipt_handle.empty()) messages.push_back(std::move(message));
  }
  return messages;
}

Result<std::vector<SqsFailed>> Sqs::batch(std::string_view action,
                                          std::span<const std::string> receipt_handles,
                                          std::optional<std::chrono::seconds> visibility,
                                          const std::stop_token& stop) {
  std::vector<SqsFailed> failed;
  while (!receipt_handles.empty()) {
    const auto some = receipt_handles.first(std::min(kBatch, receipt_handles.size()));
    receipt_handles = receipt_handles.subspan(some.size());
    json::array entries;
    for (std::size_t i = 0; i < some.size(); ++i) {
      json::object entry{{"Id", std::to_string(i)}, {"ReceiptHandle", some[i]}};
      if (visibility) entry["VisibilityTimeout"] = visibility->count();
      entries.push_back(std::move(entry));
    }
    const json::object request{{"QueueUrl", queue_url_}, {"Entries", std::move(entries)}};
    auto text = client_->call(fmt::format("AmazonSQS.{}", action), json::serialize(request), stop);
    if (!text) return text.error();
    auto answer = read_object(*text, action);
    if (!answer) return answer.error();
    for (const auto& entry : list_of(*answer, "Failed")) {
      if (!entry.is_object()) continue;
      const auto& object = entry.as_object();
      const auto id = text_of(object, "Id");
      std::size_t index = some.size();
      std::from_chars(id.data(), id.data() + id.size(), index);
      if (index >= some.size()) continue;
      const auto* fault = object.if_contains("SenderFault");
      failed.push_back({some[index], text_of(object, "Code"),
                        fault != nullptr && fault->is_bool() && fault->as_bool()});
    }
  }
  return failed;
}

Result<std::vector<SqsFailed>> Sqs::remove(std::span<const std::string> receipt_handles,
                                           const std::stop_token& stop) {
  return batch("DeleteMessageBatch", receipt_handles, std::nullopt, stop);
}

Result<std::vector<SqsFailed>> Sqs::extend(std::span<const std::string> receipt_handles,
                                           std::chrono::seconds visibility,
                                           const std::stop_token& stop) {
  return batch("ChangeMessageVisibilityBatch", receipt_handles, visibility, stop);
}

Result<void> Sqs::reach(const std::stop_token& stop) {
  const json::object request{{"QueueUrl", queue_url_}, {"AttributeNames", json::array{"QueueArn"}}};
  auto text = client_->call("AmazonSQS.GetQueueAttributes", json::serialize(request), stop);
  if (!text) return text.error();
  return {};
}

}  // namespace cdviz::aws
