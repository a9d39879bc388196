#include "queue/engine.h"

#include <algorithm>
#include <future>

#include "queue/too_large.h"

namespace cdviz::queue {
namespace {

/// Bytes of events that may wait in memory for the writer; it takes them in a fraction of a second.
constexpr std::uint64_t kWaitingBytes = std::uint64_t{16} << 20;

constexpr const char* kSinkEvents = "cdviz_queue_events";
constexpr const char* kSinkBytes = "cdviz_queue_bytes";
constexpr const char* kSinkAge = "cdviz_queue_oldest_event_age_seconds";

Error closed() { return {Fault::retry, "closed before the batch was queued", "closed"}; }

void prepare(Request& request) {
  // On the heap even when it is short: the views below must survive a move of the request.
  request.fields.reserve(64);
  std::vector<std::size_t> ends;
  ends.reserve(request.batch.events.size());
  for (const auto& event : request.batch.events) {
    append_fields(*event, request.fields);
    ends.push_back(request.fields.size());
  }
  request.prepared.reserve(ends.size());
  const std::string_view fields = request.fields;
  std::size_t start = 0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const auto& event = request.batch.events[i];
    Prepared prepared{fields.substr(start, ends[i] - start),
                      event->json,
                      {},
                      milliseconds_of(event->received_at),
                      0};
    prepared.checksum = content_checksum(prepared.fields, prepared.json);
    request.event_bytes += static_cast<std::uint64_t>(prepared.bytes());
    request.prepared.push_back(prepared);
    start = ends[i];
  }
  for (const auto& letter : request.batch.dead_letters)
    request.letter_bytes += static_cast<std::uint64_t>(size_of(letter));
}

}  // namespace

Request::~Request() { settle(closed()); }

void Request::settle(const Result<Position>& outcome) {
  const auto settled = std::exchange(batch.settled, nullptr);
  if (settled) settled(outcome);
}

Result<std::unique_ptr<Queue>> Queue::open(const QueueSettings& settings, const Clock& clock,
                                           telemetry::Metrics& metrics, telemetry::Log& log) {
  std::error_code failed;
  std::filesystem::create_directories(settings.directory, failed);
  if (failed)
    return Error{Fault::stop, fmt::format("cannot make the queue's directory {}: {}",
                                          settings.directory.string(), failed.message())};
  auto lock = DirectoryLock::take(settings.directory);
  if (!lock) return lock.error();
  auto mark = Mark::open(settings.directory);
  if (!mark) return mark.error();
  auto engine =
      std::make_unique<Engine>(settings, clock, metrics, log, std::move(*lock), std::move(*mark));
  if (const auto started = engine->start(); !started) return started.error();
  return engine;
}

Engine::Engine(QueueSettings settings, const Clock& clock, telemetry::Metrics& metrics,
               telemetry::Log& log, DirectoryLock lock, Mark mark)
    : settings_(std::move(settings)),
      clock_(clock),
      metrics_(metrics),
      log_(log),
      lock_(std::move(lock)),
      mark_(std::move(mark)),
      readers_(settings_.directory / kDatabaseName),
      commit_seconds_(metrics.histogram("cdviz_fsync_duration_seconds",
                                        "Time to commit a group of events to disk.",
                                        {{"component_id", "queue"}})),
      group_events_(metrics.histogram("cdviz_batch_events", "Events in a batch.",
                                      {{"component_id", "queue"}}, telemetry::count_buckets())),
      recoveries_(metrics.counter("cdviz_queue_recoveries_total",
                                  "Damaged databases that were recovered and moved aside.")),
      lost_(metrics.counter("cdviz_lost_events_total",
                            "Acknowledged events that are gone. Must stay 0.",
                            {{"component_id", "queue"}, {"reason", "corruption"}})),
      corrupt_letters_(metrics.counter("cdviz_dead_letter_events_total",
                                       "Events that went to the dead letters.",
                                       {{"component_id", "queue"}, {"reason", "corrupt"}})),
      commit_errors_(
          metrics.counter("cdviz_queue_commit_errors_total",
                          "Groups that could not be written; their senders were told.")) {
  gauges_ = metrics.before_scrape([this] { refresh_gauges(); });
}

Engine::~Engine() {
  gauges_.reset();
  {
    Lock lock(mutex_);
    closing_ = true;
    work_.notify_one();
    room_.notify_all();
    events_.notify_all();
    room_.wait(lock, [&] { return waiting_for_room_ == 0; });
  }
  if (writer_.joinable()) writer_.join();
}

