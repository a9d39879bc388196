#include "cdevents/read_event.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "cdevents/date_time.h"
#include "cdevents/document.h"
#include "cdevents/format.h"
#include "core/limits.h"

namespace cdviz::cdevents {
namespace {

namespace dom = simdjson::dom;

/// The members of an object that matter here, each looked up by name in one pass. A name that comes
/// twice is a problem: parsers disagree about which one counts, so that the key of the event would
/// depend on who reads it.
template <std::size_t N>
class Members {
 public:
  Members(const dom::object& object, const std::array<std::string_view, N>& names,
          std::string_view pointer, ProblemList& problems) {
    for (const auto field : object) {
      const auto found = std::find(names.begin(), names.end(), field.key);
      if (found == names.end()) continue;
      auto& value = values_[static_cast<std::size_t>(found - names.begin())];
      if (value) {
        problems.add(fmt::format("{}/{}", pointer, field.key), "duplicate",
                     "the name is there more than once");
      }
      value = field.value;
    }
  }
  const std::optional<dom::element>& operator[](std::size_t i) const { return values_[i]; }

 private:
  std::array<std::optional<dom::element>, N> values_;
};

std::optional<dom::object> as_object(const std::optional<dom::element>& value,
                                     std::string_view pointer, ProblemList& problems) {
  if (!value) {
    problems.add(pointer, "required", "is missing; a CDEvent has a context and a subject object");
    return std::nullopt;
  }
  dom::object object;
  if (value->get_object().get(object) != simdjson::SUCCESS) {
    problems.add(pointer, "type", fmt::format("must be an object, is {}", kind_of(*value)));
    return std::nullopt;
  }
  return object;
}

/// A required string of 1 to `bytes_max` bytes; empty when there is a problem with it.
std::string_view as_text(const std::optional<dom::element>& value, std::string_view pointer,
                         std::size_t bytes_max, ProblemList& problems) {
  if (!value) {
    problems.add(pointer, "required", "is missing");
    return {};
  }
  std::string_view text;
  if (value->get_string().get(text) != simdjson::SUCCESS) {
    problems.add(pointer, "type", fmt::format("must be a string, is {}", kind_of(*value)));
    return {};
  }
  if (text.empty()) {
    problems.add(pointer, "min_length", "must not be empty");
  } else if (text.size() > bytes_max) {
    problems.add(pointer, "max_length",
                 fmt::format("is {} bytes long, at most {} are stored", text.size(), bytes_max));
    return {};
  }
  return text;
}

/// A name that can be split: by its parts events are found. Whose names are legal is for the
/// validator to say.
void check_type(std::string_view type, ProblemList& problems) {
  const TypeParts parts = split_type(type);
  const bool whole = !parts.prefix.empty() && !parts.subject.empty() && !parts.predicate.empty() &&
                     !parts.version.empty();
  const bool legal = std::all_of(type.begin(), type.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == '+';
  });
  if (whole && legal) return;
  problems.add("/context/type", "type_name",
               "must be dev.cdevents.<subject>.<predicate>.<version>, for example "
               "dev.cdevents.service.deployed.0.2.0, or a custom type dev.cdeventsx.…");
}

}  // namespace

void read_event(const dom::element& root, EventData& event, ProblemList& problems) {
  dom::object object;
  if (root.get_object().get(object) != simdjson::SUCCESS) {
    problems.add("", "type", fmt::format("a CDEvent is a JSON object, this is {}", kind_of(root)));
    return;
  }
  const Members<2> parts(object, {"context", "subject"}, "", problems);
  if (!parts[0] && object.at_key("linkType").error() == simdjson::SUCCESS) {
    problems.add("", "link_message",
                 "is a link outside of an event, which has nothing to be stored by; send links in "
                 "context.links of the events they belong to");
    return;
  }
  if (const auto context = as_object(parts[0], "/context", problems)) {
    const Members<4> m(*context, {"source", "id", "type", "timestamp"}, "/context", problems);
    event.source = as_text(m[0], "/context/source", limits::kIdBytes, problems);
    event.id = as_text(m[1], "/context/id", limits::kIdBytes, problems);
    event.type = as_text(m[2], "/context/type", limits::kTypeBytes, problems);
    event.timestamp = as_text(m[3], "/context/timestamp", limits::kTypeBytes, problems);
    if (!event.type.empty()) check_type(event.type, problems);
    if (!event.timestamp.empty() && !is_date_time(event.timestamp)) {
      problems.add("/context/timestamp", "format",
                   fmt::format("must be {}", name_of(Format::date_time).meaning));
    }
  }
  if (const auto subject = as_object(parts[1], "/subject", problems)) {
    const Members<1> m(*subject, {"id"}, "/subject", problems);
    event.subject_id = as_text(m[0], "/subject/id", limits::kIdBytes, problems);
  }
}

}  // namespace cdviz::cdevents
