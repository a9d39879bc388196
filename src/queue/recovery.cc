#include "queue/recovery.h"

#include <algorithm>
#include <ctime>
#include <limits>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "queue/reader.h"
#include "queue/schema.h"
#include "queue/sqlite.h"
#include "queue/store.h"

namespace cdviz::queue {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRecoveredPrefix = "queue.db.recovered-";
constexpr std::string_view kAsidePrefix = "queue.db.corrupt-";
/// Rows written to the new database in one transaction.
constexpr int kRowsPerCommit = 2000;
/// Where the end is not known, how far to look behind an unreadable place.
constexpr std::int64_t kLookAhead = 100'000;

std::string time_name(WallTime now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

void remove_with_logs(const fs::path& file) {
  for (const char* suffix :
       {"", "-wal", "-shm", "-journal", ".new", ".new-wal", ".new-shm", ".new-journal"})
    fs::remove(file.string() + suffix);
}

void sync_file(const fs::path& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0 || ::fsync(fd) != 0) {
    const auto failed = std::error_code(errno, std::generic_category());
    if (fd >= 0) ::close(fd);
    throw fs::filesystem_error("cannot write the recovered queue", file, failed);
  }
  ::close(fd);
}

/// Carries one damaged database over into a new one.
class Salvage {
 public:
  Salvage(const fs::path& damaged, const fs::path& fresh, WallTime now,
          const std::optional<Mark::Value>& mark)
      : damaged_(damaged), into_(fresh, Durability::os), now_(now), mark_(mark) {}

  Recovered run() {
    ledger_ = into_.load();
    into_.begin(false);
    start();
    // Each for itself: what one of them cannot read must not cost the others.
    attempt(result_.letters_complete, [&] { letters(); });
    attempt(result_.cursors_complete, [&] { cursors(); });
    attempt(result_.checkpoints_complete, [&] { checkpoints(); });
    events();
    if (!result_.cursors_complete) into_.set_fact("cursors_lost", 1);
    into_.commit();
    into_.checkpoint(true);
    if (mark_) ledger_.last.position = std::max(ledger_.last.position, mark_->last.position);
    ledger_.last.position = std::max(ledger_.last.position, highest_);
    result_.last = ledger_.last;
    result_.deleted = ledger_.deleted;
    return result_;
  }

 private:
  /// A connection to the damaged database. A fresh one after each failure: SQLite keeps a doubtful
  /// page cache.
  Connection& source() {
    if (!source_) {
      try {
        source_.emplace(damaged_, Connection::Access::read_only, std::chrono::seconds(1));
        source_->integer("SELECT count(*) FROM sqlite_schema");
      } catch (const SqliteError&) {
        // The file alone, when its log or its header do not fit any more.
        source_.emplace(damaged_, Connection::Access::immutable, std::chrono::seconds(1));
      }
    }
    return *source_;
  }

  template <class Work>
  void attempt(bool& complete, Work work) {
    try {
      work();
    } catch (const SqliteError& failure) {
      if (writing_) throw;
      complete = false;
    }
  }

  /// Failures of the new database are not those of the damaged one.
  template <class Write>
  void write(Write action) {
    writing_ = true;
    action();
    if (++written_ % kRowsPerCommit == 0) {
      into_.commit();
      if (into_.wal_pages() > kRowsPerCommit) into_.checkpoint(false);
      into_.begin(false);
    }
    writing_ = false;
  }

  /// Where the old queue began: what is below was delivered.
  void start() {
    std::optional<Place> base;
    bool readable = true;
    attempt(readable, [&] {
      Statement deleted(source(),
                        "SELECT position, total_events, total_bytes, checksum FROM deleted");
      if (!deleted.step()) {
        base = Place{};  // nothing was ever deleted
        return;
      }
      const Place place{deleted.integer(0), deleted.integer(1), deleted.integer(2)};
      if (deleted_checksum(place) == static_cast<std::uint32_t>(deleted.integer(3))) base = place;
    });
    if (mark_ && (!base || base->position < mark_->deleted.position)) base = mark_->deleted;
    if (base) {
      write([&] { into_.set_deleted(*base); });
      ledger_.deleted = *base;
      ledger_.last = *base;
      counted_ = base->events;
    }
    at_ = ledger_.last.position;
  }

