#include "queue/store.h"

#include <algorithm>

#include <sqlite3.h>

#include "queue/too_large.h"

namespace cdviz::queue {
namespace {

/// How long the writer waits for another process that writes (a command marking dead letters).
constexpr std::chrono::milliseconds kBusyWait{5000};

constexpr const char* kEventColumns =
    "position, received_at, total_events, total_bytes, checksum, target, fields, json";

/// A row of events, checked. @returns nothing if the checksum does not fit
std::optional<Place> place_of(const Statement& row, std::int64_t& bytes) {
  const Place place{row.integer(0), row.integer(2), row.integer(3)};
  const auto fields = row.text(6);
  const auto json = row.text(7);
  bytes = static_cast<std::int64_t>(fields.size() + json.size());
  const auto sum = row_checksum(content_checksum(fields, json), place, row.integer(1), row.text(5));
  if (sum != static_cast<std::uint32_t>(row.integer(4))) return std::nullopt;
  return place;
}

SqliteError damaged(const char* what) { return {SQLITE_CORRUPT, what}; }

}  // namespace

std::int64_t Ledger::done_through() const {
  if (cursors.empty()) return 0;
  auto least = cursors.begin()->second;
  for (const auto& [sink, position] : cursors) least = std::min(least, position);
  return least;
}

std::uint32_t cursor_checksum(std::string_view sink, std::int64_t position) {
  return Checksum().add(sink).add(position).value();
}

std::uint32_t checkpoint_checksum(std::string_view source, std::string_view key,
                                  std::string_view value) {
  return Checksum().add(source).add(key).add(value).value();
}

std::uint32_t letter_checksum(const DeadLetter& letter) {
  std::string headers;
  append_headers(letter.headers, headers);
  return Checksum()
      .add(letter.component_id)
      .add(letter.from_sink ? 1 : 0)
      .add(letter.code)
      .add(letter.reason)
      .add(letter.event_source)
      .add(letter.event_id)
      .add(milliseconds_of(letter.at))
      .add(headers)
      .add(letter.metadata)
      .add(letter.body)
      .value();
}

std::uint32_t deleted_checksum(const Place& place) {
  return Checksum().add(place.position).add(place.events).add(place.bytes).value();
}

struct Store::Statements {
  explicit Statements(const Connection& c)
      : begin(c, "BEGIN IMMEDIATE"),
        commit(c, "COMMIT"),
        add_event(c, "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
        add_letter(c,
                   "INSERT INTO dead_letters (at, component_id, from_sink, code, reason, "
                   "event_source, event_id, bytes, checksum, position, headers, metadata, body) "
                   "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                   "ON CONFLICT (position) WHERE position IS NOT NULL DO NOTHING"),
        letter_bytes(c, "SELECT bytes FROM dead_letters WHERE number = ?"),
        take_letter(c, "DELETE FROM dead_letters WHERE number = ?"),
        set_cursor(c,
                   "INSERT INTO cursors VALUES (?, ?, ?, ?) ON CONFLICT (sink) DO UPDATE SET "
                   "position = excluded.position, checksum = excluded.checksum, "
                   "attached = excluded.attached"),
        remove_cursor(c, "DELETE FROM cursors WHERE sink = ?"),
        set_checkpoint(c,
                       "INSERT INTO checkpoints VALUES (?, ?, ?, ?) ON CONFLICT (source, key) DO "
                       "UPDATE SET value = excluded.value, checksum = excluded.checksum"),
        remove_checkpoint(c, "DELETE FROM checkpoints WHERE source = ? AND key = ?"),
        set_fact(c,
                 "INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET "
                 "value = excluded.value"),
        boundary(c, std::string("SELECT ") + kEventColumns +
                        " FROM events WHERE position <= ? ORDER BY position DESC LIMIT 16"),
        delete_events(c, "DELETE FROM events WHERE position <= ?"),
        set_deleted(c, "INSERT OR REPLACE INTO deleted VALUES (1, ?, ?, ?, ?)"),
        data_version(c, "PRAGMA data_version"),
        letter_totals(c, "SELECT letters, bytes FROM dead_letter_totals"),
        cursors(c, "SELECT sink FROM cursors") {}
  Statement begin, commit, add_event, add_letter, letter_bytes, take_letter, set_cursor,
      remove_cursor, set_checkpoint, remove_checkpoint, set_fact, boundary, delete_events,
      set_deleted, data_version, letter_totals, cursors;
};

Store::Store(const std::filesystem::path& file, Durability durability)
    : connection_(file, Connection::Access::read_write, kBusyWait),
      durability_(durability),
      statements_(nullptr, [](Statements* s) { delete s; }) {
  auto* db = connection_.handle();
  connection_.run("PRAGMA wal_autocheckpoint = 0");  // the writer does it, after it has answered
  connection_.run("PRAGMA journal_size_limit = 67108864");
  connection_.run("PRAGMA cache_size = -8192");
  connection_.run("PRAGMA cell_size_check = ON");
  // On in Debian: it would write every page of a deleted event once more, with zeros.
  connection_.run("PRAGMA secure_delete = OFF");
  syncs_ = durability == Durability::fsync;
  connection_.run(syncs_ ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  sqlite3_wal_hook(
      db,
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Store*>(self)->wal_pages_ = pages;
        return SQLITE_OK;
      },
      this);
  statements_.reset(new Statements(connection_));
  changed_by_others();
}

Ledger Store::load() {
  Ledger ledger;
  Statement deleted(connection_,
                    "SELECT position, total_events, total_bytes, checksum FROM deleted");
  if (deleted.step()) {
    ledger.deleted = {deleted.integer(0), deleted.integer(1), deleted.integer(2)};
    if (deleted_checksum(ledger.deleted) != static_cast<std::uint32_t>(deleted.integer(3)))
      throw damaged("the row of deleted events is damaged");
    deleted.reset();
  }
  ledger.last = ledger.deleted;
  std::int64_t bytes = 0;
  const std::string columns =
      std::string("SELECT ") + kEventColumns + " FROM events ORDER BY position ";
  Statement first(connection_, columns + "LIMIT 1");
  if (first.step()) {
    const auto place = place_of(first, bytes);
    if (!place) throw damaged("the first event is damaged");
    if (place->events != ledger.deleted.events + 1) throw damaged("the first events are missing");
    first.reset();
    Statement last(connection_, columns + "DESC LIMIT 1");
    const auto end = last.step() ? place_of(last, bytes) : std::nullopt;
    if (!end) throw damaged("the last event is damaged");
    ledger.last = *end;
    ledger.newest = end->position;
  }
  Statement cursors(connection_, "SELECT sink, position, checksum FROM cursors");
  while (cursors.step()) {
    if (cursor_checksum(cursors.text(0), cursors.integer(1)) !=
        static_cast<std::uint32_t>(cursors.integer(2)))
      throw damaged("a cursor is damaged");
    ledger.cursors.emplace(cursors.text(0), cursors.integer(1));
  }
  ledger.cursors_lost =
      connection_.integer("SELECT value FROM facts WHERE name = 'cursors_lost'") != 0;
  refresh(ledger);
  return ledger;
}

void Store::begin(bool sync) {
  if (durability_ == Durability::fsync && sync != syncs_) {
    connection_.run(sync ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    syncs_ = sync;
  }
  statements_->begin.run();
}

void Store::commit() { statements_->commit.run(); }

void Store::rollback() noexcept {
  if (sqlite3_get_autocommit(connection_.handle()) == 0)
    sqlite3_exec(connection_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Store::add_event(Ledger& ledger, const Prepared& event) {
  const Place place{ledger.last.position + 1, ledger.last.events + 1,
                    ledger.last.bytes + event.bytes()};
  statements_->add_event.bind(1, place.position)
      .bind(2, event.received_at)
      .bind(3, place.events)
      .bind(4, place.bytes)
      .bind(5, row_checksum(event.checksum, place, event.received_at, event.target))
      .bind_text(6, event.target)
      .bind_blob(7, event.fields)
      .bind_text(8, event.json)
      .run();
  ledger.last = place;
  ledger.newest = place.position;
}

void Store::add_letter(Ledger& ledger, const DeadLetter& letter,
                       std::optional<std::int64_t> position) {
  std::string headers;
  append_headers(letter.headers, headers);
  const std::int64_t bytes = size_of(letter);
  auto& insert = statements_->add_letter;
  insert.bind(1, milliseconds_of(letter.at))
      .bind_text(2, letter.component_id)
      .bind(3, letter.from_sink ? 1 : 0)
      .bind_text(4, letter.code)
      .bind_text(5, letter.reason)
      .bind_text(6, letter.event_source)
      .bind_text(7, letter.event_id)
      .bind(8, bytes)
      .bind(9, letter_checksum(letter))
      .bind_blob(11, headers)
      .bind_text(12, letter.metadata)
      .bind_blob(13, letter.body);
  if (position) {
    insert.bind(10, *position);
  } else {
    insert.bind_null(10);
  }
  insert.run();
  if (sqlite3_changes(connection_.handle()) == 0) return;  // a damaged event that was kept before
  ++ledger.letters;
  ledger.letter_bytes += bytes;
}

bool Store::take_letter(Ledger& ledger, std::int64_t number) {
  auto& find = statements_->letter_bytes;
  if (!find.bind(1, number).step()) return false;
  const std::int64_t bytes = find.integer(0);
  find.reset();
  statements_->take_letter.bind(1, number).run();
  --ledger.letters;
  ledger.letter_bytes -= bytes;
  return true;
}

void Store::set_cursor(std::string_view sink, std::int64_t position, bool attached) {
  statements_->set_cursor.bind_text(1, sink)
      .bind(2, position)
      .bind(3, cursor_checksum(sink, position))
      .bind(4, attached ? 1 : 0)
      .run();
}

bool Store::remove_cursor(std::string_view sink) {
  statements_->remove_cursor.bind_text(1, sink).run();
  return sqlite3_changes(connection_.handle()) > 0;
}

void Store::set_checkpoint(std::string_view source, const Checkpoint::Entry& entry) {
  if (!entry.value) {
    statements_->remove_checkpoint.bind_text(1, source).bind_text(2, entry.key).run();
    return;
  }
  statements_->set_checkpoint.bind_text(1, source)
      .bind_text(2, entry.key)
      .bind_text(3, *entry.value)
      .bind(4, checkpoint_checksum(source, entry.key, *entry.value))
      .run();
}

void Store::set_fact(std::string_view name, std::int64_t value) {
  statements_->set_fact.bind_text(1, name).bind(2, value).run();
}

bool Store::delete_events(Ledger& ledger, std::int64_t through, std::int64_t max_rows) {
  const std::int64_t end = std::min(through, ledger.last.position);
  const std::int64_t slice = std::min(end, ledger.deleted.position + max_rows);
  if (slice <= ledger.deleted.position) return false;
  // The totals at the boundary become the new start, so they must be sound; a damaged row is no
  // boundary. When the 16 rows up to it are damaged, or the slice is a gap, nothing is deleted
  // until the next one.
  auto& boundary = statements_->boundary;
  std::optional<Place> place;
  {
    const Reset reset(boundary);
    boundary.bind(1, slice);
    std::int64_t bytes = 0;
    while (!place && boundary.step()) place = place_of(boundary, bytes);
  }
  if (!place || place->position <= ledger.deleted.position)
    return slice < end && delete_events(ledger, through, max_rows * 2);
  statements_->delete_events.bind(1, place->position).run();
  set_deleted(*place);
  ledger.deleted = *place;
  return slice < end;
}

void Store::set_deleted(const Place& place) {
  statements_->set_deleted.bind(1, place.position)
      .bind(2, place.events)
      .bind(3, place.bytes)
      .bind(4, deleted_checksum(place))
      .run();
}

void Store::renumber_letter(std::int64_t number, std::optional<std::int64_t> replay_at) {
  Statement renumber(connection_,
                     "UPDATE dead_letters SET number = ?, replay_at = ? WHERE number = ?");
  renumber.bind(1, number).bind(3, sqlite3_last_insert_rowid(connection_.handle()));
  if (replay_at) {
    renumber.bind(2, *replay_at);
  } else {
    renumber.bind_null(2);
  }
  renumber.run();
}

std::uint64_t Store::free_bytes() {
  const auto pages = connection_.integer("PRAGMA freelist_count");
  return static_cast<std::uint64_t>(pages * connection_.integer("PRAGMA page_size"));
}

bool Store::changed_by_others() {
  auto& version = statements_->data_version;
  const Reset reset(version);
  version.step();
  const std::int64_t now = version.integer(0);
  return std::exchange(data_version_, now) != now;
}

void Store::refresh(Ledger& ledger) {
  {
    auto& totals = statements_->letter_totals;
    const Reset reset(totals);
    if (totals.step()) {
      ledger.letters = totals.integer(0);
      ledger.letter_bytes = totals.integer(1);
    }
  }
  std::map<std::string, std::int64_t, std::less<>> kept;
  auto& cursors = statements_->cursors;
  const Reset reset(cursors);
  while (cursors.step()) {
    if (const auto found = ledger.cursors.find(cursors.text(0)); found != ledger.cursors.end())
      kept.insert(*found);
  }
  ledger.cursors = std::move(kept);
}

void Store::detach_all() { connection_.run("UPDATE cursors SET attached = 0 WHERE attached <> 0"); }

bool Store::checkpoint(bool truncate) {
  int in_wal = 0;
  int copied = 0;
  // Readers are short; one that is not (a shell) must not hold up the senders.
  sqlite3_busy_timeout(connection_.handle(), 100);
  const int code = sqlite3_wal_checkpoint_v2(
      connection_.handle(), nullptr,
      truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, &in_wal, &copied);
  sqlite3_busy_timeout(connection_.handle(), static_cast<int>(kBusyWait.count()));
  if (code == SQLITE_BUSY) return false;
  connection_.check(code);
  if (in_wal == copied) wal_pages_ = 0;
  return in_wal == copied;
}

}  // namespace cdviz::queue
