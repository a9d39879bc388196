#include "sources/s3/inbox.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace cdviz::sources::s3 {
namespace {

using Moment = std::chrono::steady_clock::time_point;

/// How long what is done may wait for others to be deleted with it.
constexpr std::chrono::milliseconds kGather{100};
/// A message cannot be kept for longer than 12 hours since it was received: SQS refuses.
constexpr std::chrono::hours kKeepMax{11};
/// For the last words at the end.
constexpr std::chrono::milliseconds kLeave{2'000};

}  // namespace

struct Inbox::State {
  struct Held {
    std::string handle;
    Moment since;
  };

  State(InboxSettings wanted, MakeSqs make, std::shared_ptr<Bell> rung, const Clock& with)
      : settings(wanted), make_sqs(std::move(make)), bell(std::move(rung)), clock(with) {}

  void receive(const std::stop_token& stop);
  void keep(const std::stop_token& stop);
  void fail(const Error& error) {
    {
      const std::lock_guard lock(mutex);
      if (!failure) failure = error;
    }
    bell->ring();
  }
  /// Deletes and gives back. @returns false when the queue does not answer
  bool tell(aws::Sqs& sqs, const std::stop_token& stop);
  bool extend(aws::Sqs& sqs, const std::stop_token& stop);
  void leave(aws::Sqs& sqs);

  const InboxSettings settings;
  const MakeSqs make_sqs;
  const std::shared_ptr<Bell> bell;
  const Clock& clock;

  mutable std::mutex mutex;
  std::condition_variable_any changed;
  std::deque<Letter> arrived;
  std::map<std::uint64_t, Held> held;  ///< those that arrived, too
  std::vector<std::string> to_delete;  ///< handles
  std::map<std::chrono::seconds, std::vector<std::string>> to_give_back;
  std::uint64_t last_number = 0;
  std::optional<Error> failure;
  std::vector<std::jthread> threads;  ///< last: they use all of the above
};

Inbox::Inbox(InboxSettings settings, MakeSqs make_sqs, std::shared_ptr<Bell> bell,
             const Clock& clock)
    : state_(std::make_shared<State>(settings, std::move(make_sqs), std::move(bell), clock)) {
  State& state = *state_;
  state.threads.emplace_back([&state](const std::stop_token& stop) { state.receive(stop); });
  state.threads.emplace_back([&state](const std::stop_token& stop) { state.keep(stop); });
}

Inbox::~Inbox() {
  // The poll first: it would get what is given back.
  for (auto& thread : state_->threads) {
    thread.request_stop();
    thread.join();
  }
}

void Inbox::State::receive(const std::stop_token& stop) {
  const auto sqs = make_sqs();
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, stop, [&] { return held.size() < settings.held_max; });
      if (stop.stop_requested() || failure) return;
    }
    auto messages = sqs->receive(aws::Sqs::kBatch, settings.wait, settings.visibility, stop);
    if (!messages) {
      if (stop.stop_requested()) return;
      return fail(messages.error());
    }
    const std::lock_guard lock(mutex);
    for (auto& message : *messages) {
      const auto number = ++last_number;
      held[number] = {std::move(message.receipt_handle), clock.now()};
      arrived.push_back({number, std::move(message.body), message.receives});
    }
    if (!messages->empty()) bell->ring();
  }
}

void Inbox::State::keep(const std::stop_token& stop) {
  const auto sqs = make_sqs();
  const auto every = settings.visibility / 3;
  Moment next = clock.now() + every;
  while (!stop.stop_requested()) {
    bool has_news = false;
    {
      std::unique_lock lock(mutex);
      const auto left = std::clamp<std::chrono::milliseconds>(
          std::chrono::ceil<std::chrono::milliseconds>(next - clock.now()),
          std::chrono::milliseconds(1), std::chrono::milliseconds(1'000));
      changed.wait_for(lock, stop, left,
                       [&] { return !to_delete.empty() || !to_give_back.empty(); });
      has_news = !to_delete.empty() || !to_give_back.empty();
    }
    if (stop.stop_requested()) break;
    if (has_news) {
      clock.wait(kGather, stop);
      if (!tell(*sqs, stop)) break;
    }
    if (clock.now() >= next) {
      next = clock.now() + every;
      if (!extend(*sqs, stop)) break;
    }
  }
  leave(*sqs);
}

bool Inbox::State::tell(aws::Sqs& sqs, const std::stop_token& stop) {
  std::vector<std::string> deletes;
  std::map<std::chrono::seconds, std::vector<std::string>> gives;
  {
    const std::lock_guard lock(mutex);
    deletes.swap(to_delete);
    gives.swap(to_give_back);
  }
  std::vector<std::string> again;
  if (!deletes.empty()) {
    auto failed = sqs.remove(deletes, stop);
    if (!failed) {
      const std::lock_guard lock(mutex);
      to_delete.insert(to_delete.end(), deletes.begin(), deletes.end());
      if (!stop.stop_requested() && !failure) failure = failed.error();
      bell->ring();
      return false;
    }
    for (auto& one : *failed) {
      if (!one.for_good) again.push_back(std::move(one.receipt_handle));
    }
  }
  for (const auto& [pause, handles] : gives) {
    // What fails here comes again when its visibility is over.
    static_cast<void>(sqs.extend(handles, pause, stop));
  }
  const std::lock_guard lock(mutex);
  to_delete.insert(to_delete.end(), again.begin(), again.end());
  return true;
}

bool Inbox::State::extend(aws::Sqs& sqs, const std::stop_token& stop) {
  std::vector<std::string> handles;
  {
    const std::lock_guard lock(mutex);
    const Moment oldest = clock.now() - kKeepMax;
    for (const auto& [number, one] : held) {
      if (one.since > oldest) handles.push_back(one.handle);
    }
  }
  if (handles.empty()) return true;
  // A message that it fails for is delivered again: harmless, the ledger knows its objects.
  if (const auto failed = sqs.extend(handles, settings.visibility, stop); !failed) {
    if (!stop.stop_requested()) fail(failed.error());
    return false;
  }
  return true;
}

void Inbox::State::leave(aws::Sqs& sqs) {
  {
    const std::lock_guard lock(mutex);
    if (failure) return;  // it would not be heard
    for (auto& [number, one] : held) to_give_back[{}].push_back(one.handle);
    held.clear();
    arrived.clear();
  }
  std::stop_source over;
  const std::jthread watch([&](const std::stop_token& ended) {
    if (clock.wait(kLeave, ended)) over.request_stop();
  });
  tell(sqs, over.get_token());
}

std::optional<Letter> Inbox::take() {
  const std::lock_guard lock(state_->mutex);
  if (state_->arrived.empty()) return std::nullopt;
  Letter letter = std::move(state_->arrived.front());
  state_->arrived.pop_front();
  return letter;
}

void Inbox::done(std::uint64_t number) {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->held.find(number);
  if (found == state_->held.end()) return;
  state_->to_delete.push_back(std::move(found->second.handle));
  state_->held.erase(found);
  state_->changed.notify_all();
}

void Inbox::give_back(std::uint64_t number, std::chrono::seconds pause) {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->held.find(number);
  if (found == state_->held.end()) return;
  state_->to_give_back[pause].push_back(std::move(found->second.handle));
  state_->held.erase(found);
  state_->changed.notify_all();
}

std::optional<Error> Inbox::failure() const {
  const std::lock_guard lock(state_->mutex);
  return state_->failure;
}

std::size_t Inbox::held() const {
  const std::lock_guard lock(state_->mutex);
  return state_->held.size();
}

}  // namespace cdviz::sources::s3
