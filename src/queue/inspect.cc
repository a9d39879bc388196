#include "queue/inspect.h"

#include <limits>

#include <fmt/format.h>
#include <sqlite3.h>

#include "queue/files.h"
#include "queue/reader.h"
#include "queue/schema.h"
#include "queue/store.h"

namespace cdviz::queue {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPage = 200;  // rows in one read transaction
constexpr std::size_t kPageBytes = std::size_t{4} << 20;

/// The numbered parameters: 1 component, 2 from_sink, 3 code, 4 since, 5 above this number, or
/// below it when the newest come first.
std::string where(const LetterFilter& filter) {
  std::string sql =
      " WHERE (?1 IS NULL OR component_id = ?1) AND (?2 IS NULL OR from_sink = ?2)"
      " AND (?3 IS NULL OR code = ?3) AND (?4 IS NULL OR at >= ?4)";
  sql += filter.newest_first ? " AND number < ?5" : " AND number > ?5";
  if (!filter.numbers.empty())
    sql += fmt::format(" AND number IN ({})", fmt::join(filter.numbers, ", "));
  if (filter.marked_only) sql += " AND replay_at IS NOT NULL";
  return sql;
}

/// Before the first of those that fit.
std::int64_t start_of(const LetterFilter& filter) {
  if (!filter.newest_first) return 0;
  return filter.below.value_or(std::numeric_limits<std::int64_t>::max());
}

void bind(Statement& statement, const LetterFilter& filter, std::int64_t from) {
  if (filter.component) statement.bind_text(1, *filter.component);
  if (filter.from_sink) statement.bind(2, *filter.from_sink ? 1 : 0);
  if (filter.code) statement.bind_text(3, *filter.code);
  if (filter.since) statement.bind(4, milliseconds_of(*filter.since));
  statement.bind(5, from);
}

/// Runs `work` and turns what SQLite throws into an Error.
template <class Work>
auto caught(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const SqliteError& failure) {
    return error_of(failure);
  }
}

std::vector<std::string> set_aside(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("queue.db.corrupt-") && !name.ends_with("-wal") && !name.ends_with("-shm"))
      names.push_back(entry.path().string());
  }
  return names;
}

class DirectoryInspector final : public Inspector {
 public:
  DirectoryInspector(fs::path directory, bool immutable)
      : directory_(std::move(directory)), reader_(directory_ / kDatabaseName, immutable) {}

  Result<InspectedQueue> status() override {
    return caught([&]() -> Result<InspectedQueue> {
      Connection& db = reader_.connection();
      db.run("BEGIN");  // one moment for all numbers
      InspectedQueue is;
      try {
        read_status(is);
      } catch (const SqliteError&) {
        db.run("ROLLBACK");
        throw;
      }
      db.run("COMMIT");
      is.collector = DirectoryLock::holder(directory_);
      for (const char* suffix : {"", "-wal"}) {
        std::error_code none;
        const auto size = fs::file_size((directory_ / kDatabaseName).string() + suffix, none);
        if (!none) is.file_bytes += size;
      }
      is.set_aside = set_aside(directory_);
      if (!is.collector)
        for (auto& sink : is.sinks) sink.attached = false;
      return is;
    });
  }

  Result<void> letters(const LetterFilter& filter,
                       const std::function<bool(const ListedLetter&)>& visit) override {
    return caught([&]() -> Result<void> {
      std::int64_t from = start_of(filter);
      std::size_t visited = 0;
      Statement page(
          reader_.connection(),
          fmt::format("SELECT {} FROM dead_letters{} ORDER BY number {} LIMIT {}", kLetterColumns,
                      where(filter), filter.newest_first ? "DESC" : "ASC", kPage));
      for (;;) {
        std::vector<ListedLetter> found;
        std::size_t bytes = 0;
        {
          const Reset reset(page);
          bind(page, filter, from);
          while (bytes < kPageBytes && page.step()) {
            ListedLetter listed;
            listed.letter = letter_in(page, listed.damaged);
            if (!page.is_null(9)) listed.replay_requested = wall_time_of(page.integer(9));
            from = listed.letter.number;
            bytes += listed.letter.body.size();
            found.push_back(std::move(listed));
          }
        }
        if (found.empty()) return {};
        for (const auto& listed : found) {
          if (!visit(listed)) return {};
          if (filter.limit > 0 && ++visited >= filter.limit) return {};
        }
      }
    });
  }

