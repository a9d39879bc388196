#include "cloudevents/envelope.h"

#include <memory>

#include <fmt/format.h>
#include <simdjson.h>

#include "cloudevents/attributes.h"

namespace cdviz::cloudevents {
namespace {

namespace ondemand = simdjson::ondemand;

/// The parser and the copy of a document above this size are not kept.
constexpr std::size_t kLargeDocument = 512 * 1024;

/// One parser a thread, with the padded copy that it wants.
struct Reader {
  ondemand::parser parser;
  std::string copy;
};

std::unique_ptr<Reader>& thread_reader() {
  thread_local std::unique_ptr<Reader> reader;
  if (!reader) reader = std::make_unique<Reader>();
  return reader;
}

std::string_view trimmed(std::string_view text) {
  const auto end = text.find_last_not_of(" \t\r\n");
  return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

Member::Kind kind_of(ondemand::json_type type) {
  switch (type) {
    case ondemand::json_type::array:
      return Member::Kind::array;
    case ondemand::json_type::object:
      return Member::Kind::object;
    case ondemand::json_type::string:
      return Member::Kind::string;
    case ondemand::json_type::boolean:
      return Member::Kind::boolean;
    case ondemand::json_type::number:
      return Member::Kind::number;
    default:
      return Member::Kind::null;
  }
}

simdjson::error_code read_text(ondemand::value& value, Member& member) {
  std::string_view text;
  if (const auto error = value.get_string().get(text); error != simdjson::SUCCESS) return error;
  member.text = text;
  return simdjson::SUCCESS;
}

/// @param json  as it stands in the parser's copy
simdjson::error_code read_value(ondemand::value value, Member& member, std::string_view& json) {
  ondemand::json_type type{};
  if (const auto error = value.type().get(type); error != simdjson::SUCCESS) return error;
  member.kind = kind_of(type);
  if (member.kind == Member::Kind::array) {
    ondemand::array array;
    if (const auto error = value.get_array().get(array); error != simdjson::SUCCESS) return error;
    return array.raw_json().get(json);
  }
  if (member.kind == Member::Kind::object) {
    ondemand::object object;
    if (const auto error = value.get_object().get(object); error != simdjson::SUCCESS) return error;
    return object.raw_json().get(json);
  }
  json = trimmed(value.raw_json_token());
  switch (member.kind) {
    case Member::Kind::string:
      return read_text(value, member);
    case Member::Kind::boolean:
      return json == "true" || json == "false" ? simdjson::SUCCESS : simdjson::T_ATOM_ERROR;
    case Member::Kind::null:
      return json == "null" ? simdjson::SUCCESS : simdjson::N_ATOM_ERROR;
    default:
      return simdjson::SUCCESS;  // whoever needs the number reads it
  }
}

simdjson::error_code read_root(Reader& reader, std::string_view document,
                               std::vector<Member>& members) {
  reader.copy.clear();
  reader.copy.reserve(document.size() + simdjson::SIMDJSON_PADDING);
  reader.copy = document;
  ondemand::document root;
  if (const auto error = reader.parser.iterate(reader.copy).get(root); error != simdjson::SUCCESS) {
    return error;
  }
  ondemand::json_type type{};
  if (const auto error = root.type().get(type); error != simdjson::SUCCESS) return error;
  if (type != ondemand::json_type::object) return simdjson::INCORRECT_TYPE;
  ondemand::object object;
  if (const auto error = root.get_object().get(object); error != simdjson::SUCCESS) return error;
  for (auto field : object) {
    if (members.size() == kMembers) return simdjson::CAPACITY;
    Member member;
    std::string_view name;
    if (const auto error = field.unescaped_key().get(name); error != simdjson::SUCCESS)
      return error;
    member.name = name;
    ondemand::value value;
    if (const auto error = field.value().get(value); error != simdjson::SUCCESS) return error;
    std::string_view json;
    if (const auto error = read_value(value, member, json); error != simdjson::SUCCESS)
      return error;
    json = trimmed(json);
    member.json =
        document.substr(static_cast<std::size_t>(json.data() - reader.copy.data()), json.size());
    members.push_back(std::move(member));
  }
  // Behind the last bracket there is no place to be, unless more follows.
  const bool ended = root.current_location().error() == simdjson::OUT_OF_BOUNDS;
  return ended ? simdjson::SUCCESS : simdjson::TRAILING_CONTENT;
}

Problem explained(simdjson::error_code error) {
  if (error == simdjson::INCORRECT_TYPE) {
    return {"", "cloudevents",
            "a CloudEvent is a JSON object; send an array of them as "
            "application/cloudevents-batch+json"};
  }
  if (error == simdjson::CAPACITY) {
    return {"", "cloudevents", fmt::format("has more than {} members", kMembers)};
  }
  if (error == simdjson::UTF8_ERROR) return {"", "utf8", "is not valid UTF-8"};
  return {"", "json", fmt::format("is not JSON: {}", simdjson::error_message(error))};
}

}  // namespace

std::optional<std::vector<Member>> read_members(std::string_view document, Problem& problem) {
  std::vector<Member> members;
  auto& reader = thread_reader();
  const auto error = read_root(*reader, document, members);
  if (document.size() > kLargeDocument) reader.reset();
  if (error == simdjson::SUCCESS) return members;
  problem = explained(error);
  return std::nullopt;
}

}  // namespace cdviz::cloudevents
