// One run of a source: listings and messages in, objects looked at in parallel, batches out. All on
// the thread that calls run(), but for what Workers and Inbox do.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "core/component.h"
#include "sources/s3/batches.h"
#include "sources/s3/handler.h"
#include "sources/s3/inbox.h"
#include "sources/s3/metrics.h"
#include "sources/s3/walk.h"
#include "sources/s3/workers.h"

namespace cdviz::sources::s3 {

struct SessionSettings {
  std::string bucket = {};
  std::string prefix = {};
  unsigned page = aws::Bucket::kPage;
  std::size_t parallel = 8;
  /// Bytes of objects that are fetched or wait; one object may be larger.
  std::uint64_t window_bytes = std::uint64_t{32} << 20;
  /// Between the beginnings of two listings; nothing: there are none.
  std::optional<std::chrono::milliseconds> polling_interval = {};
  unsigned poison_after = 10;  ///< deliveries of a message whose objects cannot be read
};

class Session {
 public:
  /// @param inbox  null: no notifications. Everything given outlives the session
  Session(const SessionSettings& settings, Handler& handler, const Workers::MakeBucket& make_bucket,
          const std::function<std::unique_ptr<Inbox>(std::shared_ptr<Bell>)>& make_inbox,
          BatchLimits limits, Metrics& metrics, const Services& services, Inlet& inlet);

  /// Until `stop` is requested or something cannot be mended here.
  Result<void> run(const std::stop_token& stop);

 private:
  /// A look that was begun, in the order in which they were.
  struct Slot {
    std::mutex mutex;
    bool done = false;
    Looked looked;
  };
  struct OpenLetter {
    std::size_t left = 0;  ///< objects of it that are not done
    std::string body = {};
    unsigned receives = 1;
    std::string failed = {};  ///< why one of them could not be read
  };
  struct Finished {
    Candidate candidate;
    Result<void> result;
  };
  struct FinishedList {
    std::mutex mutex;
    std::vector<Finished> list;
  };

  /// @returns whether anything was done
  Result<bool> step(const std::stop_token& stop);
  bool take_settled();
  bool take_finished();
  bool take_looked(const std::stop_token& stop);
  Result<bool> start_one();
  bool open_letter();
  bool sweep();
  Result<bool> walk_on(const std::stop_token& stop);
  void begin_walk();
  Result<void> end_walk();

  bool has_room(std::uint64_t bytes) const;
  bool is_idle() const;
  void look_at(Candidate candidate);
  void finish(Candidate candidate);
  /// The end of an object's way. @param failed  why it could not be read; empty: it is on disk
  void done_with(const Candidate& candidate, const std::string& failed = {});
  void close_letter(std::uint64_t number, OpenLetter letter);

  const SessionSettings& settings_;
  Handler& handler_;
  Metrics& metrics_;
  const Services& services_;
  Inlet& inlet_;
  const std::shared_ptr<Bell> bell_;
  Batches batches_;
  std::unique_ptr<aws::Bucket> lister_;
  std::unique_ptr<Walk> walk_;
  bool walked_ = false;  ///< the listing is over, but not all of it is on disk
  std::chrono::steady_clock::time_point walk_began_;
  std::chrono::steady_clock::time_point next_walk_;
  std::chrono::steady_clock::time_point gathering_since_;
  std::chrono::steady_clock::time_point next_sweep_;
  std::string swept_to_;    ///< a key of the ledger; empty: no sweep is under way
  std::uint64_t read_ = 0;  ///< since the listing began
  std::optional<Error> read_failure_;
  std::deque<Candidate> waiting_;
  std::deque<std::shared_ptr<Slot>> looking_;
  std::uint64_t looking_bytes_ = 0;
  std::set<std::string, std::less<>> busy_;  ///< keys on their way
  std::map<std::uint64_t, OpenLetter> letters_;
  std::shared_ptr<FinishedList> finished_;
  std::unique_ptr<Inbox> inbox_;
  Workers workers_;  ///< last: its threads use the above
};

}  // namespace cdviz::sources::s3
