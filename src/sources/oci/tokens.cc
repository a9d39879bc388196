#include "sources/oci/tokens.h"

#include <algorithm>
#include <utility>

namespace cdviz::sources::oci {

std::optional<std::string> Tokens::find(const std::string& purpose) const {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(purpose);
  if (found == kept_.end() || found->second.until <= clock_.now()) return std::nullopt;
  return found->second.authorization;
}

void Tokens::keep(const std::string& purpose, std::string authorization,
                  std::chrono::seconds lifetime) {
  // So that it does not expire on the way.
  const auto margin = std::min(lifetime / 4, std::chrono::seconds(10));
  const std::lock_guard lock(mutex_);
  const auto now = clock_.now();
  if (kept_.size() >= kMax) {
    std::erase_if(kept_, [&](const auto& entry) { return entry.second.until <= now; });
  }
  if (kept_.size() >= kMax) kept_.clear();
  kept_[purpose] = {std::move(authorization), now + lifetime - margin};
}

void Tokens::drop(const std::string& purpose) {
  const std::lock_guard lock(mutex_);
  kept_.erase(purpose);
}

void Tokens::pause(std::chrono::milliseconds duration) {
  const std::lock_guard lock(mutex_);
  quiet_until_ = std::max(quiet_until_, clock_.now() + duration);
}

std::chrono::milliseconds Tokens::pause_left() const {
  const std::lock_guard lock(mutex_);
  const auto left = quiet_until_ - clock_.now();
  return std::max(std::chrono::milliseconds(0), std::chrono::ceil<std::chrono::milliseconds>(left));
}

}  // namespace cdviz::sources::oci
