#include "cdevents/parse.h"

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <simdjson.h>

#include "cdevents/date_time.h"
#include "cdevents/json_text.h"
#include "core/limits.h"

namespace cdviz::cdevents {
namespace {

namespace dom = simdjson::dom;

/// Documents above this size are counted before they are parsed, and the parser that has grown for
/// one is not kept.
constexpr std::size_t kLargeDocument = 512 * 1024;

/// One parser a thread: it keeps its buffers from one document to the next. Values die at the next
/// parse.
std::unique_ptr<dom::parser>& thread_parser() {
  thread_local std::unique_ptr<dom::parser> parser;
  if (!parser) {
    parser = std::make_unique<dom::parser>();
    // The depth stays when the parser grows.
    const auto error = parser->allocate(16 * 1024, limits::kJsonDepth);
    if (error != simdjson::SUCCESS) throw std::bad_alloc();
  }
  return parser;
}

class Problems {
 public:
  void add(std::string_view pointer, std::string_view rule, std::string message) {
    if (list_.size() < limits::kProblems) {
      list_.push_back({std::string(pointer), std::string(rule), std::move(message)});
    }
  }
  bool empty() const { return list_.empty(); }
  std::vector<Problem> take() { return std::move(list_); }

 private:
  std::vector<Problem> list_;
};

const char* kind_of(const dom::element& value) {
  switch (value.type()) {
    case dom::element_type::ARRAY:
      return "an array";
    case dom::element_type::OBJECT:
      return "an object";
    case dom::element_type::STRING:
      return "a string";
    case dom::element_type::BOOL:
      return "a boolean";
    case dom::element_type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

/// The members of an object that matter here, each looked up by name in one pass. A name that comes
/// twice is a problem: parsers disagree about which one counts, so that the key of the event would
/// depend on who reads it.
template <std::size_t N>
class Members {
 public:
  Members(const dom::object& object, const std::array<std::string_view, N>& names,
          std::string_view pointer, Problems& problems) {
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
                                     std::string_view pointer, Problems& problems) {
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
                         std::size_t bytes_max, Problems& problems) {
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

void check_type(std::string_view type, Problems& problems) {
  const TypeParts parts = split_type(type);
  const bool known_family = parts.prefix == "dev.cdevents" || parts.prefix == "dev.cdeventsx";
  const bool whole = !parts.subject.empty() && !parts.predicate.empty() && !parts.version.empty();
  const bool legal = std::all_of(type.begin(), type.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == '+';
  });
  if (known_family && whole && legal) return;
  problems.add("/context/type", "type_name",
               "must be dev.cdevents.<subject>.<predicate>.<version>, for example "
               "dev.cdevents.service.deployed.0.2.0, or a custom type dev.cdeventsx.…");
}

/// Parses `document`; on success `root` lives until the next parse on this thread.
simdjson::error_code parse_json(const std::string& document, dom::element& root) {
  dom::parser& parser = *thread_parser();
  const auto error = parser.parse(document).get(root);
  // Numbers beyond 64 bits or a double's range are legal JSON and are kept as text.
  if (error == simdjson::NUMBER_ERROR) {
    return parser.parse(without_numbers(document)).get(root);
  }
  return error;
}

void explain(simdjson::error_code error, Problems& problems) {
  if (error == simdjson::DEPTH_ERROR) {
    problems.add("", "depth", fmt::format("nested deeper than {} levels", limits::kJsonDepth));
  } else if (error == simdjson::UTF8_ERROR) {
    problems.add("", "utf8", "is not valid UTF-8");
  } else {
    problems.add("", "json", fmt::format("is not JSON: {}", simdjson::error_message(error)));
  }
}

/// What must hold before the document is parsed.
void check_text(const std::string& document, Problems& problems) {
  if (document.size() > kLargeDocument && count_values(document) > limits::kJsonValues) {
    problems.add("", "too_many_values",
                 fmt::format("has more than {} values", limits::kJsonValues));
    return;
  }
  if (const auto bad = find_bad_escape(document)) {
    problems.add("", bad->nul ? "nul" : "surrogate",
                 fmt::format("{} at byte {}, which PostgreSQL's jsonb cannot store",
                             bad->nul ? "NUL character (\\u0000)" : "lone surrogate", bad->offset));
  }
}

/// Fills `event` from the parsed document.
void read_event(const dom::element& root, EventData& event, Problems& problems) {
  dom::object object;
  if (root.get_object().get(object) != simdjson::SUCCESS) {
    problems.add("", "type", fmt::format("a CDEvent is a JSON object, this is {}", kind_of(root)));
    return;
  }
  const Members<2> parts(object, {"context", "subject"}, "", problems);
  if (const auto context = as_object(parts[0], "/context", problems)) {
    const Members<4> m(*context, {"source", "id", "type", "timestamp"}, "/context", problems);
    event.source = as_text(m[0], "/context/source", limits::kIdBytes, problems);
    event.id = as_text(m[1], "/context/id", limits::kIdBytes, problems);
    event.type = as_text(m[2], "/context/type", limits::kTypeBytes, problems);
    event.timestamp = as_text(m[3], "/context/timestamp", limits::kTypeBytes, problems);
    if (!event.type.empty()) check_type(event.type, problems);
    if (!event.timestamp.empty() && !is_date_time(event.timestamp)) {
      problems.add("/context/timestamp", "date_time",
                   "must be an RFC 3339 date-time with an offset, for example "
                   "2026-11-20T12:00:00Z");
    }
  }
  if (const auto subject = as_object(parts[1], "/subject", problems)) {
    const Members<1> m(*subject, {"id"}, "/subject", problems);
    event.subject_id = as_text(m[0], "/subject/id", limits::kIdBytes, problems);
  }
}

}  // namespace

std::variant<EventData, Unusable> parse(std::string&& document) {
  Problems problems;
  EventData event;
  check_text(document, problems);
  if (problems.empty()) {
    dom::element root;
    const auto error = parse_json(document, root);
    if (error != simdjson::SUCCESS) {
      explain(error, problems);
    } else {
      read_event(root, event, problems);
    }
    if (document.size() > kLargeDocument) thread_parser().reset();  // it grew with the document
  }
  if (!problems.empty()) {
    return Unusable{problems.take(), std::move(event.id), std::move(event.source)};
  }
  event.json = std::move(document);
  return event;
}

}  // namespace cdviz::cdevents
