// The headers of a message: HTTP fields, Kafka or NATS headers. Names compare case-insensitively,
// order is kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cdviz {

/// ASCII case-insensitive equality, as RFC 9110 §5.1 wants it for field names.
bool equal_ignoring_case(std::string_view a, std::string_view b);

/// An ordered list of (name, value). The same name may appear more than once. Not thread-safe.
class Headers {
 public:
  using Entry = std::pair<std::string, std::string>;

  Headers() = default;
  Headers(std::initializer_list<Entry> entries) : entries_(entries) {}

  /// Appends, even when the name is there already.
  void add(std::string name, std::string value);
  /// Replaces every value of `name` by one.
  void set(std::string name, std::string value);
  /// The last value of `name`, as a later header overrides an earlier one; nothing when absent.
  /// @returns a view that lives until this object changes
  std::optional<std::string_view> find(std::string_view name) const;

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  bool operator==(const Headers&) const = default;

 private:
  std::vector<Entry> entries_;
};

}  // namespace cdviz
