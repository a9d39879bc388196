#include "pipeline/source_inlet.h"

#include <utility>

namespace cdviz::pipeline {

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
  return submit(std::move(batch), std::move(checkpoint), std::move(settled), true) ==
         Offered::taken;
}

Offered SourceInlet::offer(std::vector<Message> batch, Settled settled) {
  return submit(std::move(batch), {}, std::move(settled), false);
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
                            bool wait) {
  const auto under_way = UnderWay::enter(under_way_);
  if (closed_) return Offered::closed;
  DeliveryWatch::Place place;
  if (services_.watch != nullptr) {
    place = services_.watch->reserve(wait, stop_.get_token());
    if (!place) return wait ? Offered::closed : Offered::full;
  }

  const auto flight = std::make_shared<Flight>(std::move(settled), under_way, std::move(place));
  flight->taken = intake_->take(std::move(batch), services_.clock.wall());
  Taken& taken = flight->taken;
  flight->has_events = !taken.events.empty();
  if (taken.events.empty() && taken.dead_letters.empty() && checkpoint.entries.empty()) {
    count(services_.balance, taken);
    flight->pending.settle(std::move(taken.receipt));
    return Offered::taken;
  }

  queue::Batch to_queue{.source = intake_->source(),
                        .events = taken.events,
                        .dead_letters = std::move(taken.dead_letters),
                        .checkpoint = std::move(checkpoint),
                        .settled = [this, flight](const Result<queue::Position>& position) {
                          queued(*flight, position);
                        }};
  const Offered offered = services_.queue.submit(std::move(to_queue), wait, stop_.get_token());
  if (offered != Offered::taken) flight->pending.give_up();
  return offered;
}

void SourceInlet::queued(Flight& flight, const Result<queue::Position>& position) {
  if (!position) {
    services_.balance.returned.Increment(static_cast<double>(flight.taken.count()));
    flight.pending.settle(position.error());
    return;
  }
  count(services_.balance, flight.taken);
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