  void events() {
    const std::int64_t end =
        mark_ ? mark_->last.position : std::numeric_limits<std::int64_t>::max();
    for (;;) {
      try {
        Statement scan(source(), kSelect + std::string("position > ? ORDER BY position"));
        scan.bind(1, at_);
        while (scan.step()) keep(scan, end);
        break;
      } catch (const SqliteError&) {
        if (writing_) throw;
        source_.reset();
        if (!find_next(end)) break;
      }
    }
    if (mark_ && counted_ >= 0)
      result_.missing += std::max<std::int64_t>(0, mark_->last.events - counted_);
  }

  /// Looks position by position for the next row that can be read, and keeps it.
  bool find_next(std::int64_t end) {
    const auto last = std::min(end, at_ + kLookAhead * (mark_ ? 1000 : 1));
    std::optional<Statement> find;
    for (std::int64_t position = at_ + 1; position <= last; ++position) {
      try {
        if (!find) find.emplace(source(), kSelect + std::string("position = ?"));
        find->bind(1, position);
        if (!find->step()) continue;
        keep(*find, end);
        at_ = std::max(at_, position);
        return true;
      } catch (const SqliteError&) {
        if (writing_) throw;
        if (!find) return false;  // not even the schema can be read
      }
    }
    return false;
  }

  void keep(const Statement& row, std::int64_t end) {
    const Place place{row.integer(0), row.integer(2), row.integer(3)};
    const auto received_at = row.integer(1);
    const auto target = row.text(5);
    const auto fields = row.text(6);
    const auto json = row.text(7);
    const Prepared event{fields, json, target, received_at, content_checksum(fields, json)};
    const bool sound = row_checksum(event.checksum, place, received_at, target) ==
                       static_cast<std::uint32_t>(row.integer(4));
    if (place.position <= at_) return;
    if (!sound) {
      // Its position may be what is damaged: it is believed only where one is due. Else it is among
      // the missing.
      if (place.position != at_ + 1 || place.position > end) return;
      keep_damaged(place.position, json);
      if (counted_ >= 0) ++counted_;
      at_ = place.position;
      return;
    }
    if (counted_ >= 0) {
      result_.missing += std::max<std::int64_t>(0, place.events - counted_ - 1);
    } else {  // where it began is not known: with the first event that is left
      const Place base{place.position - 1, place.events - 1, place.bytes - event.bytes()};
      write([&] { into_.set_deleted(base); });
      ledger_.deleted = base;
      ledger_.last = base;
    }
    counted_ = place.events;
    at_ = place.position;
    ledger_.last.position = place.position - 1;
    write([&] { into_.add_event(ledger_, event); });
    ++result_.events;
  }

  void keep_damaged(std::int64_t position, std::string_view json) {
    const auto before = ledger_.letters;
    const DeadLetter letter{
        .component_id = "queue",
        .code = "corrupt",
        .reason = fmt::format("the event at position {} was damaged on disk: what is left of it",
                              position),
        .body = std::string(json),
        .at = now_};
    write([&] { into_.add_letter(ledger_, letter, position); });
    result_.damaged += ledger_.letters - before;
    highest_ = std::max(highest_, position);
  }

