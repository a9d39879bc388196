// Room on the disk. A full disk would lock the queue up for good: to delete what was delivered
// SQLite writes into its WAL, and the WAL can only be emptied into a database that may grow. So the
// queue is full a little before the disk is.
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "queue/engine.h"

namespace cdviz::queue {
namespace {

/// What must stay free: the WAL up to its checkpoint, and once more for the database to take it in.
constexpr std::uint64_t kMargin = std::uint64_t{24} << 20;
/// Of a small disk not more than this part.
constexpr std::uint64_t kMarginPart = 4;

}  // namespace

/// Whether events of `bytes` would leave too little. Pages of deleted events are room too.
bool Engine::disk_is_short(std::uint64_t bytes) {
  std::error_code failed;
  const auto space = std::filesystem::space(settings_.directory, failed);
  if (failed || !store_) return false;  // SQLite will tell
  const auto needed = std::min(kMargin, space.capacity / kMarginPart) + 2 * bytes;
  return space.available < needed && store_->free_bytes() < needed;
}

/// Settles those of the group for whose events there is no room, and leaves the others in it.
void Engine::turn_away_what_does_not_fit(std::vector<Request>& group) {
  std::uint64_t bytes = 0;
  for (const auto& request : group) bytes += request.event_bytes + request.letter_bytes;
  bool is_short = false;
  if (bytes > 0 || disk_short_) {
    try {
      is_short = disk_is_short(bytes);
    } catch (const SqliteError&) {
      return;  // the commit meets it again, and acts on it
    }
  }
  note_disk(is_short);
  if (!is_short) return;
  std::vector<Request> kept;
  std::vector<Request> refused;
  for (auto& request : group) {
    const bool takes_room = request.event_bytes + request.letter_bytes > 0;
    (takes_room ? refused : kept).push_back(std::move(request));
  }
  group.swap(kept);
  answer(refused, Error{Fault::retry, "the disk of the queue is full: make room", "disk_full"});
}

void Engine::note_disk(bool is_short) {
  const Lock lock(mutex_);
  if (disk_short_ == is_short) return;
  disk_short_ = is_short;
  if (is_short) {
    log_.error("queue", "the disk is nearly full: nothing is taken until there is room",
               {{"directory", settings_.directory.string()}, {"error_code", "disk_full"}});
  } else {
    log_.info("queue", "there is room on the disk again");
    room_.notify_all();
  }
}

}  // namespace cdviz::queue
