#include "pipeline/source_inlet.h"

#include <future>
#include <system_error>
#include <utility>

#include "queue/too_large.h"

namespace cdviz::pipeline {
namespace {

/// The code of an Error when the queue or the source ends; also the queue's own.
constexpr const char* kClosed = "closed";

}  // namespace

/// What is known of a batch while the queue has it.
struct SourceInlet::Flight : std::enable_shared_from_this<SourceInlet::Flight> {
  Flight(Settled settled, std::shared_ptr<void> under_way, std::shared_ptr<void> place)
      : pending(std::move(settled), std::move(under_way), std::move(place)) {}
  Pending pending;
  Taken taken;  // its dead letters are in the queue's hands
  bool has_events = false;
};

void count(SourceBalance& balance, const Taken& taken) {
  if (taken.count() == 0) return;
  balance.received.Increment(static_cast<double>(taken.count()));
  balance.received_bytes.Increment(static_cast<double>(taken.bytes));
  balance.accepted.Increment(static_cast<double>(taken.receipt.accepted.size()));
  balance.filtered.Increment(static_cast<double>(taken.receipt.filtered.size()));
  for (const auto& refused : taken.receipt.refused) {
    balance.rejected.add(refused.problems.front().rule);
  }
  balance.with_violations.Increment(static_cast<double>(taken.with_violations));
  for (const auto& [rule, times] : taken.violations) balance.violations.add(rule, times);
  for (const auto& [step, times] : taken.normalised) balance.normalised.add(step, times);
  for (const auto& [attribute, times] : taken.mismatches) balance.mismatches.add(attribute, times);
}

bool SourceInlet::put(std::vector<Message> batch, Checkpoint checkpoint, Settled settled) {
  return submit(std::move(batch), std::move(checkpoint), std::move(settled), Way::put) ==
         Offered::taken;
}

Offered SourceInlet::offer(std::vector<Message> batch, Settled settled) {
  return submit(std::move(batch), {}, std::move(settled), Way::offer);
}

Offered SourceInlet::offer_in_shares(std::vector<Message> batch, Settled settled) {
  return submit(std::move(batch), {}, std::move(settled), Way::offer_in_shares);
}

Result<std::optional<std::string>> SourceInlet::checkpoint(std::string_view key) const {
  return services_.queue.checkpoint(intake_->source(), key);
}

Result<std::vector<Checkpoint::Entry>> SourceInlet::checkpoints(std::string_view prefix,
                                                                std::string_view after,
                                                                std::size_t max) const {
  return services_.queue.checkpoints(intake_->source(), prefix, after, max);
}

Offered SourceInlet::submit(std::vector<Message> batch, Checkpoint checkpoint, Settled settled,
                            Way way) {
  const auto under_way = UnderWay::enter(under_way_);
  if (closed_) return Offered::closed;
  const bool wait = way == Way::put;
  DeliveryWatch::Place place;
  if (services_.watch != nullptr) {
    place = services_.watch->reserve(wait, stop_.get_token());
    if (!place) return wait ? Offered::closed : Offered::full;
  }

  const auto flight = std::make_shared<Flight>(std::move(settled), under_way, std::move(place));
  const queue::Capacity capacity = services_.queue.capacity();
  flight->taken = intake_->take(std::move(batch), services_.clock.wall(),
                                way == Way::offer ? Intake::kNoLimit : capacity.event_bytes);
  Taken& taken = flight->taken;
  for (const Memo& memo : taken.memos) checkpoint.entries.push_back(memo.entry);
  flight->has_events = !taken.events.empty();
  if (taken.events.empty() && taken.dead_letters.empty() && checkpoint.entries.empty()) {
    count(services_.balance, taken);
    flight->pending.settle(std::move(taken.receipt));
    return Offered::taken;
  }
  Offered offered = Offered::taken;
  if (way == Way::offer) {  // the queue itself says so if it is too large
    offered = submit_last(flight, {taken.events, std::move(taken.dead_letters)},
                          std::move(checkpoint), false);
  } else {
    for (auto& letter : taken.dead_letters) {
      keep_by_reference(letter, capacity.dead_letter_bytes);
    }
    auto shares = shares_of(taken.events, std::move(taken.dead_letters), capacity);
    offered = wait || shares.size() == 1
                  ? submit_shares(flight, std::move(shares), std::move(checkpoint), wait)
                  : submit_aside(flight, std::move(shares), std::move(checkpoint));
  }
  if (offered != Offered::taken) flight->pending.give_up();
  return offered;
}

/// Each share is on disk before the next one asks for room.
Offered SourceInlet::submit_shares(const std::shared_ptr<Flight>& flight, std::vector<Share> shares,
                                   Checkpoint checkpoint, bool wait) {
  for (std::size_t i = 0; i + 1 < shares.size(); ++i) {
    const auto stored = store(std::move(shares[i]));
    if (stored) continue;
    if (stored.error().code == kClosed) return Offered::closed;
    services_.balance.returned.Increment(static_cast<double>(flight->taken.count()));
    flight->pending.settle(stored.error());
    return Offered::taken;
  }
  Share last;
  if (!shares.empty()) last = std::move(shares.back());
  return submit_last(flight, std::move(last), std::move(checkpoint), wait);
}

Offered SourceInlet::submit_aside(const std::shared_ptr<Flight>& flight, std::vector<Share> shares,
                                  Checkpoint checkpoint) {
  const std::lock_guard lock(aside_mutex_);
  if (aside_busy_) return Offered::full;
  try {
    aside_ = std::jthread([this, flight, shares = std::move(shares),
                           checkpoint = std::move(checkpoint)]() mutable {
      if (submit_shares(flight, std::move(shares), std::move(checkpoint), true) != Offered::taken) {
        flight->pending.settle(Error{Fault::retry, "closed before all of it was queued", kClosed});
      }
      const std::lock_guard done(aside_mutex_);
      aside_busy_ = false;
    });
  } catch (const std::system_error&) {
    return Offered::full;  // no thread to be had now
  }
  aside_busy_ = true;
  return Offered::taken;
}

/// Waits for room, and until it is on disk.
Result<queue::Position> SourceInlet::store(Share share) {
  const auto answer = std::make_shared<std::promise<Result<queue::Position>>>();
  auto answered = answer->get_future();
  queue::Batch batch{.source = intake_->source(),
                     .events = std::move(share.events),
                     .dead_letters = std::move(share.dead_letters),
                     .checkpoint = {},
                     .settled = [answer](const Result<queue::Position>& position) {
                       answer->set_value(position);
                     }};
  if (services_.queue.submit(std::move(batch), true, stop_.get_token()) != Offered::taken) {
    return Error{Fault::retry, "closed before all of it was queued", kClosed};
  }
  return answered.get();
}

Offered SourceInlet::submit_last(const std::shared_ptr<Flight>& flight, Share share,
                                 Checkpoint checkpoint, bool wait) {
  queue::Batch to_queue{.source = intake_->source(),
                        .events = std::move(share.events),
                        .dead_letters = std::move(share.dead_letters),
                        .checkpoint = std::move(checkpoint),
                        .settled = [this, flight](const Result<queue::Position>& position) {
                          queued(*flight, position);
                        }};
  return services_.queue.submit(std::move(to_queue), wait, stop_.get_token());
}

void SourceInlet::queued(Flight& flight, const Result<queue::Position>& position) {
  if (!position) {
    services_.balance.returned.Increment(static_cast<double>(flight.taken.count()));
    flight.pending.settle(position.error());
    return;
  }
  count(services_.balance, flight.taken);
  for (const Memo& memo : flight.taken.memos) memo.by->remember(memo.entry);
  services_.recent.add(flight.taken.events);
  flight.taken.events.clear();  // the sinks read them from the queue
  if (services_.watch == nullptr || !flight.has_events) {
    flight.pending.settle(std::move(flight.taken.receipt));
    return;
  }
  // `flight` is shared with the batch's callback, which ends with this call: a copy of its own for
  // the wait.
  services_.watch->await(*position, this,
                         [kept = flight.shared_from_this()](const Result<void>& delivered) {
                           if (delivered) {
                             kept->pending.settle(std::move(kept->taken.receipt));
                           } else {
                             kept->pending.settle(delivered.error());
                           }
                         });
}

void SourceInlet::cancel_deliveries() {
  if (services_.watch != nullptr) services_.watch->cancel(this);
}

}  // namespace cdviz::pipeline
