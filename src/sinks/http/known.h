// What became of events of a batch that has to be written again, because others of it are not
// through: those that the other end has are not sent twice while this process lives.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/event.h"
#include "core/result.h"

namespace cdviz::sinks::http {

/// Empty while all goes well. Not thread-safe.
class Known {
 public:
  /// More are forgotten, all at once: then they are sent again, which is harmless.
  static constexpr std::size_t kMost = 20'000;

  bool empty() const { return outcomes_.empty(); }

  /// @returns nothing if nothing is known of it
  const Result<void>* find(const Event& event) const {
    const auto at = outcomes_.empty() ? outcomes_.end() : outcomes_.find(key_of(event));
    return at == outcomes_.end() ? nullptr : &at->second;
  }
  void keep(const Event& event, Result<void> outcome) {
    if (outcomes_.size() >= kMost) outcomes_.clear();
    outcomes_.insert_or_assign(key_of(event), std::move(outcome));
  }
  void forget(const Event& event) {
    if (!outcomes_.empty()) outcomes_.erase(key_of(event));
  }

 private:
  /// With the content: an id that was used twice is two events.
  static std::string key_of(const Event& event) {
    std::string key = event->source;
    key += '\0';
    key += event->id;
    key += '\0';
    key += std::to_string(std::hash<std::string_view>{}(event->json));
    return key;
  }
  std::unordered_map<std::string, Result<void>> outcomes_;
};

}  // namespace cdviz::sinks::http
