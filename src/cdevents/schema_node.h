// A compiled JSON Schema: what the compiler makes and the evaluation reads. Internal to
// json_schema.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <re2/re2.h>
#include <simdjson.h>

namespace cdviz::cdevents::schema {

/// Index of a node.
using NodeId = std::uint32_t;
inline constexpr NodeId kNone = std::numeric_limits<NodeId>::max();

/// The values of `type`, one bit each.
namespace kind {
inline constexpr std::uint8_t kNull = 1;
inline constexpr std::uint8_t kBoolean = 2;
inline constexpr std::uint8_t kInteger = 4;
inline constexpr std::uint8_t kFraction = 8;  ///< a number that is no integer
inline constexpr std::uint8_t kNumber = kInteger | kFraction;
inline constexpr std::uint8_t kText = 16;
inline constexpr std::uint8_t kArray = 32;
inline constexpr std::uint8_t kObject = 64;
inline constexpr std::uint8_t kAny = 127;
}  // namespace kind

inline constexpr std::size_t kNoMaximum = std::numeric_limits<std::size_t>::max();

struct TextRules {
  std::size_t length_min = 0;  ///< in code points
  std::size_t length_max = kNoMaximum;
  std::unique_ptr<RE2> pattern = {};
  /// Of `format`.
  bool (*has_format)(std::string_view) = nullptr;
  std::string_view format = {};
};

struct NumberRules {
  using Bound = std::optional<simdjson::dom::element>;
  Bound minimum, maximum, exclusive_minimum, exclusive_maximum, multiple_of;
};

struct ArrayRules {
  std::vector<NodeId> prefix = {};
  NodeId items = kNone;
  NodeId contains = kNone;
  std::size_t contains_min = 1, contains_max = kNoMaximum;
  std::size_t items_min = 0, items_max = kNoMaximum;
  bool unique = false;
};

struct ObjectRules {
  /// What is known of one name.
  struct Member {
    std::string name;
    NodeId schema = kNone;
    bool required = false;
    std::vector<std::string> needs = {};  ///< dependentRequired
  };
  std::vector<Member> members = {};  ///< sorted by name
  std::vector<std::pair<std::unique_ptr<RE2>, NodeId>> patterns = {};
  NodeId additional = kNone;
  bool closed = false;  ///< additionalProperties is false
  NodeId names = kNone;
  std::size_t members_min = 0, members_max = kNoMaximum;
  std::size_t required = 0;  ///< how many members are

  const Member* find(std::string_view name) const;
  Member& at(std::string_view name);  ///< made when it is not there
};

/// One schema. Rules that are null do not restrict.
struct Node {
  std::string place;   ///< "orders.json#/properties/id", for messages
  bool never = false;  ///< the schema `false`
  std::uint8_t kinds = kind::kAny;
  bool listed = false;  ///< the value must be one of `values` (enum, const)
  std::vector<simdjson::dom::element> values = {};
  std::optional<simdjson::dom::element> constant = {};
  NodeId reference = kNone;
  std::vector<NodeId> all_of = {}, any_of = {}, one_of = {};
  NodeId no = kNone;  ///< not
  NodeId condition = kNone, then = kNone, otherwise = kNone;
  std::unique_ptr<TextRules> text = {};
  std::unique_ptr<NumberRules> number = {};
  std::unique_ptr<ArrayRules> array = {};
  std::unique_ptr<ObjectRules> object = {};
};

}  // namespace cdviz::cdevents::schema
