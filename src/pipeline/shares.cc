#include "pipeline/shares.h"

#include <cstdint>
#include <utility>

#include "queue/too_large.h"

namespace cdviz::pipeline {
namespace {

constexpr std::uint64_t kShareOfQueue = 4;

std::uint64_t bytes_of(const Event& event) { return queue::bytes_at_most(*event); }
std::uint64_t bytes_of(const queue::DeadLetter& letter) {
  return static_cast<std::uint64_t>(queue::size_of(letter));
}

template <class Item>
std::uint64_t bytes_of_all(const std::vector<Item>& items) {
  std::uint64_t bytes = 0;
  for (const Item& item : items) bytes += bytes_of(item);
  return bytes;
}

/// Appends shares with `items` in them, each of at most `share_bytes` or of one item.
template <class Item>
void divide(std::vector<Item> items, std::uint64_t share_bytes, std::vector<Item> Share::*member,
            std::vector<Share>& shares) {
  std::uint64_t bytes = share_bytes;
  for (Item& item : items) {
    const auto more = bytes_of(item);
    if (bytes + more > share_bytes) {
      shares.emplace_back();
      bytes = 0;
    }
    bytes += more;
    (shares.back().*member).push_back(std::move(item));
  }
}

}  // namespace

std::vector<Share> shares_of(std::vector<Event> events, std::vector<queue::DeadLetter> dead_letters,
                             const queue::Capacity& capacity) {
  std::vector<Share> shares;
  if (bytes_of_all(events) <= capacity.event_bytes &&
      bytes_of_all(dead_letters) <= capacity.dead_letter_bytes) {
    shares.push_back({std::move(events), std::move(dead_letters)});
    return shares;
  }
  divide(std::move(dead_letters), capacity.dead_letter_bytes / kShareOfQueue, &Share::dead_letters,
         shares);
  divide(std::move(events), capacity.event_bytes / kShareOfQueue, &Share::events, shares);
  return shares;
}

}  // namespace cdviz::pipeline
