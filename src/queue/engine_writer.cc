// The writer's thread: natural group commit. While one group is being synced the next one gathers;
// there is no timer.
#include <fmt/format.h>

#include "queue/engine.h"
#include "queue/recovery.h"
#include "queue/schema.h"
#include "queue/too_large.h"

namespace cdviz::queue {
namespace {

using std::chrono::steady_clock;

/// Bytes of events in one transaction (one batch may be larger): what the cache holds without
/// spilling.
constexpr std::uint64_t kGroupBytes = std::uint64_t{4} << 20;
/// How long a cursor may lag behind on disk, and delivered events may stay, when nothing else is
/// written.
constexpr std::chrono::milliseconds kLag{500};
/// How often a failing disk, and a full queue that another process may have emptied, are looked at.
constexpr std::chrono::seconds kRetry{1};
/// Events deleted in one transaction: in passing, and when there is nothing else to do.
constexpr std::int64_t kDeletedInPassing = 512;
constexpr std::int64_t kDeletedAlone = 4096;
/// Pages of the WAL at which it is copied into the database, and at which readers are asked to wait
/// for that.
constexpr int kCheckpointPages = 2000;
constexpr int kTruncatePages = 16384;

}  // namespace

Result<void> Engine::start() {
  const auto file = settings_.directory / kDatabaseName;
  try {
    finish_recovery(settings_.directory);
    if (!std::filesystem::exists(file)) create(file);
    for (bool recovered = false;; recovered = true) {
      try {
        // Never made empty (schema.h): SQLite would take it for a new database without a word.
        if (std::filesystem::file_size(file) == 0)
          throw SqliteError(26 /* SQLITE_NOTADB */, "the file is empty");
        {
          Connection database(file, Connection::Access::read_write, std::chrono::seconds(5));
          if (const auto done = upgrade(database, upgrades()); !done) return done;
          database.run("PRAGMA journal_mode = WAL");
        }
        open_store();
        break;
      } catch (const SqliteError& failure) {
        if (!failure.corrupt() || recovered) throw;
        log_.error("queue", "the database is damaged", {{"detail", failure.what()}});
        recover_database();
      }
    }
    store_->begin(true);
    store_->detach_all();
    store_->set_fact("max_bytes", static_cast<std::int64_t>(settings_.max_bytes));
    store_->set_fact("dead_letters_max_bytes",
                     static_cast<std::int64_t>(settings_.dead_letters_max_bytes));
    store_->commit();
    ledger_ = written_;
    note_disk(disk_is_short(0));
  } catch (const SqliteError& failure) {
    auto error = error_of(failure);
    error.message = fmt::format("cannot open {}: {}", file.string(), error.message);
    if (failure.denied()) error.fault = Fault::stop;
    return error;
  } catch (const std::filesystem::filesystem_error& failure) {
    return Error{Fault::stop, fmt::format("cannot use the queue's directory: {}", failure.what())};
  }
  committed_at_ = steady_clock::now();
  writer_ = std::thread([this] { run(); });
  return {};
}

void Engine::open_store() {
  store_.reset();
  store_ = std::make_unique<Store>(settings_.directory / kDatabaseName, settings_.durability);
  written_ = store_->load();
  const auto mark = mark_.read();
  if (mark && mark->last.position > written_.last.position) {
    const auto known = std::max(written_.last.events, mark->deleted.events);
    count_lost(mark->last.events - known, "the newest events are missing");
    written_.last.position = mark->last.position;  // a position is never used twice
  }
  mark_.write({written_.last, written_.deleted});
}

void Engine::count_lost(std::int64_t events, const char* how) {
  if (events <= 0) return;
  lost_.Increment(static_cast<double>(events));
  log_.error("queue", "acknowledged events are gone",
             {{"events", events}, {"reason", how}, {"error_code", "corruption"}});
}

/// Throws what recover() throws; the database is closed afterwards in any case.
void Engine::recover_database() {
  store_.reset();
  log_.error("queue", "carrying over what can be read into a new database");
  const auto result = recover(settings_.directory, clock_.wall(), mark_.read());
  recoveries_.Increment();
  corrupt_letters_.Increment(static_cast<double>(result.damaged));
  log_.error("queue", "the damaged database was moved aside",
             {{"file", result.aside.string()},
              {"events", result.events},
              {"damaged", result.damaged},
              {"missing", result.missing},
              {"dead_letters", result.letters},
              {"dead_letters_complete", result.letters_complete},
              {"cursors_complete", result.cursors_complete},
              {"checkpoints_complete", result.checkpoints_complete}});
  count_lost(result.missing, "the damaged database did not hold them any more");
  // What is missing was counted: the mark must not count it again.
  mark_.write({result.last, result.deleted});
}

std::int64_t Engine::deletable() const {
  const auto done = written_.done_through();
  return done <= deleted_in_vain_ ? 0 : done - written_.deleted.position;
}

bool Engine::tidy_due(steady_clock::time_point now) const {
  const bool hurry = waiting_for_room_ > 0 || refused_events_ || disk_short_;
  if (!moved_.empty() && (hurry || now >= *moved_since_ + kLag)) return true;
  return deletions_left_ || (deletable() > 0 && (hurry || now >= committed_at_ + kLag));
}

/// @returns false when it is time to end
bool Engine::wait_for_work(Lock& lock) {
  for (;;) {
    if (!waiting_.empty()) return true;
    if (closing_) return false;
    if (damaged_ || look_) return true;
    const auto now = steady_clock::now();
    std::optional<steady_clock::time_point> until;
    if (failing_) {
      if (now >= retry_at_) return true;
      until = retry_at_;
    } else {
      if (tidy_due(now)) return true;
      if (!moved_.empty()) until = *moved_since_ + kLag;
      if (deletable() > 0) until = std::min(until.value_or(now + kLag), committed_at_ + kLag);
    }
    // Another process may make room: a command that drops dead letters or releases a sink.
    const bool hopes =
        !failing_ && (refused_letters_ || refused_events_ || disk_short_ || waiting_for_room_ > 0);
    if (hopes) until = std::min(until.value_or(now + kRetry), now + kRetry);
    writer_sleeps_ = true;
    const bool awake = until ? work_.wait_until(lock, *until) == std::cv_status::no_timeout
                             : (work_.wait(lock), true);
    writer_sleeps_ = false;
    if (hopes && !awake) look_ = true;
  }
}

std::vector<Request> Engine::take_group() {
  std::uint64_t bytes = 0;
  std::size_t count = 0;
  while (count < waiting_.size() && (count == 0 || bytes < kGroupBytes))
    bytes += waiting_[count++].event_bytes;
  if (count == waiting_.size()) return std::exchange(waiting_, {});
  const auto middle =
      std::make_move_iterator(waiting_.begin() + static_cast<std::ptrdiff_t>(count));
  std::vector<Request> group(std::make_move_iterator(waiting_.begin()), middle);
  waiting_ = std::vector<Request>(middle, std::make_move_iterator(waiting_.end()));
  return group;
}

void Engine::run() {
  Lock lock(mutex_);
  while (wait_for_work(lock)) {
    if (std::exchange(damaged_, false) && !must_recover_) {
      must_recover_ = true;
      failing_ =
          Error{Fault::retry, "the queue's database is damaged and is being recovered", "corrupt"};
      retry_at_ = steady_clock::now();
    }
    if (failing_ && steady_clock::now() >= retry_at_) {
      lock.unlock();
      try_again();
      lock.lock();
    }
    if (failing_) {
      look_ = false;
      const Error failure = *failing_;
      auto group = std::exchange(waiting_, {});
      lock.unlock();
      answer(group, failure);
      lock.lock();
      continue;
    }
    auto group = take_group();
    lock.unlock();
    turn_away_what_does_not_fit(group);
    commit_group(std::move(group));
    lock.lock();
  }
  lock.unlock();
  close_store();
}

/// Settles a group that was not written.
void Engine::answer(std::vector<Request>& group, const Error& failure) {
  {
    const Lock lock(mutex_);
    for (const auto& request : group) {
      waiting_bytes_ -= request.event_bytes;
      waiting_letter_bytes_ -= request.letter_bytes;
    }
  }
  for (auto& request : group) request.settle(failure);
}

void Engine::commit_group(std::vector<Request> group) {
  decltype(moved_) moved;
  bool hurry = false;
  {
    const Lock lock(mutex_);
    moved.swap(moved_);
    moved_since_.reset();
    look_ = false;
    hurry = waiting_for_room_ > 0 || refused_events_ || disk_short_;
  }
  Ledger next = written_;
  std::vector<Result<Position>> outcomes;
  outcomes.reserve(group.size());
  const auto started = steady_clock::now();
  try {
    const std::int64_t ready = deletable();
    const bool only_looking = group.empty() && moved.empty() && ready == 0;
    if (only_looking && !store_->changed_by_others()) return;
    if (only_looking) {
      store_->refresh(next);
      publish(std::move(next), group);
      return;
    }
    // Cursors and deletions alone need no fsync: an older cursor only delivers twice.
    store_->begin(!group.empty());
    if (store_->changed_by_others()) store_->refresh(next);
    for (const auto& [sink, position] : moved) {
      const auto cursor = next.cursors.find(sink);
      if (cursor == next.cursors.end() || cursor->second >= position) continue;
      cursor->second = position;
      store_->set_cursor(sink, position, true);
    }
    for (auto& request : group) outcomes.push_back(apply(request, next));
    const auto events = next.last.events - written_.last.events;
    if (group.empty() || hurry || ready >= kDeletedInPassing) {
      const auto rows = group.empty() ? kDeletedAlone : kDeletedInPassing + 2 * events;
      const auto through = next.done_through();
      const auto before = next.deleted.position;
      deletions_left_ = store_->delete_events(next, through, rows);
      if (!deletions_left_ && next.deleted.position == before) deleted_in_vain_ = through;
    }
    store_->commit();
    if (!group.empty()) {
      commit_seconds_.Observe(std::chrono::duration<double>(steady_clock::now() - started).count());
      if (events > 0) group_events_.Observe(static_cast<double>(events));
    }
  } catch (const SqliteError& failure) {
    deletions_left_ = false;
    {
      const Lock lock(mutex_);
      for (const auto& [sink, position] : moved) {
        auto& again = moved_[sink];
        again = std::max(again, position);
      }
      if (!moved_.empty() && !moved_since_) moved_since_ = steady_clock::now();
    }
    fail(failure);
    auto error = error_of(failure);
    answer(group, error);
    return;
  }
  mark_.write({next.last, next.deleted});
  publish(std::move(next), group);
  for (std::size_t i = 0; i < group.size(); ++i) group[i].settle(outcomes[i]);
  committed_at_ = steady_clock::now();
  tidy();
}

/// Makes a commit known: to readers, to whoever waits for events or for room.
void Engine::publish(Ledger ledger, const std::vector<Request>& group) {
  const Lock lock(mutex_);
  for (const auto& request : group) {
    waiting_bytes_ -= request.event_bytes;
    waiting_letter_bytes_ -= request.letter_bytes;
  }
  if (ledger.deleted != ledger_.deleted) refused_events_ = false;
  if (ledger.letter_bytes < ledger_.letter_bytes) refused_letters_ = false;
  const bool more = ledger.last.position > ledger_.last.position;
  written_ = ledger;
  ledger_ = std::move(ledger);
  for (const auto& [sink, position] : moved_) {
    const auto cursor = ledger_.cursors.find(sink);
    if (cursor != ledger_.cursors.end()) cursor->second = std::max(cursor->second, position);
  }
  if (more) events_.notify_all();
  if (waiting_for_room_ > 0) room_.notify_all();
}

Result<Position> Engine::apply(Request& request, Ledger& ledger) {
  if (request.refused) return *request.refused;
  switch (request.kind) {
    case Request::Kind::batch:
      return apply_batch(request, ledger);
    case Request::Kind::advance:
      return apply_advance(request, ledger);
    case Request::Kind::attach:
      return apply_attach(request, ledger);
    case Request::Kind::release: {
      ledger.cursors.erase(request.sink);
      return Position{store_->remove_cursor(request.sink) ? 1 : 0};
    }
    case Request::Kind::damaged: {
      const auto before = ledger.letters;
      store_->add_letter(ledger, request.batch.dead_letters.front(), request.position);
      if (ledger.letters > before) corrupt_letters_.Increment();
      return Position{request.position};
    }
  }
  return Error{Fault::stop, "unknown request"};
}

Result<Position> Engine::apply_batch(Request& request, Ledger& ledger) {
  if (request.replaces != 0 && !store_->take_letter(ledger, request.replaces))
    return Error{Fault::reject,
                 fmt::format("dead letter {} is not there any more", request.replaces), "gone"};
  for (const auto& letter : request.batch.dead_letters) store_->add_letter(ledger, letter);
  for (auto& event : request.prepared) {
    event.target = request.target;
    store_->add_event(ledger, event);
  }
  for (const auto& entry : request.batch.checkpoint.entries)
    store_->set_checkpoint(request.batch.source, entry);
  return Position{ledger.last.position};
}

Result<Position> Engine::apply_advance(Request& request, Ledger& ledger) {
  std::int64_t bytes = 0;
  for (const auto& letter : request.batch.dead_letters) bytes += size_of(letter);
  if (bytes > 0 &&
      static_cast<std::uint64_t>(ledger.letter_bytes + bytes) > settings_.dead_letters_max_bytes) {
    const Lock lock(mutex_);
    refused_letters_ = true;
    return Error{Fault::retry, why_not_accepting(), "dead_letters_full"};
  }
  for (const auto& letter : request.batch.dead_letters) store_->add_letter(ledger, letter);
  const auto cursor = ledger.cursors.find(request.sink);
  if (cursor != ledger.cursors.end() && cursor->second < request.position) {
    cursor->second = request.position;
    store_->set_cursor(request.sink, request.position, true);
  }
  return Position{request.position};
}

Result<Position> Engine::apply_attach(Request& request, Ledger& ledger) {
  auto cursor = ledger.cursors.find(request.sink);
  if (cursor == ledger.cursors.end()) {
    const bool now = request.from == From::now && !ledger.cursors_lost;
    const auto start = now ? ledger.last.position : ledger.deleted.position;
    cursor = ledger.cursors.emplace(request.sink, start).first;
  }
  store_->set_cursor(request.sink, cursor->second, true);
  return Position{cursor->second};
}

/// Copies the WAL into the database when it has grown, after everybody was answered.
void Engine::tidy() {
  if (store_->wal_pages() < kCheckpointPages) return;
  try {
    store_->checkpoint(store_->wal_pages() >= kTruncatePages);
  } catch (const SqliteError& failure) {
    fail(failure);
  }
}

void Engine::fail(const SqliteError& failure) {
  store_->rollback();
  commit_errors_.Increment();
  const Error error = error_of(failure);
  log_.error("queue", "cannot write: nothing is taken until it works again",
             {{"error_code", error.code}, {"detail", failure.what()}});
  const Lock lock(mutex_);
  failing_ = error;
  retry_at_ = steady_clock::now() + kRetry;
  if (failure.full() || failure.busy()) return;
  if (failure.corrupt()) must_recover_ = true;
  // After a failed fsync the kernel may have dropped the pages and say "written" the next time
  // (https://wiki.postgresql.org/wiki/Fsync_Errors): neither the connection nor the WAL is trusted.
  empty_log_first_ = true;
  store_.reset();
}

void Engine::try_again() {
  try {
    if (must_recover_ || !store_) {
      const auto alone = readers_.exclusive();
      store_.reset();
      const auto cursors = must_recover_ ? written_.cursors : decltype(written_.cursors){};
      if (must_recover_) recover_database();
      must_recover_ = false;
      open_store();
      if (empty_log_first_ && !store_->checkpoint(true))
        throw SqliteError(5 /* SQLITE_BUSY */, "another program reads the database");
      empty_log_first_ = false;
      // What we know by heart is better than what could be read.
      store_->begin(true);
      for (const auto& [sink, position] : cursors) {
        auto& cursor = written_.cursors[sink];
        cursor = std::max(cursor, position);
        store_->set_cursor(sink, cursor, true);
      }
      store_->commit();
    } else {
      try {
        store_->checkpoint(false);  // a full disk: the room in the WAL can be used again
      } catch (const SqliteError&) {
        // Then the probe tells.
      }
    }
    store_->begin(true);
    store_->set_fact("probed_at", milliseconds_of(clock_.wall()));
    store_->commit();
    publish(written_, {});
    const Lock lock(mutex_);
    failing_.reset();
    damaged_ = false;
    room_.notify_all();
    log_.info("queue", "writing works again");
  } catch (const SqliteError& failure) {
    if (store_) {
      fail(failure);
    } else {
      const Lock lock(mutex_);
      failing_ = error_of(failure);
      retry_at_ = steady_clock::now() + kRetry;
      if (failure.corrupt()) must_recover_ = true;
    }
  } catch (const std::filesystem::filesystem_error& failure) {
    const Lock lock(mutex_);
    failing_ = Error{Fault::retry, failure.what(), "io_error"};
    retry_at_ = steady_clock::now() + kRetry;
  }
}

void Engine::close_store() noexcept {
  if (!store_) return;
  try {
    if (!moved_.empty() || written_.cursors_lost) {
      store_->begin(true);
      for (const auto& [sink, position] : moved_)
        if (written_.cursors.contains(sink)) store_->set_cursor(sink, position, true);
      if (written_.cursors_lost) store_->set_fact("cursors_lost", 0);
      store_->commit();
    }
    readers_.exclusive();
    store_->checkpoint(true);
  } catch (const SqliteError& failure) {
    store_->rollback();
    log_.warn("queue", "the queue could not be tidied at its end", {{"detail", failure.what()}});
  }
  store_.reset();
}

}  // namespace cdviz::queue
