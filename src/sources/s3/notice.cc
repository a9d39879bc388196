#include "sources/s3/notice.h"

#include <optional>
#include <utility>

#include <boost/json.hpp>

#include "aws/bucket.h"
#include "aws/time.h"

namespace cdviz::sources::s3 {
namespace {

namespace json = boost::json;

const json::object* object_in(const json::object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  return found != nullptr ? found->if_object() : nullptr;
}

std::string text_in(const json::object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(std::string_view(found->as_string()))
                                                : std::string();
}

std::uint64_t size_in(const json::object& object) {
  const auto* found = object.if_contains("size");
  if (found == nullptr) return 0;
  boost::system::error_code failed;
  const auto size = found->to_number<std::uint64_t>(failed);
  return failed ? 0 : size;
}

/// Nothing for what neither comes nor goes.
std::optional<Said> said_by(std::string_view name) {
  if (name.starts_with("s3:")) name.remove_prefix(3);
  if (name.starts_with("ObjectCreated:") || name == "Object Created" ||
      name == "ObjectRestore:Completed" || name == "Object Restore Completed") {
    return Said::there;
  }
  if (name.starts_with("ObjectRemoved:") || name.starts_with("LifecycleExpiration:") ||
      name == "Object Deleted") {
    return Said::gone;
  }
  return std::nullopt;
}

/// Adds what a record says. @returns false when it is none
bool add_record(const json::value& value, std::string_view bucket, Notice& notice) {
  const auto* record = value.if_object();
  const auto* s3 = record == nullptr ? nullptr : object_in(*record, "s3");
  const auto* place = s3 == nullptr ? nullptr : object_in(*s3, "bucket");
  const auto* object = s3 == nullptr ? nullptr : object_in(*s3, "object");
  if (place == nullptr || object == nullptr) return false;
  const auto said = said_by(text_in(*record, "eventName"));
  Candidate candidate{.key = aws::form_decoded(text_in(*object, "key")),
                      .etag = text_in(*object, "eTag"),
                      .version = text_in(*object, "versionId"),
                      .size = size_in(*object),
                      .at = aws::parse_time(text_in(*record, "eventTime"))};
  if (const auto* user = object_in(*record, "userIdentity")) {
    candidate.user = text_in(*user, "principalId");
  }
  if (candidate.key.empty()) return false;
  if (!said || text_in(*place, "name") != bucket) {
    ++notice.passed_over;
    return true;
  }
  candidate.said = *said;
  notice.objects.push_back(std::move(candidate));
  return true;
}

/// EventBridge writes keys as they are.
bool add_event(const json::object& event, const json::object& detail, std::string_view bucket,
               Notice& notice) {
  const auto* place = object_in(detail, "bucket");
  const auto* object = object_in(detail, "object");
  if (place == nullptr || object == nullptr) return false;
  const auto said = said_by(text_in(event, "detail-type"));
  Candidate candidate{.key = text_in(*object, "key"),
                      .etag = text_in(*object, "etag"),
                      .version = text_in(*object, "version-id"),
                      .size = size_in(*object),
                      .at = aws::parse_time(text_in(event, "time")),
                      .user = text_in(detail, "requester")};
  if (candidate.key.empty()) return false;
  if (!said || text_in(*place, "name") != bucket) {
    ++notice.passed_over;
    return true;
  }
  candidate.said = *said;
  notice.objects.push_back(std::move(candidate));
  return true;
}

Notice unusable(std::string why) { return {.kind = Notice::Kind::unusable, .why = std::move(why)}; }

Notice read_object(const json::object& object, std::string_view bucket) {
  Notice notice{.kind = Notice::Kind::objects};
  if (const auto* records = object.if_contains("Records"); records != nullptr) {
    if (!records->is_array()) return unusable("Records is no list");
    for (const auto& record : records->as_array()) {
      if (!add_record(record, bucket, notice)) return unusable("a record names no object of S3");
    }
    return notice;
  }
  if (text_in(object, "Event") == "s3:TestEvent") return {.kind = Notice::Kind::test};
  if (const auto* detail = object_in(object, "detail"); detail != nullptr) {
    if (!add_event(object, *detail, bucket, notice)) return unusable("names no object of S3");
    return notice;
  }
  return unusable("is no event of S3");
}

}  // namespace

Notice read_notice(std::string_view body, std::string_view bucket) {
  boost::system::error_code failed;
  auto value = json::parse(body, failed);
  if (failed || !value.is_object()) return unusable("is no JSON object");
  if (text_in(value.as_object(), "Type") == "Notification") {  // of SNS
    const std::string inner = text_in(value.as_object(), "Message");
    value = json::parse(inner, failed);
    if (failed || !value.is_object())
      return unusable("holds an SNS message that is no JSON object");
  }
  return read_object(value.as_object(), bucket);
}

}  // namespace cdviz::sources::s3