Engine::Room Engine::room_for(const Request& request) const {
  if (request.event_bytes > settings_.max_bytes ||
      request.letter_bytes > settings_.dead_letters_max_bytes)
    return Room::never;
  if (failing_) return Room::no;
  if (disk_short_ && request.event_bytes + request.letter_bytes > 0) return Room::no;
  // One batch may be larger than what may wait, or large ones would never get in.
  const bool memory =
      waiting_bytes_ + waiting_letter_bytes_ == 0 ||
      waiting_bytes_ + waiting_letter_bytes_ + request.event_bytes + request.letter_bytes <=
          kWaitingBytes;
  const bool events =
      ledger_.bytes() + waiting_bytes_ + request.event_bytes <= settings_.max_bytes ||
      request.event_bytes == 0;
  const bool letters =
      request.letter_bytes == 0 || static_cast<std::uint64_t>(ledger_.letter_bytes) +
                                           waiting_letter_bytes_ + request.letter_bytes <=
                                       settings_.dead_letters_max_bytes;
  if (!events) refused_events_ = true;
  if (!letters) refused_letters_ = true;
  return memory && events && letters ? Room::yes : Room::no;
}

std::string Engine::why_not_accepting() const {
  if (failing_) return failing_->message;
  if (damaged_) return "the database is damaged and is being recovered";
  if (disk_short_) return "the disk of the queue is full: make room";
  if (refused_events_ || ledger_.bytes() >= settings_.max_bytes)
    return fmt::format(
        "the queue is full: {} of {} bytes wait for the sinks; a sink is down or too "
        "slow, or [queue] max_bytes is too small",
        ledger_.bytes(), settings_.max_bytes);
  if (refused_letters_ ||
      static_cast<std::uint64_t>(ledger_.letter_bytes) >= settings_.dead_letters_max_bytes)
    return fmt::format(
        "the dead letters are full: {} of {} bytes; look at them with `dead-letters "
        "list`, then `dead-letters replay` or `dead-letters drop`, or raise [queue] "
        "dead_letters_max_bytes",
        ledger_.letter_bytes, settings_.dead_letters_max_bytes);
  return {};
}

void Engine::hand_over(Request request, Lock&) {
  waiting_bytes_ += request.event_bytes;
  waiting_letter_bytes_ += request.letter_bytes;
  waiting_.push_back(std::move(request));
  if (writer_sleeps_) work_.notify_one();
}

Offered Engine::submit(Batch batch, bool wait, std::stop_token stop) {
  Request request;
  request.batch = std::move(batch);
  prepare(request);
  Lock lock(mutex_);
  if (wait) {
    ++waiting_for_room_;
    work_.notify_one();  // may be about to sleep on cursors that would make room
    room_.wait(lock, stop, [&] { return closing_ || room_for(request) != Room::no; });
    --waiting_for_room_;
    if (closing_) room_.notify_all();
  }
  const auto not_taken = [&](Offered answer) {
    request.batch.settled = nullptr;
    return answer;
  };
  if (closing_) return not_taken(Offered::closed);
  const Room room = room_for(request);
  if (room == Room::no) return not_taken(wait ? Offered::closed : Offered::full);
  if (room == Room::never) {
    request.refused = Error{
        Fault::reject,
        fmt::format("a batch of {} bytes (and {} of refused events) can never fit into the queue: "
                    "[queue] max_bytes is {}, dead_letters_max_bytes {}",
                    request.event_bytes, request.letter_bytes, settings_.max_bytes,
                    settings_.dead_letters_max_bytes),
        "batch_too_large"};
    request.event_bytes = 0;
    request.letter_bytes = 0;
  }
  hand_over(std::move(request), lock);
  return Offered::taken;
}

Result<Position> Engine::ask(Request request) {
  std::promise<Result<Position>> answer;
  request.batch.settled = [&](const Result<Position>& outcome) { answer.set_value(outcome); };
  auto future = answer.get_future();
  {
    Lock lock(mutex_);
    if (closing_) {
      request.batch.settled = nullptr;
      return closed();
    }
    hand_over(std::move(request), lock);
  }
  return future.get();
}

Result<Position> Engine::attach(const std::string& sink, From from) {
  Request request;
  request.kind = Request::Kind::attach;
  request.sink = sink;
  request.from = from;
  return ask(std::move(request));
}

Result<bool> Engine::release(const std::string& sink) {
  Request request;
  request.kind = Request::Kind::release;
  request.sink = sink;
  const auto answer = ask(std::move(request));
  if (!answer) return answer.error();
  return *answer != Position{0};
}

