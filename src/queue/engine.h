// The queue behind queue.h. Callers hand requests over under one mutex; one thread, the writer,
// turns whatever is waiting into one transaction, answers, and tidies up (engine_writer.cc). Sinks
// read through connections of their own.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "queue/files.h"
#include "queue/queue.h"
#include "queue/reader.h"
#include "queue/store.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz::queue {

/// What the writer is asked to do, prepared as far as possible by whoever asks. Settles exactly
/// once, at the latest when it is destroyed.
struct Request {
  enum class Kind : std::uint8_t { batch, advance, attach, release, damaged };

  Request() = default;
  Request(Request&&) noexcept = default;
  Request& operator=(Request&&) = delete;
  ~Request();
  void settle(const Result<Position>& outcome);

  Kind kind = Kind::batch;
  Batch batch;                     ///< its `settled` serves every kind
  std::string fields;              ///< of all events, one behind the other
  std::vector<Prepared> prepared;  ///< views into `fields` and into the events
  std::string target;              ///< of the events
  std::int64_t replaces = 0;       ///< a dead letter that goes away with it
  std::string sink;                ///< advance, attach, release
  std::int64_t position = 0;       ///< advance: where to; damaged: of the event
  From from = From::now;           ///< attach
  std::optional<Error> refused;    ///< known before it came to the writer
  std::uint64_t event_bytes = 0;
  std::uint64_t letter_bytes = 0;
};

class Engine final : public Queue {
 public:
  Engine(QueueSettings settings, const Clock& clock, telemetry::Metrics& metrics,
         telemetry::Log& log, DirectoryLock lock, Mark mark);
  ~Engine() override;

  /// Opens the database, recovering it if needed, and starts the writer.
  Result<void> start();

  Offered submit(Batch batch, bool wait, std::stop_token stop) override;
  Capacity capacity() const override {
    return {settings_.max_bytes, settings_.dead_letters_max_bytes};
  }
  Result<Position> attach(const std::string& sink, From from) override;
  Result<bool> release(const std::string& sink) override;
  Result<std::vector<Stored>> read(Position after, std::size_t max_events,
                                   std::size_t max_bytes) override;
  bool wait_beyond(Position after, std::chrono::milliseconds timeout,
                   std::stop_token stop) override;
  void advance(const std::string& sink, Position to, std::vector<DeadLetter> rejected,
               std::function<void(const Result<void>&)> settled) override;
  Result<std::optional<std::string>> checkpoint(std::string_view source,
                                                std::string_view key) const override;
  Result<std::vector<Checkpoint::Entry>> checkpoints(std::string_view source,
                                                     std::string_view prefix,
                                                     std::string_view after,
                                                     std::size_t max) const override;
  QueueStatus status() const override;
  Result<std::vector<Refusal>> refusals(std::int64_t after, std::size_t max) override;
  Result<std::vector<DeadLetter>> replay_requests(std::size_t max) override;
  void replayed(std::int64_t number, Batch batch) override;
  void requeue(std::int64_t number, Event event, const std::string& sink) override;

 private:
  using Lock = std::unique_lock<std::mutex>;
  enum class Room : std::uint8_t { yes, no, never };

  // engine.cc: callers' threads
  Room room_for(const Request& request) const;
  std::string why_not_accepting() const;
  void hand_over(Request request, Lock& lock);
  Result<Position> ask(Request request);
  void report(const Found& found);
  void note(const SqliteError& failure, std::uint64_t generation) const;
  void refresh_gauges();

  // engine_writer.cc: the writer's thread
  void run();
  bool wait_for_work(Lock& lock);
  std::vector<Request> take_group();
  void commit_group(std::vector<Request> group);
  void answer(std::vector<Request>& group, const Error& failure);
  std::int64_t deletable() const;
  bool tidy_due(std::chrono::steady_clock::time_point now) const;
  Result<Position> apply(Request& request, Ledger& ledger);
  Result<Position> apply_batch(Request& request, Ledger& ledger);
  Result<Position> apply_advance(Request& request, Ledger& ledger);
  Result<Position> apply_attach(Request& request, Ledger& ledger);
  void publish(Ledger ledger, const std::vector<Request>& group);
  void tidy();
  void fail(const SqliteError& failure);
  void try_again();
  void recover_database();
  void open_store();
  void count_lost(std::int64_t events, const char* how);

  // engine_disk.cc: the writer's thread
  bool disk_is_short(std::uint64_t bytes);
  void turn_away_what_does_not_fit(std::vector<Request>& group);
  void note_disk(bool is_short);

  void close_store() noexcept;

  const QueueSettings settings_;
  const Clock& clock_;
  telemetry::Metrics& metrics_;
  telemetry::Log& log_;
  const DirectoryLock lock_;
  const Mark mark_;
  mutable Readers readers_;

  mutable std::mutex mutex_;
  mutable std::condition_variable work_;      ///< for the writer
  mutable std::condition_variable_any room_;  ///< for submit(wait)
  std::condition_variable_any events_;        ///< for wait_beyond
  std::vector<Request> waiting_;
  std::uint64_t waiting_bytes_ = 0;  ///< of events in waiting_ and in the group being written
  std::uint64_t waiting_letter_bytes_ = 0;
  std::map<std::string, std::int64_t, std::less<>> moved_;  ///< cursors still to be written
  std::optional<std::chrono::steady_clock::time_point> moved_since_;
  Ledger ledger_;                        ///< as of the last commit, moved_ included
  std::optional<Error> failing_;         ///< set while nothing can be written
  mutable bool damaged_ = false;         ///< the database must be recovered
  bool look_ = false;                    ///< another process may have written
  mutable bool refused_events_ = false;  ///< somebody was told "full" since there was room last
  mutable bool refused_letters_ = false;
  bool disk_short_ = false;  ///< written by the writer's thread only
  int waiting_for_room_ = 0;
  bool writer_sleeps_ = false;
  bool closing_ = false;
  std::set<std::int64_t> reported_gaps_;  ///< by the position before; damaged events negative
  std::set<std::string> gauged_;          ///< sinks that have gauges; of the scraping thread

  // The writer's own.
  std::unique_ptr<Store> store_;
  Ledger written_;  ///< what the database says
  bool deletions_left_ = false;
  std::int64_t deleted_in_vain_ = 0;  ///< nothing could be deleted up to here: all of it is damaged
  bool must_recover_ = false;
  std::chrono::steady_clock::time_point retry_at_;  ///< while failing_
  std::chrono::steady_clock::time_point committed_at_;
  bool empty_log_first_ = false;  ///< after a failed fsync: copy the whole WAL before trusting it
  std::thread writer_;

  telemetry::Histogram& commit_seconds_;
  telemetry::Histogram& group_events_;
  telemetry::Counter& recoveries_;
  telemetry::Counter& lost_;
  telemetry::Counter& corrupt_letters_;
  telemetry::Counter& commit_errors_;
  telemetry::Metrics::Handle gauges_;
};

}  // namespace cdviz::queue
