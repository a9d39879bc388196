#include "cloudevents/unwrap.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "cloudevents/attributes.h"
#include "cloudevents/envelope.h"
#include "core/binary_text.h"
#include "core/limits.h"

namespace cdviz::cloudevents {
namespace {

constexpr std::string_view kRule = "cloudevents";

class Problems {
 public:
  void add(std::string_view name, std::string message) {
    if (list_.size() == limits::kProblems) return;
    std::string pointer;
    if (!name.empty()) pointer += '/';
    for (const char c : name) {  // RFC 6901 §3
      if (c == '~' || c == '/') {
        pointer += c == '~' ? "~0" : "~1";
      } else {
        pointer += c;
      }
    }
    list_.push_back({std::move(pointer), std::string(kRule), std::move(message)});
  }
  bool empty() const { return list_.empty(); }
  std::vector<Problem> take() { return std::move(list_); }

 private:
  std::vector<Problem> list_;
};

const Member* find(const std::vector<Member>& members, std::string_view name) {
  const auto at = std::find_if(members.begin(), members.end(),
                               [&](const Member& member) { return member.name == name; });
  return at == members.end() || at->kind == Member::Kind::null ? nullptr : &*at;
}

void require_specversion(std::string_view value, std::string_view name, Problems& problems) {
  if (value == "1.0") return;
  problems.add(name, fmt::format("must be 1.0, the version of CloudEvents that is read here, is {}",
                                 value.substr(0, 32)));
}

bool is_integer(std::string_view json) {
  std::int32_t number = 0;
  const auto [end, error] = std::from_chars(json.data(), json.data() + json.size(), number);
  return error == std::errc{} && end == json.data() + json.size();
}

/// The attributes as headers.
class Attributes {
 public:
  Attributes(Message& to, Problems& problems) : to_(to), problems_(problems) {}

  void read(const std::vector<Member>& members) {
    for (const Member& member : members) {
      if (member.kind == Member::Kind::null) continue;  // the same as absent
      if (member.name == "data" || member.name == "data_base64") continue;
      is_context_attribute(member.name) ? read_context(member) : read_extension(member);
    }
    for (const auto* name : {"specversion", "id", "source", "type"}) {
      if (find(members, name) == nullptr) problems_.add(name, "is missing; a CloudEvent has it");
    }
  }

 private:
  void read_context(const Member& member) {
    if (member.kind != Member::Kind::string) {
      problems_.add(member.name, "must be a string");
    } else if (member.text.empty()) {
      problems_.add(member.name, "must not be empty");
    } else if (member.name == "datacontenttype") {
      add(std::string(kContentType), member.name, member.text);
    } else {
      if (member.name == "specversion") require_specversion(member.text, member.name, problems_);
      add(std::string(kPrefix) + member.name, member.name, member.text);
    }
  }

  /// As HTTP's headers do, takes the name in either case.
  void read_extension(const Member& member) {
    std::string name = member.name;
    for (char& c : name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    }
    if (!is_attribute_name(name) || is_context_attribute(name) || name == "data") {
      problems_.add(member.name,
                    "is no name of an attribute: those are lower-case letters and digits");
      return;
    }
    const std::string header = std::string(kPrefix) + name;
    if (member.kind == Member::Kind::string) {
      add(header, member.name, member.text);
    } else if (member.kind == Member::Kind::boolean ||
               (member.kind == Member::Kind::number && is_integer(member.json))) {
      add(header, member.name, member.json);
    } else {
      problems_.add(member.name, "must be a string, a boolean or an integer of 32 bits");
    }
  }

  void add(std::string header, std::string_view name, std::string_view value) {
    if (const auto fault = fault_of_text(value)) problems_.add(name, std::string(*fault));
    to_.headers.add(std::move(header), std::string(value));
  }

