#include "activity/ledger.h"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>
#include <utility>

namespace cdviz::activity {
namespace {

constexpr std::string_view kThing = "thing/";
constexpr std::string_view kNote = "note/";

std::string key_of(std::string_view kind, std::string_view key) {
  std::string full(kind);
  full += key;
  return full;
}

/// What became of a batch. Shared with the pipeline, which may answer after we have stopped
/// waiting.
struct Answer {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::optional<Result<void>> outcome;
};

}  // namespace

Ledger::Ledger(Inlet& inlet, const ArtifactEvents& events, const Clock& clock, std::string place)
    : inlet_(inlet), events_(events), clock_(clock), place_(std::move(place)) {}

Result<std::optional<Known>> Ledger::known(std::string_view key) const {
  const std::string full = key_of(kThing, key);
  std::optional<std::string> value;
  if (const auto waiting = rows_.find(full); waiting != rows_.end()) {
    value = waiting->second;
  } else {
    auto stored = inlet_.checkpoint(full);
    if (!stored) return stored.error();
    value = std::move(*stored);
  }
  if (!value) return std::optional<Known>{};
  return parse_known(*value);
}

Result<void> Ledger::tell(Sight sight, std::stop_token stop) {
  Thing& thing = sight.thing;
  if (sight.last) thing.occurrence = occurrence_after(*sight.last, thing);
  const bool modified = sight.last && !sight.last->gone;
  auto messages = events_.messages({.change = modified ? Change::modified : Change::created,
                                    .place = place_,
                                    .thing = thing,
                                    .former = modified ? &sight.last->thing : nullptr,
                                    .seen = clock_.wall(),
                                    .at = sight.at,
                                    .user = sight.user});
  const Known row{.thing = std::move(thing), .mark = std::move(sight.mark)};
  return add(std::move(messages), std::move(sight.key), &row, std::move(stop));
}

Result<void> Ledger::tell_moved(Sight sight, const std::string& former_key, Known former,
                                std::stop_token stop) {
  Thing& thing = sight.thing;
  if (sight.last) thing.occurrence = occurrence_after(*sight.last, thing);
  auto messages = events_.messages({.change = Change::moved,
                                    .place = place_,
                                    .thing = thing,
                                    .former = &former.thing,
                                    .seen = clock_.wall(),
                                    .at = sight.at,
                                    .user = sight.user});
  former.gone = clock_.wall();
  // Both rows before a batch may end: they are one move.
  rows_[key_of(kThing, former_key)] = to_text(former);
  const Known row{.thing = std::move(thing), .mark = std::move(sight.mark)};
  return add(std::move(messages), std::move(sight.key), &row, std::move(stop));
}

Result<void> Ledger::tell_gone(Loss loss, std::stop_token stop) {
  std::vector<Message> messages;
  if (loss.tells) {
    messages = events_.messages({.change = Change::deleted,
                                 .place = place_,
                                 .thing = loss.last.thing,
                                 .seen = clock_.wall(),
                                 .at = loss.at,
                                 .user = loss.user});
  }
  loss.last.gone = clock_.wall();
  if (loss.keeps) return add(std::move(messages), std::move(loss.key), &loss.last, std::move(stop));
  add_messages(std::move(messages));
  return flush_if_full(std::move(stop));
}

Result<void> Ledger::remember(std::string key, Known known, std::stop_token stop) {
  return add({}, std::move(key), &known, std::move(stop));
}

Result<void> Ledger::forget(std::string key, std::stop_token stop) {
  return add({}, std::move(key), nullptr, std::move(stop));
}

Result<void> Ledger::add(std::vector<Message> messages, std::string key, const Known* known,
                         std::stop_token stop) {
  std::optional<std::string> value;
  if (known != nullptr) value = to_text(*known);
  bytes_ += key.size() + (value ? value->size() : 0);
  rows_[key_of(kThing, key)] = std::move(value);
  add_messages(std::move(messages));
  return flush_if_full(std::move(stop));
}

Result<void> Ledger::pass_on(Message message, std::stop_token stop) {
  bytes_ += message.body.size();
  messages_.push_back(std::move(message));
  return flush_if_full(std::move(stop));
}

void Ledger::add_messages(std::vector<Message> messages) {
  told_ += messages.size();
  for (auto& message : messages) {
    bytes_ += message.body.size() + message.metadata.size();
    messages_.push_back(std::move(message));
  }
}

Result<void> Ledger::flush_if_full(std::stop_token stop) {
  if (rows_.size() < kBatchMessages && messages_.size() < kBatchMessages && bytes_ < kBatchBytes)
    return {};
  return flush(std::move(stop));
}

Result<void> Ledger::flush(std::stop_token stop) {
  if (rows_.empty() && messages_.empty()) return {};
  Checkpoint checkpoint;
  checkpoint.entries.reserve(rows_.size());
  for (auto& [key, value] : std::exchange(rows_, {})) {
    checkpoint.entries.push_back({key, std::move(value)});
  }
  bytes_ = 0;
  const auto answer = std::make_shared<Answer>();
  const bool taken = inlet_.put(std::exchange(messages_, {}), std::move(checkpoint),
                                [answer](const Result<Receipt>& receipt) {
                                  const std::lock_guard lock(answer->mutex);
                                  answer->outcome = receipt ? Result<void>() : receipt.error();
                                  answer->changed.notify_all();
                                });
  if (!taken) return Error{Fault::retry, "the collector is closing", "closing"};
  std::unique_lock lock(answer->mutex);
  const bool settled =
      answer->changed.wait(lock, std::move(stop), [&] { return answer->outcome.has_value(); });
  // It may be on disk or not: the next run sees which.
  if (!settled) return Error{Fault::retry, "interrupted", "closing"};
  return *answer->outcome;
}

Result<std::vector<std::pair<std::string, Known>>> Ledger::page(std::string_view prefix,
                                                                std::string_view after,
                                                                std::size_t max) {
  const auto entries = inlet_.checkpoints(
      key_of(kThing, prefix), after.empty() ? std::string{} : key_of(kThing, after), max);
  if (!entries) return entries.error();
  std::vector<std::pair<std::string, Known>> rows;
  rows.reserve(entries->size());
  for (const auto& [key, value] : *entries) {
    // It stands in the page all the same, so that the caller goes on behind it.
    auto known = value ? parse_known(*value) : std::nullopt;
    rows.emplace_back(
        key.substr(kThing.size()),
        known ? std::move(*known) : Known{.thing = {.path = {}}, .gone = WallTime::min()});
  }
  return rows;
}

Result<std::optional<std::string>> Ledger::note(std::string_view name) const {
  const std::string full = key_of(kNote, name);
  if (const auto waiting = rows_.find(full); waiting != rows_.end()) return waiting->second;
  return inlet_.checkpoint(full);
}

Result<void> Ledger::set_note(std::string_view name, std::string value, std::stop_token stop) {
  bytes_ += value.size();
  rows_[key_of(kNote, name)] = std::move(value);
  return flush_if_full(std::move(stop));
}

SeenKeys::SeenKeys() : seed_(std::random_device{}()) {}

std::uint64_t SeenKeys::hash(std::string_view key) const {
  // FNV-1a over the seed and the key, then mixed (MurmurHash3's finaliser): std::hash has no seed.
  std::uint64_t value = 0xcbf29ce484222325ULL ^ seed_;
  for (const char c : key) {
    value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  value ^= value >> 33U;
  value *= 0xff51afd7ed558ccdULL;
  value ^= value >> 33U;
  return value;
}

void SeenKeys::add(std::string_view key) {
  hashes_.push_back(hash(key));
  sorted_ = false;
}

bool SeenKeys::contains(std::string_view key) {
  if (!sorted_) std::sort(hashes_.begin(), hashes_.end());
  sorted_ = true;
  return std::binary_search(hashes_.begin(), hashes_.end(), hash(key));
}

}  // namespace cdviz::activity
