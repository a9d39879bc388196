#include "queue/reader.h"

#include <algorithm>
#include <utility>

#include "queue/store.h"

namespace cdviz::queue {
namespace {

constexpr std::chrono::seconds kBusyWait{5};

EventData nothing() { return {}; }

}  // namespace

Reader::Reader(const std::filesystem::path& file, bool immutable)
    : connection_(file, immutable ? Connection::Access::immutable : Connection::Access::read_only,
                  kBusyWait),
      // The row at `after` comes first when it is still there: it tells whether one is missing
      // behind it.
      read_(
          connection_,
          "SELECT position, received_at, total_events, total_bytes, checksum, target, fields, json "
          "FROM events WHERE position >= ? ORDER BY position"),
      next_(connection_,
            "SELECT position, total_events, total_bytes, length(fields) + length(CAST(json AS "
            "BLOB)), received_at FROM events WHERE position > ? ORDER BY position LIMIT 1"),
      checkpoint_(connection_, "SELECT value FROM checkpoints WHERE source = ? AND key = ?"),
      checkpoints_(connection_,
                   "SELECT key, value FROM checkpoints WHERE source = ?1 AND key >= ?2 AND key <> "
                   "?3 ORDER BY key LIMIT ?4"),
      refusals_(connection_,
                "SELECT number, at, component_id, from_sink, code, reason, event_source, event_id, "
                "length(CAST(body AS BLOB)) FROM dead_letters WHERE number > ? ORDER BY number "
                "LIMIT ?"),
      replay_(connection_, std::string("SELECT ") + kLetterColumns +
                               " FROM dead_letters WHERE replay_at IS NOT NULL ORDER BY number "
                               "LIMIT ?") {
  connection_.run("PRAGMA cache_size = -1024");
  connection_.run("PRAGMA cell_size_check = ON");
}

Found Reader::read(std::int64_t after, std::size_t max_events, std::size_t max_bytes) {
  Found found;
  const Reset reset(read_);
  read_.bind(1, after);
  std::int64_t previous = -1;  // total_events of the row before; -1 when it is not known
  std::int64_t previous_position = after;
  std::size_t bytes = 0;
  while (found.events.size() < max_events && read_.step()) {
    const Place place{read_.integer(0), read_.integer(2), read_.integer(3)};
    const std::int64_t received_at = read_.integer(1);
    const auto target = read_.text(5);
    const auto fields = read_.text(6);
    const auto json = read_.text(7);
    const std::size_t size = fields.size() + json.size();
    const bool starts = place.position <= after;
    if (!starts && !found.events.empty() && bytes + size > max_bytes) break;
    bytes += size;
    const bool sound = row_checksum(content_checksum(fields, json), place, received_at, target) ==
                       static_cast<std::uint32_t>(read_.integer(4));
    auto event = sound ? decode_event(fields, json, received_at) : std::nullopt;
    if (sound && previous >= 0 && place.events > previous + 1) {
      found.missing += place.events - previous - 1;
      if (found.missing_after == 0) found.missing_after = previous_position;
    }
    // A damaged position would carry a sink's cursor past events that it has not got.
    if (!sound && !starts && place.position != previous_position + 1)
      throw SqliteError(11 /* SQLITE_CORRUPT */, "an event is damaged and out of place");
    if (sound) {
      previous = place.events;
    } else if (previous >= 0) {
      ++previous;
    }
    previous_position = place.position;
    if (starts) {
      bytes = 0;
      continue;
    }
    if (event) {
      found.events.push_back(
          {Position{place.position}, Event(std::move(*event)), std::string(target)});
    } else {
      found.events.push_back({Position{place.position}, Event(nothing()), std::string(kNobody)});
      found.damaged.push_back(
          {place.position, received_at, std::string(fields), std::string(json)});
    }
  }
  return found;
}

std::optional<std::pair<Place, std::int64_t>> Reader::next(std::int64_t position) {
  const Reset reset(next_);
  if (!next_.bind(1, position).step()) return std::nullopt;
  return std::pair{Place{next_.integer(0), next_.integer(1), next_.integer(2) - next_.integer(3)},
                   next_.integer(4)};
}

std::optional<std::string> Reader::checkpoint(std::string_view source, std::string_view key) {
  const Reset reset(checkpoint_);
  if (!checkpoint_.bind_text(1, source).bind_text(2, key).step()) return std::nullopt;
  return std::string(checkpoint_.text(0));
}

std::vector<Checkpoint::Entry> Reader::checkpoints(std::string_view source, std::string_view prefix,
                                                   std::string_view after, std::size_t max) {
  const Reset reset(checkpoints_);
  checkpoints_.bind_text(1, source)
      .bind_text(2, std::max(prefix, after))
      .bind_text(3, after)
      .bind(4, static_cast<std::int64_t>(max));
  std::vector<Checkpoint::Entry> page;
  while (checkpoints_.step()) {
    std::string key(checkpoints_.text(0));
    if (!key.starts_with(prefix)) break;
    page.push_back({std::move(key), std::string(checkpoints_.text(1))});
  }
  return page;
}

std::vector<Refusal> Reader::refusals(std::int64_t after, std::size_t max) {
  std::vector<Refusal> found;
  const Reset reset(refusals_);
  refusals_.bind(1, after);
  refusals_.bind(2, static_cast<std::int64_t>(max));
  while (refusals_.step()) {
    found.push_back({.number = refusals_.integer(0),
                     .at = wall_time_of(refusals_.integer(1)),
                     .component_id = std::string(refusals_.text(2)),
                     .from_sink = refusals_.integer(3) != 0,
                     .code = std::string(refusals_.text(4)),
                     .reason = std::string(refusals_.text(5)),
                     .event_source = std::string(refusals_.text(6)),
                     .event_id = std::string(refusals_.text(7)),
                     .bytes = refusals_.integer(8)});
  }
  return found;
}

std::vector<DeadLetter> Reader::replay_requests(std::size_t max) {
  std::vector<DeadLetter> letters;
  const Reset reset(replay_);
  replay_.bind(1, static_cast<std::int64_t>(max));
  bool damaged = false;
  while (replay_.step()) letters.push_back(letter_in(replay_, damaged));
  return letters;
}

DeadLetter letter_in(const Statement& row, bool& damaged) {
  DeadLetter letter{.number = row.integer(0),
                    .component_id = std::string(row.text(2)),
                    .from_sink = row.integer(3) != 0,
                    .code = std::string(row.text(4)),
                    .reason = std::string(row.text(5)),
                    .body = std::string(row.text(12)),
                    .headers = decode_headers(row.text(10)).value_or(Headers{}),
                    .metadata = std::string(row.text(11)),
                    .event_source = std::string(row.text(6)),
                    .event_id = std::string(row.text(7)),
                    .at = wall_time_of(row.integer(1))};
  damaged = letter_checksum(letter) != static_cast<std::uint32_t>(row.integer(8));
  return letter;
}

Readers::Lease::~Lease() {
  const std::lock_guard lock(owner_.mutex_);
  owner_.idle_.push_back(std::move(reader_));
}

Readers::Lease Readers::lend() {
  std::shared_lock open(gate_);
  std::unique_ptr<Reader> reader;
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      reader = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!reader) reader = std::make_unique<Reader>(file_);
  return {*this, std::move(open), std::move(reader)};
}

std::unique_lock<std::shared_mutex> Readers::exclusive() {
  std::unique_lock alone(gate_);
  const std::lock_guard lock(mutex_);
  idle_.clear();
  ++generation_;
  return alone;
}

}  // namespace cdviz::queue
