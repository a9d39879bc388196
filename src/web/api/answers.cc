#include "web/api/answers.h"

namespace cdviz::web::api {

std::optional<std::string> Answers::find(const std::string& key, std::string_view version) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end() || found->second->version != version) return std::nullopt;
  kept_.splice(kept_.begin(), kept_, found->second);
  return found->second->body;
}

void Answers::keep(const std::string& key, std::string_view version, const std::string& body) {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) drop(found->second);
  kept_.push_front({key, std::string(version), body});
  by_key_.emplace(kept_.front().key, kept_.begin());
  bytes_ += kept_.front().bytes();
  while (bytes_ > bytes_max_ && !kept_.empty()) drop(std::prev(kept_.end()));
}

void Answers::drop(std::list<Kept>::iterator kept) {
  bytes_ -= kept->bytes();
  by_key_.erase(kept->key);
  kept_.erase(kept);
}

}  // namespace cdviz::web::api
