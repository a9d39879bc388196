// The way into the queue for one source: check on the caller's thread, commit on the queue's,
// answer once.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/inlet.h"
#include "pipeline/balance.h"
#include "pipeline/delivery_watch.h"
#include "pipeline/intake.h"
#include "pipeline/pending.h"
#include "pipeline/recent.h"
#include "pipeline/shares.h"
#include "queue/queue.h"

namespace cdviz::pipeline {

/// What an inlet works with. All outlive it.
struct InletServices {
  queue::Queue& queue;
  const Clock& clock;
  SourceBalance& balance;
  Recent& recent;
  DeliveryWatch* watch = nullptr;  ///< null: confirmed when queued
};

/// Safe to call from any thread.
class SourceInlet final : public Inlet {
 public:
  SourceInlet(std::shared_ptr<const Intake> intake, InletServices services)
      : intake_(std::move(intake)), services_(services) {}

  bool put(std::vector<Message> batch, Checkpoint checkpoint, Settled settled) override;
  Offered offer(std::vector<Message> batch, Settled settled) override;
  Offered offer_in_shares(std::vector<Message> batch, Settled settled) override;
  Result<std::optional<std::string>> checkpoint(std::string_view key) const override;
  Result<std::vector<Checkpoint::Entry>> checkpoints(std::string_view prefix,
                                                     std::string_view after,
                                                     std::size_t max) const override;

  /// From now put() does not wait for room any more: the source is asked to stop.
  void stop_waiting() { stop_.request_stop(); }
  /// From now nothing is taken.
  void close() {
    closed_ = true;
    stop_waiting();
  }
  /// Fails those who wait for a delivery (confirm = "delivered").
  void cancel_deliveries();
  /// Waits until every call has returned and every `settled` was called.
  void wait_until_idle() { under_way_->wait_until_none(); }

 private:
  struct Flight;
  /// How a batch is handed over: what happens when there is no room now, and when there never is.
  enum class Way : std::uint8_t { put, offer, offer_in_shares };
  Offered submit(std::vector<Message> batch, Checkpoint checkpoint, Settled settled, Way way);
  Offered submit_shares(const std::shared_ptr<Flight>& flight, std::vector<Share> shares,
                        Checkpoint checkpoint, bool wait);
  Offered submit_aside(const std::shared_ptr<Flight>& flight, std::vector<Share> shares,
                       Checkpoint checkpoint);
  Result<queue::Position> store(Share share);
  Offered submit_last(const std::shared_ptr<Flight>& flight, Share share, Checkpoint checkpoint,
                      bool wait);
  void queued(Flight& flight, const Result<queue::Position>& position);

  const std::shared_ptr<const Intake> intake_;
  const InletServices services_;
  const std::shared_ptr<UnderWay> under_way_ = std::make_shared<UnderWay>();
  std::stop_source stop_;
  std::atomic<bool> closed_ = false;
  std::mutex aside_mutex_;
  bool aside_busy_ = false;
  std::jthread aside_;  ///< of the last batch that was larger than the queue and could not wait
};

/// Adds what was taken and stored to the balance.
void count(SourceBalance& balance, const Taken& taken);

}  // namespace cdviz::pipeline
