// Shapes made ready for checking values against them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cdevents/vocabulary.h"

namespace cdviz::cdevents {

/// Flat, small, and what is equal is there once. Constant after the last add(): then safe to read
/// from any thread.
class ShapeSet {
 public:
  using Id = std::uint32_t;

  struct Member {
    std::string_view name;
    Id shape;
  };
  struct Node {
    Shape::Kind kind = Shape::Kind::text;
    Format format = Format::none;
    bool not_empty = false;
    bool any_word = false;
    bool open = false;
    bool some_member = false;
    std::uint64_t required = 0;  ///< a bit for each member
    std::span<const Member> members = {};
    std::span<const std::string_view> words = {};
    std::span<const Id> parts = {};
  };

  /// At most 64 members in an object: throws std::logic_error, the vocabulary is part of the
  /// program.
  Id add(const Shape& shape);
  const Node& operator[](Id id) const { return nodes_[id]; }
  std::size_t size() const { return nodes_.size(); }

 private:
  std::string_view keep(const std::string& text) { return *texts_.insert(text).first; }

  std::vector<Node> nodes_;
  std::map<std::string, Id> known_;  ///< by what is in them
  std::set<std::string> texts_;
  // Lists never grow once they are in: spans point to them.
  std::vector<std::vector<Member>> members_;
  std::vector<std::vector<std::string_view>> words_;
  std::vector<std::vector<Id>> parts_;
};

}  // namespace cdviz::cdevents
