// Collects what is wrong with one document.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/limits.h"
#include "core/problem.h"

namespace cdviz::cdevents {

/// At most limits::kProblems; when there are more, the last one says how many. Not thread-safe.
class ProblemList {
 public:
  void add(std::string_view pointer, std::string_view rule, std::string message) {
    ++count_;
    if (list_.size() < limits::kProblems) {
      list_.push_back({std::string(pointer), std::string(rule), std::move(message)});
    }
  }
  /// The same for one whose text costs something: it is made only when there is room for it, and
  /// when nothing is known about the place yet.
  /// @param pointer, message  functions that return a std::string
  template <class Pointer, class Message>
  void add_lazily(Pointer&& pointer, std::string_view rule, Message&& message) {
    if (list_.size() >= limits::kProblems) {
      ++count_;
      return;
    }
    std::string where = pointer();
    if (!has(where)) add(where, rule, message());
  }
  bool empty() const { return count_ == 0; }
  /// Something is known about this place already.
  bool has(std::string_view pointer) const {
    for (const Problem& problem : list_) {
      if (problem.pointer == pointer) return true;
    }
    return false;
  }
  std::vector<Problem> take() {
    if (count_ > limits::kProblems) {
      const std::size_t more = count_ - limits::kProblems + 1;
      list_.back() = {"", "more", "and " + std::to_string(more) + " more"};
    }
    count_ = 0;
    return std::exchange(list_, {});
  }

 private:
  std::vector<Problem> list_;
  std::size_t count_ = 0;
};

}  // namespace cdviz::cdevents