Result<std::vector<Stored>> Engine::read(Position after, std::size_t max_events,
                                         std::size_t max_bytes) {
  const auto position = static_cast<std::int64_t>(after);
  const auto seen = readers_.generation();
  const auto newest = [&] {
    const Lock lock(mutex_);
    // Not there any more: a sink that was released reads on.
    return ledger_.newest > ledger_.deleted.position ? ledger_.newest : 0;
  };
  const std::int64_t expected = newest();
  try {
    auto found = readers_.lend()->read(position, max_events, max_bytes);
    if (found.missing > 0 || !found.damaged.empty()) report(found);
    // A page can vanish from a damaged file without a word from SQLite.
    if (found.events.empty() && max_events > 0 && position < expected && newest() != 0)
      throw SqliteError(11 /* SQLITE_CORRUPT */, "the newest events cannot be found");
    return std::move(found.events);
  } catch (const SqliteError& failure) {
    note(failure, seen);
    return error_of(failure);
  }
}

void Engine::report(const Found& found) {
  Lock lock(mutex_);
  if (found.missing > 0 && reported_gaps_.insert(found.missing_after).second)
    count_lost(found.missing, "events are missing between others");
  for (const auto& event : found.damaged) {
    if (closing_ || !reported_gaps_.insert(-event.position).second) continue;
    log_.error("queue", "an event was damaged on disk and went to the dead letters",
               {{"position", event.position}, {"error_code", "corrupt"}});
    Request request;
    request.kind = Request::Kind::damaged;
    request.position = event.position;
    request.batch.dead_letters.push_back(
        {.component_id = "queue",
         .code = "corrupt",
         .reason = fmt::format("the event at position {} was damaged on disk: what is left of it",
                               event.position),
         .body = event.json,
         .at = clock_.wall()});
    // Not stored: the next reader reports it again.
    request.batch.settled = [this, position = event.position](const Result<Position>& outcome) {
      const Lock again(mutex_);
      if (!outcome) reported_gaps_.erase(-position);
    };
    hand_over(std::move(request), lock);
  }
}

void Engine::note(const SqliteError& failure, std::uint64_t generation) const {
  if (!failure.corrupt() || generation != readers_.generation()) return;
  const Lock lock(mutex_);
  damaged_ = true;
  work_.notify_one();
}

bool Engine::wait_beyond(Position after, std::chrono::milliseconds timeout, std::stop_token stop) {
  const auto beyond = [&] { return ledger_.newest > static_cast<std::int64_t>(after); };
  Lock lock(mutex_);
  events_.wait_for(lock, stop, timeout, [&] { return closing_ || beyond(); });
  return beyond();
}

void Engine::advance(const std::string& sink, Position to, std::vector<DeadLetter> rejected,
                     std::function<void(const Result<void>&)> settled) {
  const auto position = static_cast<std::int64_t>(to);
  for (auto& letter : rejected) keep_by_reference(letter, settings_.dead_letters_max_bytes);
  Lock lock(mutex_);
  if (rejected.empty() && !settled) {
    const auto cursor = ledger_.cursors.find(sink);
    if (cursor == ledger_.cursors.end() || cursor->second >= position) return;
    cursor->second = position;
    moved_[sink] = position;
    const bool first = !moved_since_;
    if (first) moved_since_ = std::chrono::steady_clock::now();
    // Somebody waits for the room that this may make; else the writer only sets its alarm.
    if (first || waiting_for_room_ > 0 || refused_events_) work_.notify_one();
    return;
  }
  Request request;
  request.kind = Request::Kind::advance;
  request.sink = sink;
  request.position = position;
  request.batch.dead_letters = std::move(rejected);
  if (settled) {
    request.batch.settled = [settled = std::move(settled)](const Result<Position>& outcome) {
      settled(outcome ? Result<void>() : Result<void>(outcome.error()));
    };
  }
  hand_over(std::move(request), lock);
}

Result<std::optional<std::string>> Engine::checkpoint(std::string_view source,
                                                      std::string_view key) const {
  const auto seen = readers_.generation();
  try {
    return readers_.lend()->checkpoint(source, key);
  } catch (const SqliteError& failure) {
    note(failure, seen);
    return error_of(failure);
  }
}

Result<std::vector<Checkpoint::Entry>> Engine::checkpoints(std::string_view source,
                                                           std::string_view prefix,
                                                           std::string_view after,
                                                           std::size_t max) const {
  const auto seen = readers_.generation();
  try {
    return readers_.lend()->checkpoints(source, prefix, after, max);
  } catch (const SqliteError& failure) {
    note(failure, seen);
    return error_of(failure);
  }
}

