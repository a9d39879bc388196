// What a source that watches a place has reported: a row for each thing, kept in the queue and
// committed together with the events that tell of it, so that nothing is told twice or left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "activity/artifact_events.h"
#include "activity/known.h"
#include "core/clock.h"
#include "core/inlet.h"
#include "core/result.h"

namespace cdviz::activity {

/// That a thing is there.
struct Sight {
  std::string key;
  Thing thing;  ///< the ledger sets its occurrence
  std::string mark = {};
  std::optional<Known> last = {};   ///< what Ledger::known said of the key
  std::optional<WallTime> at = {};  ///< when it came, if the place says so
  std::string user = {};            ///< who brought it, if known
};

/// That a thing is gone.
struct Loss {
  std::string key;
  Known last;
  std::optional<WallTime> at = {};
  std::string user = {};
  bool tells = true;  ///< false: remembered only
  bool keeps = true;  ///< false: no row, the key holds another thing by now
};

/// One thread at a time. What is reported waits here until there is a batch of it, or flush().
class Ledger {
 public:
  /// A batch at most.
  static constexpr std::size_t kBatchMessages = 500;
  static constexpr std::size_t kBatchBytes = std::size_t{512} << 10;
  /// Rows that are looked at together.
  static constexpr std::size_t kPage = 500;

  /// All of them outlive the ledger.
  Ledger(Inlet& inlet, const ArtifactEvents& events, const Clock& clock, std::string place);

  /// As it was last told or remembered; what waits in a batch included.
  Result<std::optional<Known>> known(std::string_view key) const;

  /// Told as created, or as modified when its key is known.
  Result<void> tell(Sight sight, std::stop_token stop);
  /// It stands where `former_key` stood before.
  Result<void> tell_moved(Sight sight, const std::string& former_key, Known former,
                          std::stop_token stop);
  Result<void> tell_gone(Loss loss, std::stop_token stop);
  /// A row without an event: nothing to tell, or not yet (`from = "now"`).
  Result<void> remember(std::string key, Known known, std::stop_token stop);
  /// Forgets a row.
  Result<void> forget(std::string key, std::stop_token stop);

  /// A message that is no thing, as it is: one with problems becomes a dead letter.
  Result<void> pass_on(Message message, std::stop_token stop);

  /// Waits until what was reported is on disk.
  /// @returns the failure of the queue, or Fault::retry when it is closing: what was reported since
  /// the last success is as if it never was
  Result<void> flush(std::stop_token stop);

  /// The rows whose keys begin with `prefix` and are greater than `after`, by their keys; at most
  /// `max`. Without what waits in a batch. A row that cannot be read stands there as a thing that
  /// is gone since the beginning of time.
  Result<std::vector<std::pair<std::string, Known>>> page(std::string_view prefix,
                                                          std::string_view after, std::size_t max);

  /// A fact of the source's own beside the rows, such as "the first listing is complete".
  Result<std::optional<std::string>> note(std::string_view name) const;
  Result<void> set_note(std::string_view name, std::string value, std::stop_token stop);

  std::size_t told() const { return told_; }  ///< events since the beginning

 private:
  Result<void> add(std::vector<Message> messages, std::string key, const Known* known,
                   std::stop_token stop);
  void add_messages(std::vector<Message> messages);
  Result<void> flush_if_full(std::stop_token stop);

  Inlet& inlet_;
  const ArtifactEvents& events_;
  const Clock& clock_;
  const std::string place_;
  std::vector<Message> messages_;
  std::size_t bytes_ = 0;
  std::unordered_map<std::string, std::optional<std::string>> rows_;  ///< that wait, by full key
  std::size_t told_ = 0;
};

/// The keys of one listing, as 8 bytes each: what is not among them when the listing is complete is
/// gone. Of a million keys two hash alike once in 37 million listings: if one of them is gone then,
/// the next listing finds it.
class SeenKeys {
 public:
  SeenKeys();
  void add(std::string_view key);
  bool contains(std::string_view key);
  std::size_t size() const { return hashes_.size(); }

 private:
  std::uint64_t hash(std::string_view key) const;
  std::uint64_t seed_;
  std::vector<std::uint64_t> hashes_;
  bool sorted_ = true;
};

}  // namespace cdviz::activity
