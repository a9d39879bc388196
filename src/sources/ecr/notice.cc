#include "sources/ecr/notice.h"

#include <exception>

#include <boost/json.hpp>

#include "aws/time.h"

namespace cdviz::sources::ecr {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

const json::object* object_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr ? value->if_object() : nullptr;
}

Notice unusable(std::string why) { return {.kind = Notice::Kind::unusable, .why = std::move(why)}; }

void read_action(const json::object& detail, Notice& notice) {
  const std::string action = text_of(detail, "action-type");
  // A push that failed changed nothing.
  if (const auto result = text_of(detail, "result"); !result.empty() && result != "SUCCESS") return;
  if (action == "PUSH") notice.kind = Notice::Kind::pushed;
  if (action == "DELETE") notice.kind = Notice::Kind::deleted;
}

void read_scan(const json::object& detail, Notice& notice) {
  json::object scan;
  if (const auto status = text_of(detail, "scan-status"); !status.empty()) {
    scan["status"] = status;
  }
  if (const auto* counts = object_in(detail, "finding-severity-counts")) {
    scan["severities"] = *counts;
  }
  if (scan.empty()) return;
  notice.kind = Notice::Kind::scanned;
  notice.scan = json::serialize(scan);
}

Notice read(const json::object& event) {
  const auto* detail = object_in(event, "detail");
  const std::string type = text_of(event, "detail-type");
  if (detail == nullptr || type.empty()) return unusable("it is no event of EventBridge");
  Notice notice{.kind = Notice::Kind::other,
                .account = text_of(event, "account"),
                .region = text_of(event, "region"),
                .repository = text_of(*detail, "repository-name"),
                .digest = text_of(*detail, "image-digest"),
                .tag = text_of(*detail, "image-tag"),
                .time = aws::parse_time(text_of(event, "time"))};
  if (text_of(event, "source") != "aws.ecr") return notice;
  if (type == "ECR Image Action") read_action(*detail, notice);
  if (type == "ECR Image Scan") read_scan(*detail, notice);
  const bool needs_names = notice.kind != Notice::Kind::other;
  if (needs_names && (notice.account.empty() || notice.region.empty() ||
                      notice.repository.empty() || notice.digest.empty())) {
    return unusable("it does not name account, region, repository and digest");
  }
  return notice;
}

}  // namespace

Notice read_notice(std::string_view body) {
  try {
    json::value value = json::parse(body);
    const json::object* event = value.if_object();
    if (event == nullptr) return unusable("it is no JSON object");
    if (text_of(*event, "Type") == "Notification") {  // of SNS
      const json::value inner = json::parse(text_of(*event, "Message"));
      if (!inner.is_object()) return unusable("the SNS notification holds no JSON object");
      return read(inner.get_object());
    }
    return read(*event);
  } catch (const std::exception&) {  // of Boost.JSON
    return unusable("it is no JSON");
  }
}

}  // namespace cdviz::sources::ecr