  void letters() {
    std::int64_t at = 0;
    const std::string columns = std::string("SELECT ") + kLetterColumns + ", position";
    const auto keep_letter = [&](const Statement& row) {
      at = row.integer(0);
      bool damaged = false;
      DeadLetter letter = letter_in(row, damaged);
      if (damaged) letter.reason += " (this letter was damaged on disk)";
      const auto position = row.is_null(13) ? std::nullopt : std::optional(row.integer(13));
      const auto replay_at = row.is_null(9) ? std::nullopt : std::optional(row.integer(9));
      write([&] {
        into_.add_letter(ledger_, letter, position);
        into_.renumber_letter(at, replay_at);
      });
      ++result_.letters;
    };
    for (;;) {
      try {
        Statement scan(source(), columns + " FROM dead_letters WHERE number > ? ORDER BY number");
        scan.bind(1, at);
        while (scan.step())
          if (scan.integer(0) > at) keep_letter(scan);
        return;
      } catch (const SqliteError&) {
        if (writing_) throw;
        result_.letters_complete = false;
        source_.reset();
      }
      Statement find(source(), columns + " FROM dead_letters WHERE number = ?");
      bool found = false;
      for (std::int64_t number = at + 1; !found && number <= at + kLookAhead; ++number) {
        try {
          if (!find.bind(1, number).step()) continue;
          keep_letter(find);
          found = true;
        } catch (const SqliteError&) {
          if (writing_) throw;
        }
      }
      if (!found) return;
    }
  }

  void cursors() {
    Statement scan(source(), "SELECT sink, position, checksum FROM cursors");
    while (scan.step()) {
      const std::string sink(scan.text(0));
      const auto position = scan.integer(1);
      if (cursor_checksum(sink, position) != static_cast<std::uint32_t>(scan.integer(2))) {
        result_.cursors_complete = false;
        continue;
      }
      write([&] { into_.set_cursor(sink, position, false); });
    }
  }

  void checkpoints() {
    Statement scan(source(), "SELECT source, key, value, checksum FROM checkpoints");
    while (scan.step()) {
      const std::string name(scan.text(0));
      const Checkpoint::Entry entry{std::string(scan.text(1)), std::string(scan.text(2))};
      if (checkpoint_checksum(name, entry.key, *entry.value) !=
          static_cast<std::uint32_t>(scan.integer(3))) {
        result_.checkpoints_complete = false;
        continue;
      }
      write([&] { into_.set_checkpoint(name, entry); });
    }
  }

  static constexpr const char* kSelect =
      "SELECT position, received_at, total_events, total_bytes, checksum, target, fields, json "
      "FROM events WHERE ";

  const fs::path damaged_;
  Store into_;
  const WallTime now_;
  const std::optional<Mark::Value> mark_;
  std::optional<Connection> source_;
  Ledger ledger_;
  Recovered result_;
  std::int64_t at_ = 0;        ///< the last position that was dealt with
  std::int64_t counted_ = -1;  ///< the old total_events there; -1: not known
  std::int64_t highest_ = 0;
  std::int64_t written_ = 0;
  bool writing_ = false;
};

void move_if_there(const fs::path& from, const fs::path& to) {
  if (fs::exists(from)) fs::rename(from, to);
}

}  // namespace

void finish_recovery(const fs::path& directory) {
  for (const auto& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kRecoveredPrefix)) continue;
    const std::string time = name.substr(kRecoveredPrefix.size());
    const fs::path database = directory / kDatabaseName;
    const std::string aside = (directory / (std::string(kAsidePrefix) + time)).string();
    for (const char* suffix : {"-wal", "-shm", ""})
      move_if_there(database.string() + suffix, aside + suffix);
    sync_directory(directory);
    fs::rename(entry.path(), database);
    sync_directory(directory);
    return;
  }
}

Recovered recover(const fs::path& directory, WallTime now, const std::optional<Mark::Value>& mark) {
  const fs::path salvage = directory / "queue.db.salvage";
  remove_with_logs(salvage);
  create(salvage);
  Recovered result = Salvage(directory / kDatabaseName, salvage, now, mark).run();
  sync_file(salvage);
  for (const char* suffix : {"-wal", "-shm"}) fs::remove(salvage.string() + suffix);
  std::string time = time_name(now);
  for (int i = 2; fs::exists(directory / (std::string(kAsidePrefix) + time)); ++i)
    time = fmt::format("{}-{}", time_name(now), i);
  fs::rename(salvage, directory / (std::string(kRecoveredPrefix) + time));
  sync_directory(directory);
  finish_recovery(directory);
  result.aside = directory / (std::string(kAsidePrefix) + time);
  return result;
}

}  // namespace cdviz::queue
