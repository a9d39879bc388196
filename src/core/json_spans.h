// Where each value of a JSON text stands (RFC 8259), and changes to some of them that leave every
// other byte alone: numbers keep their digits, members their order, the text its white space.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cdviz::json {

enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

class Tree;
class Children;

/// One value of a Tree; cheap to copy. Lives as long as the Tree and its text.
class Value {
 public:
  Kind kind() const;
  bool is_null() const { return kind() == Kind::null; }
  bool is_object() const { return kind() == Kind::object; }
  bool is_string() const { return kind() == Kind::string; }
  /// As it stands in the text: a string with its quotes and escapes.
  std::string_view text() const;
  /// The characters of a string; empty for other kinds.
  std::string string() const;
  /// True for the string `wanted`, however it is escaped.
  bool is(std::string_view wanted) const;

  /// The name of a member, decoded; empty for what is no member.
  std::string name() const;
  bool is_named(std::string_view wanted) const;

  /// The elements of an array, the members of an object, nothing else.
  Children children() const;
  /// The member of an object with that name; the last of several, as PostgreSQL's jsonb keeps it.
  std::optional<Value> find(std::string_view name) const;

  bool operator==(const Value& other) const = default;

 private:
  friend class Tree;
  friend class Children;
  friend class Editor;
  Value(const Tree& tree, std::uint32_t index) : tree_(&tree), index_(index) {}

  const Tree* tree_;
  std::uint32_t index_;
};

/// The values below one value, in the order of the text; for range-for.
class Children {
 public:
  class Iterator {
   public:
    Iterator(const Tree& tree, std::uint32_t index) : tree_(&tree), index_(index) {}
    Value operator*() const { return {*tree_, index_}; }
    Iterator& operator++();
    bool operator==(const Iterator& other) const = default;

   private:
    const Tree* tree_;
    std::uint32_t index_;
  };
  Children(const Tree& tree, std::uint32_t first, std::uint32_t end)
      : tree_(&tree), first_(first), end_(end) {}
  Iterator begin() const { return {*tree_, first_}; }
  Iterator end() const { return {*tree_, end_}; }
  bool empty() const { return first_ == end_; }

 private:
  const Tree* tree_;
  std::uint32_t first_;
  std::uint32_t end_;
};

/// The values of one JSON text, with their places in it. Borrows the text.
class Tree {
 public:
  /// For text that a JSON parser has accepted: scalars are only delimited here, not checked again.
  /// @returns nothing when brackets, commas or colons are wrong, or above the limits of
  /// core/limits.h for depth and number of values. Never reads beyond the text.
  static std::optional<Tree> read(std::string_view json);

  Value root() const { return {*this, 0}; }
  std::string_view text() const { return text_; }

 private:
  friend class Value;
  friend class Children;
  friend class Editor;
  friend class Reader;
  /// In the order of the text: the values below one follow it.
  struct Node {
    std::uint32_t begin, end;
    std::uint32_t name_begin, name_end;  ///< equal: not a member
    std::uint32_t parent;
    std::uint32_t after;  ///< the node that follows all below this one
    Kind kind;
  };
  explicit Tree(std::string_view text) : text_(text) {}
  std::string_view span(std::uint32_t begin, std::uint32_t end) const {
    return text_.substr(begin, end - begin);
  }
  /// Where a value begins, with its name.
  std::uint32_t outer_begin(const Node& node) const {
    return node.name_begin == node.name_end ? node.begin : node.name_begin;
  }

  std::string_view text_;
  std::vector<Node> nodes_;
};

/// Collects changes to a text and prints it with them. What is changed inside a value that is
/// removed or replaced goes with it. Borrows the Tree.
class Editor {
 public:
  explicit Editor(const Tree& tree) : tree_(&tree) {}

  /// @param json  a JSON value as text; the first replacement of a value counts
  void replace(Value value, std::string json);
  /// @param name  not encoded
  void rename(Value member, std::string_view name);
  /// A member or element, with its comma. Not for the root.
  void remove(Value value);
  /// Adds a member behind the others, spaced like the first.
  /// @param name  not encoded
  /// @param json  a JSON value as text
  void append(Value object, std::string_view name, std::string_view json);

  bool empty() const { return edits_.empty() && containers_.empty(); }
  std::string print() const;

 private:
  struct Edit {
    std::size_t begin, end;  ///< equal: an insertion
    std::string text;
  };
  struct Container {
    std::vector<std::uint32_t> removed;
    std::vector<std::string> appended;  ///< "name":value
  };
  void add_changes_of(std::uint32_t index, const Container& container,
                      std::vector<Edit>& edits) const;

  const Tree* tree_;
  std::vector<Edit> edits_;
  std::map<std::uint32_t, Container> containers_;  ///< by the index of the array or object
};

}  // namespace cdviz::json