  Message& to_;
  Problems& problems_;
};

/// A name that comes twice is a problem: which one counts would depend on who reads it.
void require_distinct(const std::vector<Member>& members, Problems& problems) {
  std::vector<std::string_view> names;
  names.reserve(members.size());
  for (const Member& member : members) names.emplace_back(member.name);
  std::sort(names.begin(), names.end());
  for (auto at = names.begin(); (at = std::adjacent_find(at, names.end())) != names.end();
       at = std::upper_bound(at, names.end(), *at)) {
    problems.add(*at, "is there more than once");
  }
}

/// @returns the bytes of the data
std::string read_data(const std::vector<Member>& members, Problems& problems) {
  const Member* plain = find(members, "data");
  const Member* base64 = find(members, "data_base64");
  if (plain != nullptr && base64 != nullptr) {
    problems.add("data_base64", "must not stand beside data: one of them is the event");
    return {};
  }
  if (base64 != nullptr) {
    auto bytes = base64->kind == Member::Kind::string
                     ? decode_text(BinaryText::base64, base64->text)
                     : std::nullopt;
    if (!bytes) problems.add("data_base64", "must be a string of base64 (RFC 4648 §4)");
    return bytes ? std::move(*bytes) : std::string{};
  }
  if (plain == nullptr) {
    problems.add("data", "is missing: it is the CDEvent, with context and subject");
    return {};
  }
  const Member* type = find(members, "datacontenttype");
  if (type == nullptr || is_json_type(type->text)) return std::string(plain->json);
  if (plain->kind != Member::Kind::string) {
    problems.add("data", fmt::format("must be a string, as datacontenttype is {}; send JSON as "
                                     "application/json",
                                     type->text.substr(0, 128)));
  }
  return plain->text;
}

Unwrapped unwrap_members(const Message& envelope, const std::vector<Member>& members) {
  Unwrapped result{.is_cloudevent = true};
  Problems problems;
  require_distinct(members, problems);
  Message data{.body = {}, .headers = {}, .metadata = envelope.metadata};
  for (const auto& [name, value] : envelope.headers) {
    if (attribute_name(name).empty() && !equal_ignoring_case(name, kContentType)) {
      data.headers.add(name, value);
    }
  }
  Attributes(data, problems).read(members);
  data.body = read_data(members, problems);
  const bool has_type = data.headers.find(kContentType).has_value();
  if (!has_type && find(members, "data_base64") == nullptr) {
    data.headers.add(std::string(kContentType), "application/json");
  }
  if (problems.empty()) {
    result.data = std::move(data);
  } else {
    result.problems = problems.take();
  }
  return result;
}

Unwrapped refused(std::string message) {
  return {.is_cloudevent = true, .problems = {{"", std::string(kRule), std::move(message)}}};
}

Unwrapped unwrap_structured(const Message& message) {
  if (!is_json_format(*message.headers.find(kContentType))) {
    return refused("is in a format that is not read here: send application/cloudevents+json");
  }
  Problem problem;
  const auto members = read_members(message.body, problem);
  if (!members) return {.is_cloudevent = true, .problems = {std::move(problem)}};
  return unwrap_members(message, *members);
}

Unwrapped check_binary(const Message& message) {
  Problems problems;
  for (const auto& [header, value] : message.headers) {
    const std::string_view name = attribute_name(header);
    if (name.empty()) continue;
    if (const auto fault = fault_of_text(value)) {
      problems.add("", fmt::format("the header {} {}", header, *fault));
    } else if (value.empty() && (name == "id" || name == "source" || name == "type")) {
      problems.add("", fmt::format("the header {} is empty", header));
    }
  }
  if (const auto version = attribute(message.headers, "specversion"); version != "1.0") {
    problems.add(
        "", fmt::format("the header ce-specversion must be 1.0, is {}", version->substr(0, 32)));
  }
  return {.is_cloudevent = true, .data = {}, .problems = problems.take()};
}

/// Spares the others a second look: only a CloudEvent, or a CDEvent, has that name.
bool names_specversion(const std::string& body) {
  constexpr std::string_view kName = "\"specversion\"";
  return memmem(body.data(), body.size(), kName.data(), kName.size()) != nullptr;
}

}  // namespace

Unwrapped unwrap(const Message& message) {
  switch (mode_of(message.headers)) {
    case Mode::binary:
      return check_binary(message);
    case Mode::structured:
      return unwrap_structured(message);
    case Mode::batch:
      return refused("must be a JSON array of CloudEvents, as the content type is a batch");
    case Mode::none:
      break;
  }
  return {};
}

Unwrapped unwrap_unmarked(const Message& message) {
  Problem problem;
  const auto members = read_members(message.body, problem);
  if (!members || find(*members, "specversion") == nullptr || find(*members, "type") == nullptr ||
      find(*members, "context") != nullptr) {
    return {};
  }
  return unwrap_members(message, *members);
}

Unwrapped unwrap_either(const Message& message) {
  auto unwrapped = unwrap(message);
  if (unwrapped.is_cloudevent || !names_specversion(message.body)) return unwrapped;
  return unwrap_unmarked(message);
}

}  // namespace cdviz::cloudevents
