#include "sources/s3/walk.h"

#include <iterator>
#include <utility>

#include "sources/s3/mark.h"

namespace cdviz::sources::s3 {

Walk::Walk(aws::Bucket& bucket, const Inlet& inlet, std::string prefix, unsigned page)
    : bucket_(bucket), inlet_(inlet), prefix_(std::move(prefix)), page_(page) {}

Result<void> Walk::fill_objects(const std::stop_token& stop) {
  while (objects_.empty() && !listed_all_) {
    auto listing = bucket_.list(prefix_, token_, page_, stop);
    if (!listing) return listing.error();
    listed_all_ = listing->next.empty();
    token_ = std::move(listing->next);
    listed_ += listing->objects.size();
    for (auto& object : listing->objects) {
      if (!last_key_.empty() && object.key <= last_key_) ordered_ = false;
      last_key_ = object.key;
      objects_.push_back(std::move(object));
    }
  }
  return {};
}

Result<void> Walk::fill_entries() {
  if (!entries_.empty() || entries_all_ || !ordered_) return {};
  auto page = inlet_.checkpoints(ledger_key(prefix_), last_entry_, page_);
  if (!page) return page.error();
  entries_all_ = page->size() < page_;
  if (!page->empty()) last_entry_ = page->back().key;
  entries_.assign(std::make_move_iterator(page->begin()), std::make_move_iterator(page->end()));
  return {};
}

Step Walk::take_object() {
  Step step{.key = objects_.front().key, .object = std::move(objects_.front())};
  objects_.pop_front();
  return step;
}

Result<std::optional<Step>> Walk::next_unordered() {
  if (objects_.empty()) return std::optional<Step>();
  Step step = take_object();
  auto entry = inlet_.checkpoint(ledger_key(step.key));
  if (!entry) return entry.error();
  step.entry = std::move(*entry);
  return std::optional(std::move(step));
}

Result<std::optional<Step>> Walk::next(const std::stop_token& stop) {
  if (auto filled = fill_objects(stop); !filled) return filled.error();
  if (!ordered_) return next_unordered();
  if (auto filled = fill_entries(); !filled) return filled.error();
  if (objects_.empty() && entries_.empty()) return std::optional<Step>();
  if (entries_.empty()) return std::optional(take_object());
  const std::string_view known = object_key_of(entries_.front().key);
  if (!objects_.empty() && std::string_view(objects_.front().key) < known) {
    return std::optional(take_object());
  }
  Step step;
  if (!objects_.empty() && objects_.front().key == known) {
    step = take_object();
  } else {
    step.key = known;
  }
  step.entry = std::move(entries_.front().value);
  entries_.pop_front();
  return std::optional(std::move(step));
}

}  // namespace cdviz::sources::s3
