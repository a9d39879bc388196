#include "core/event.h"

namespace cdviz {
namespace {
/// Takes the text up to the next dot away from `rest`.
std::string_view take_part(std::string_view& rest) {
  const auto dot = rest.find('.');
  const std::string_view part = rest.substr(0, dot);
  rest = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
  return part;
}
}  // namespace

TypeParts split_type(std::string_view type) {
  std::string_view rest = type;
  const std::string_view domain = take_part(rest);
  const std::string_view family = take_part(rest);
  if (family.empty()) return {};
  TypeParts parts;
  parts.prefix = type.substr(0, domain.size() + 1 + family.size());
  parts.subject = take_part(rest);
  parts.predicate = take_part(rest);
  parts.version = rest;
  return parts;
}

std::size_t size_of(const EventData& event) {
  std::size_t bytes = event.source.size() + event.id.size() + event.type.size() +
                      event.timestamp.size() + event.subject_id.size() + event.json.size() +
                      event.notes.size() + event.origin.size();
  for (const auto& [name, value] : event.headers) bytes += name.size() + value.size();
  return bytes;
}

}  // namespace cdviz