QueueStatus Engine::status() const {
  Lock lock(mutex_);
  const Ledger ledger = ledger_;
  QueueStatus status{.events = ledger.events(),
                     .bytes = ledger.bytes(),
                     .max_bytes = settings_.max_bytes,
                     .dead_letters = static_cast<std::uint64_t>(ledger.letters),
                     .dead_letter_bytes = static_cast<std::uint64_t>(ledger.letter_bytes),
                     .last = Position{ledger.last.position},
                     .sinks = {},
                     .accepting = true,
                     .reason = closing_ ? "closing" : why_not_accepting()};
  lock.unlock();
  status.accepting = status.reason.empty();
  for (const auto& [sink, position] : ledger.cursors) {
    SinkStatus of{sink, Position{position}, 0, 0, std::nullopt};
    // Between reading the ledger and looking for the next event more may have come; count only what
    // we know of.
    if (position < ledger.last.position) {
      const auto seen = readers_.generation();
      try {
        if (const auto next = readers_.lend()->next(position);
            next && next->first.position <= ledger.last.position) {
          of.pending_events =
              static_cast<std::uint64_t>(ledger.last.events - next->first.events + 1);
          of.pending_bytes = static_cast<std::uint64_t>(ledger.last.bytes - next->first.bytes);
          of.oldest = wall_time_of(next->second);
        }
      } catch (const SqliteError& failure) {
        note(failure, seen);
      }
    }
    status.sinks.push_back(std::move(of));
  }
  return status;
}

Result<std::vector<Refusal>> Engine::refusals(std::int64_t after, std::size_t max) {
  const auto seen = readers_.generation();
  try {
    return readers_.lend()->refusals(after, max);
  } catch (const SqliteError& failure) {
    note(failure, seen);
    return error_of(failure);
  }
}

Result<std::vector<DeadLetter>> Engine::replay_requests(std::size_t max) {
  const auto seen = readers_.generation();
  try {
    {
      const Lock lock(mutex_);
      look_ = true;
      work_.notify_one();
    }
    return readers_.lend()->replay_requests(max);
  } catch (const SqliteError& failure) {
    note(failure, seen);
    return error_of(failure);
  }
}

void Engine::replayed(std::int64_t number, Batch batch) {
  Request request;
  request.batch = std::move(batch);
  request.replaces = number;
  prepare(request);
  Lock lock(mutex_);
  if (!closing_) hand_over(std::move(request), lock);
}

void Engine::requeue(std::int64_t number, Event event, const std::string& sink) {
  Request request;
  request.batch.events.push_back(std::move(event));
  request.target = sink;
  request.replaces = number;
  prepare(request);
  Lock lock(mutex_);
  if (!closing_) hand_over(std::move(request), lock);
}

void Engine::refresh_gauges() {
  const auto now = clock_.wall();
  const auto set = [&](const char* name, const char* help, double value,
                       const telemetry::Labels& labels = {}) {
    metrics_.gauge(name, help, labels).Set(value);
  };
  const QueueStatus is = status();
  set("cdviz_queue_stored_events", "Events in the queue's database.",
      static_cast<double>(is.events));
  set("cdviz_queue_stored_bytes", "Bytes of events in the queue's database.",
      static_cast<double>(is.bytes));
  set("cdviz_queue_capacity_bytes", "Bytes of events at which the queue is full.",
      static_cast<double>(is.max_bytes));
  set("cdviz_queue_accepting", "1 while the queue takes events, 0 when it is full or fails.",
      is.accepting ? 1 : 0);
  set("cdviz_dead_letters", "Events in the dead letters.", static_cast<double>(is.dead_letters));
  set("cdviz_dead_letter_bytes", "Bytes of the dead letters.",
      static_cast<double>(is.dead_letter_bytes));
  // A sink that was released must not look as if it still waited.
  for (const auto& name : std::exchange(gauged_, {})) {
    for (const char* gauge : {kSinkEvents, kSinkBytes, kSinkAge})
      set(gauge, "", 0, {{"sink", name}});
  }
  for (const auto& sink : is.sinks) {
    gauged_.insert(sink.name);
    const telemetry::Labels labels{{"sink", sink.name}};
    const auto age = sink.oldest ? std::max(now - *sink.oldest, std::chrono::milliseconds(0))
                                 : std::chrono::milliseconds(0);
    set(kSinkEvents, "Events that the sink still has to get.",
        static_cast<double>(sink.pending_events), labels);
    set(kSinkBytes, "Bytes of events that the sink still has to get.",
        static_cast<double>(sink.pending_bytes), labels);
    set(kSinkAge, "Age of the oldest event the sink has to get.",
        std::chrono::duration<double>(age).count(), labels);
  }
}

}  // namespace cdviz::queue
