// Which event of a batch may be sent next: those with the same subject.id one after the other, in
// their order; all others side by side.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <queue>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cdviz::sinks::http {

/// Not thread-safe. Borrows the texts.
class Lanes {
 public:
  /// @param index    counts up from call to call
  /// @param subject  lives as long as this object
  void add(std::size_t index, std::string_view subject);

  /// The lowest index whose subject is free; its subject is taken by that until done(). Nothing
  /// when all subjects that have something left are taken.
  std::optional<std::size_t> next();

  /// `index`, which came from next(), needs no more: what follows it in its subject may go.
  void done(std::size_t index);

 private:
  struct Lane {
    std::vector<std::size_t> indexes;
    std::size_t at = 0;  ///< of the one that goes next or is under way
  };
  std::vector<Lane> lanes_;
  std::unordered_map<std::string_view, std::size_t> lane_of_subject_;
  std::unordered_map<std::size_t, std::size_t> lane_of_index_;  ///< of those under way
  using Ready = std::pair<std::size_t, std::size_t>;            ///< index, lane
  std::priority_queue<Ready, std::vector<Ready>, std::greater<>> ready_;
};

}  // namespace cdviz::sinks::http