  Result<std::int64_t> count(const LetterFilter& filter) override {
    return caught([&]() -> Result<std::int64_t> {
      Statement statement(reader_.connection(),
                          "SELECT count(*) FROM dead_letters" + where(filter));
      const Reset reset(statement);
      bind(statement, filter, start_of(filter));
      statement.step();
      return statement.integer(0);
    });
  }

  Result<std::vector<std::int64_t>> mark(const LetterFilter& filter) override {
    return caught([&]() -> Result<std::vector<std::int64_t>> {
      Connection db = writable();
      Statement statement(db,
                          fmt::format("UPDATE dead_letters SET replay_at = {}{} RETURNING number",
                                      milliseconds_of(SystemClock().wall()), where(filter)));
      bind(statement, filter, 0);
      std::vector<std::int64_t> numbers;
      while (statement.step()) numbers.push_back(statement.integer(0));
      return numbers;
    });
  }

  Result<std::int64_t> drop(const LetterFilter& filter) override {
    return caught([&]() -> Result<std::int64_t> {
      Connection db = writable();
      Statement statement(db, "DELETE FROM dead_letters" + where(filter));
      bind(statement, filter, 0);
      statement.run();
      return static_cast<std::int64_t>(sqlite3_changes64(db.handle()));
    });
  }

  Result<void> events(const std::function<bool(const Stored&)>& visit) override {
    return caught([&]() -> Result<void> {
      for (std::int64_t after = 0;;) {
        const Found found = reader_.read(after, kPage, kPageBytes);
        if (found.events.empty()) return {};
        for (const auto& stored : found.events)
          if (!visit(stored)) return {};
        after = static_cast<std::int64_t>(found.events.back().position);
      }
    });
  }

  Result<Verification> verify() override {
    return caught([&]() -> Result<Verification> {
      Verification found;
      // What SQLite itself finds ends neither our reading nor the other way round.
      attempt(found, "SQLite's check", [&] {
        Statement check(reader_.connection(), "PRAGMA integrity_check(20)");
        while (check.step())
          if (check.text(0) != "ok") found.problems.emplace_back(check.text(0));
      });
      attempt(found, "events", [&] { verify_events(found); });
      attempt(found, "dead letters", [&] {
        const auto done = letters({}, [&](const ListedLetter& listed) {
          ++found.letters;
          found.damaged_letters += listed.damaged ? 1 : 0;
          return true;
        });
        if (!done) found.problems.push_back("dead letters: " + done.error().message);
      });
      attempt(found, "cursors", [&] {
        Statement cursors(reader_.connection(), "SELECT sink, position, checksum FROM cursors");
        while (cursors.step())
          if (cursor_checksum(cursors.text(0), cursors.integer(1)) !=
              static_cast<std::uint32_t>(cursors.integer(2)))
            found.problems.emplace_back("the cursor of a sink is damaged");
      });
      return found;
    });
  }

  Result<bool> release(const std::string& sink, bool force) override {
    return caught([&]() -> Result<bool> {
      Connection db = writable();
      const auto collector = DirectoryLock::holder(directory_);
      Statement find(db, "SELECT attached FROM cursors WHERE sink = ?");
      find.bind_text(1, sink);
      if (!find.step()) return false;
      const bool attached = find.integer(0) != 0;
      find.reset();
      if (collector && attached && !force)
        return Error{Fault::stop,
                     fmt::format("the running collector (pid {}) has used the sink {} since its "
                                 "start: take it out of the configuration and restart first",
                                 *collector, sink),
                     "in_use"};
      Statement remove(db, "DELETE FROM cursors WHERE sink = ?");
      remove.bind_text(1, sink).run();
      return true;
    });
  }

 private:
  template <class Work>
  static void attempt(Verification& found, const char* what, Work work) {
    try {
      work();
    } catch (const SqliteError& failure) {
      found.problems.push_back(fmt::format("{}: {}", what, failure.what()));
    }
  }

  void verify_events(Verification& found) {
    std::int64_t after = 0;
    Found page = reader_.read(after, kPage, kPageBytes);
    for (; !page.events.empty(); page = reader_.read(after, kPage, kPageBytes)) {
      found.events += static_cast<std::int64_t>(page.events.size());
      found.damaged_events += static_cast<std::int64_t>(page.damaged.size());
      found.missing_events += page.missing;
      after = static_cast<std::int64_t>(page.events.back().position);
    }
  }

