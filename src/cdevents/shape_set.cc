#include "cdevents/shape_set.h"

#include <stdexcept>

#include <fmt/format.h>

namespace cdviz::cdevents {

ShapeSet::Id ShapeSet::add(const Shape& shape) {
  Node node{.kind = shape.kind,
            .format = shape.format,
            .not_empty = shape.not_empty,
            .any_word = shape.any_word,
            .open = shape.open,
            .some_member = shape.some_member};
  std::string key = fmt::format("{} {} {:d}{:d}{:d}{:d}", static_cast<int>(shape.kind),
                                static_cast<int>(shape.format), shape.not_empty, shape.any_word,
                                shape.open, shape.some_member);
  std::vector<Member> members;
  if (shape.members.size() > 64) throw std::logic_error("vocabulary: more than 64 members");
  for (const auto& [name, required, lenient, member_shape] : shape.members) {
    if (required) node.required |= std::uint64_t{1} << members.size();
    members.push_back({keep(name), add(member_shape)});
    key += fmt::format(" {}{}:{}", name, required ? "!" : "", members.back().shape);
  }
  std::vector<std::string_view> words;
  for (const std::string& word : shape.words) {
    words.push_back(keep(word));
    key += " |" + word;
  }
  std::vector<Id> parts;
  for (const Shape& part : shape.parts) {
    parts.push_back(add(part));
    key += fmt::format(" <{}", parts.back());
  }
  const auto [known, is_new] = known_.try_emplace(std::move(key), static_cast<Id>(nodes_.size()));
  if (!is_new) return known->second;
  node.members = members_.emplace_back(std::move(members));
  node.words = words_.emplace_back(std::move(words));
  node.parts = parts_.emplace_back(std::move(parts));
  nodes_.push_back(node);
  return known->second;
}

}  // namespace cdviz::cdevents