  Connection writable() const {
    return {directory_ / kDatabaseName, Connection::Access::read_write, std::chrono::seconds(10)};
  }

  std::int64_t fact(const char* name) {
    Statement find(reader_.connection(), "SELECT value FROM facts WHERE name = ?");
    const Reset reset(find);
    return find.bind_text(1, name).step() ? find.integer(0) : 0;
  }

  void read_status(InspectedQueue& is) {
    Connection& db = reader_.connection();
    auto& status = is.status;
    const auto first = reader_.next(0);
    Place last;
    Statement newest(db,
                     "SELECT position, total_events, total_bytes FROM events ORDER BY position "
                     "DESC LIMIT 1");
    if (newest.step()) {
      last = {newest.integer(0), newest.integer(1), newest.integer(2)};
      newest.reset();
    } else {
      last.position = db.integer("SELECT position FROM deleted");
    }
    status.last = Position{last.position};
    if (first) {
      status.events = static_cast<std::uint64_t>(last.events - first->first.events + 1);
      status.bytes = static_cast<std::uint64_t>(last.bytes - first->first.bytes);
    }
    status.dead_letters =
        static_cast<std::uint64_t>(db.integer("SELECT letters FROM dead_letter_totals"));
    status.dead_letter_bytes =
        static_cast<std::uint64_t>(db.integer("SELECT bytes FROM dead_letter_totals"));
    status.max_bytes = static_cast<std::uint64_t>(fact("max_bytes"));
    is.dead_letters_max_bytes = static_cast<std::uint64_t>(fact("dead_letters_max_bytes"));
    is.to_replay = static_cast<std::uint64_t>(
        db.integer("SELECT count(*) FROM dead_letters WHERE replay_at IS NOT NULL"));
    status.accepting = status.max_bytes == 0 || status.bytes < status.max_bytes;
    if (!status.accepting) status.reason = "the queue is full";
    Statement cursors(db, "SELECT sink, position, attached FROM cursors ORDER BY sink");
    while (cursors.step()) {
      InspectedSink sink{
          {std::string(cursors.text(0)), Position{cursors.integer(1)}, 0, 0, std::nullopt},
          cursors.integer(2) != 0};
      if (const auto next = reader_.next(cursors.integer(1))) {
        sink.status.pending_events =
            static_cast<std::uint64_t>(last.events - next->first.events + 1);
        sink.status.pending_bytes = static_cast<std::uint64_t>(last.bytes - next->first.bytes);
        sink.status.oldest = wall_time_of(next->second);
      }
      status.sinks.push_back(sink.status);
      is.sinks.push_back(std::move(sink));
    }
  }

  const fs::path directory_;
  Reader reader_;
};

}  // namespace

Result<std::unique_ptr<Inspector>> Inspector::open(const fs::path& directory) {
  const fs::path file = directory / kDatabaseName;
  const auto stop = [&](const std::string& what) {
    return Error{Fault::stop, fmt::format("{}: {}", file.string(), what)};
  };
  std::error_code failed;
  if (!fs::exists(file, failed))
    return stop(failed ? failed.message() : "there is no queue; is this the right directory?");
  const int newest = upgrades().back().to;
  // A directory that we may not write to can still be looked at, if nobody else writes.
  const bool may_freeze = !DirectoryLock::holder(directory);
  for (const bool immutable : {false, true}) {
    try {
      Connection database(file,
                          immutable ? Connection::Access::immutable : Connection::Access::read_only,
                          std::chrono::seconds(5));
      const auto version = database.integer("PRAGMA user_version");
      if (version != newest)
        return stop(fmt::format(
            "the queue has schema {}, this program knows {}: {}", version, newest,
            version > newest ? "use the newer program" : "start the collector once to upgrade it"));
      return std::make_unique<DirectoryInspector>(directory, immutable);
    } catch (const SqliteError& failure) {
      if (immutable || !may_freeze || !failure.denied()) {
        auto error = error_of(failure);
        error.fault = Fault::stop;
        error.message = file.string() + ": " + error.message;
        return error;
      }
    }
  }
  return stop("cannot be read");
}

}  // namespace cdviz::queue
