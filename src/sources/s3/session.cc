#include "sources/s3/session.h"

#include <algorithm>
#include <utility>

#include "sources/s3/mark.h"
#include "telemetry/log.h"

namespace cdviz::sources::s3 {
namespace {

/// Objects that wait to be looked at; a message may bring some more.
constexpr std::size_t kWaiting = 256;
/// Objects fetched ahead for each thread, so that one slow answer does not hold up the others.
constexpr std::size_t kAhead = 4;
constexpr std::chrono::milliseconds kLook{1'000};
/// The longest that a batch is filled while there is other work.
constexpr std::chrono::milliseconds kGather{200};
/// What the end waits for: a batch that is on its way to the disk.
constexpr std::chrono::milliseconds kSettleAtEnd{1'000};

}  // namespace

Session::Session(const SessionSettings& settings, Handler& handler,
                 const Workers::MakeBucket& make_bucket,
                 const std::function<std::unique_ptr<Inbox>(std::shared_ptr<Bell>)>& make_inbox,
                 BatchLimits limits, Metrics& metrics, const Services& services, Inlet& inlet)
    : settings_(settings),
      handler_(handler),
      metrics_(metrics),
      services_(services),
      inlet_(inlet),
      bell_(std::make_shared<Bell>()),
      batches_(inlet, limits, bell_),
      lister_(make_bucket()),
      next_walk_(services.clock.now()),
      gathering_since_(next_walk_),
      next_sweep_(next_walk_),
      finished_(std::make_shared<FinishedList>()),
      inbox_(make_inbox ? make_inbox(bell_) : nullptr),
      workers_(settings.parallel, make_bucket) {}

Result<void> Session::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (auto failed = batches_.failure()) return *failed;
    if (batches_.closed()) return {};
    if (inbox_) {
      if (auto failed = inbox_->failure()) return *failed;
      metrics_.messages_held.Set(static_cast<double>(inbox_->held()));
    }
    auto moved = step(stop);
    if (!moved) {
      if (stop.stop_requested()) break;
      return moved.error();
    }
    if (!*moved) bell_->wait(kLook, stop);
  }
  batches_.wait_until_settled(kSettleAtEnd, {});
  take_settled();
  return {};
}

Result<bool> Session::step(const std::stop_token& stop) {
  bool moved = take_settled();
  moved |= take_finished();
  moved |= take_looked(stop);
  auto started = start_one();
  if (!started) return started;
  moved |= *started;
  if (waiting_.size() < kWaiting) {
    moved |= open_letter();
    if (settings_.polling_interval && !walk_ && !walked_ && services_.clock.now() >= next_walk_) {
      begin_walk();
    }
    if (walk_) {
      auto walked = walk_on(stop);
      if (!walked) return walked;
      moved |= *walked;
    }
  }
  if (!settings_.polling_interval) moved |= sweep();
  // While one batch is being written the next is gathered: load makes the batches. A walk through
  // objects that are known must not keep a new one waiting, nor gather notes without end.
  const auto now = services_.clock.now();
  if (batches_.is_empty()) gathering_since_ = now;
  const bool due = !moved || now - gathering_since_ > kGather;
  if (batches_.is_full() || (due && !batches_.is_empty() && !batches_.is_under_way())) {
    moved |= batches_.flush(stop);
  }
  if (!moved && walked_ && is_idle()) {
    if (auto ended = end_walk(); !ended) return ended.error();
  }
  return moved;
}

bool Session::is_idle() const {
  return waiting_.empty() && looking_.empty() && busy_.empty() && batches_.is_empty() &&
         !batches_.is_under_way();
}

bool Session::has_room(std::uint64_t bytes) const {
  return looking_.empty() || (looking_.size() < kAhead * settings_.parallel &&
                              looking_bytes_ + bytes <= settings_.window_bytes);
}

// ---- what comes in

void Session::begin_walk() {
  walk_began_ = services_.clock.now();
  next_walk_ = walk_began_ + *settings_.polling_interval;
  read_ = 0;
  read_failure_.reset();
  walk_ = std::make_unique<Walk>(*lister_, inlet_, settings_.prefix, settings_.page);
}

Result<bool> Session::walk_on(const std::stop_token& stop) {
  auto step = walk_->next(stop);
  if (!step) return step.error();
  if (!*step) {
    metrics_.listed.Set(static_cast<double>(walk_->listed()));
    if (!walk_->is_ordered()) {
      services_.log.info(services_.name, "the listing has no order: vanished objects stay known");
    }
    walk_.reset();
    walked_ = true;
    handler_.listed(batches_);
    return true;
  }
  Candidate candidate{.key = std::move((*step)->key), .entry = std::move((*step)->entry)};
  if (auto& object = (*step)->object) {
    candidate.etag = std::move(object->etag);
    candidate.size = object->size;
    candidate.modified = object->modified;
    candidate.archived =
        object->storage_class == "GLACIER" || object->storage_class == "DEEP_ARCHIVE";
  } else {
    candidate.said = Said::gone;
  }
  waiting_.push_back(std::move(candidate));
  return true;
}

Result<void> Session::end_walk() {
  walked_ = false;
  metrics_.listings.Increment();
  metrics_.listing_seconds.Set(
      std::chrono::duration<double>(services_.clock.now() - walk_began_).count());
  // One object that cannot be read is its own trouble; if none can, it is ours.
  if (read_failure_ && read_ == 0) return *std::exchange(read_failure_, {});
  return {};
}

// ---- through

Result<bool> Session::start_one() {
  if (waiting_.empty()) return false;
  Candidate& front = waiting_.front();
  // One at a time of each key, in the order in which they came.
  if (busy_.contains(front.key) || !has_room(front.size)) return false;
  Candidate candidate = std::move(front);
  waiting_.pop_front();
  if (inbox_) {  // what a message brought may be newer than what the walk had seen
    auto entry = inlet_.checkpoint(ledger_key(candidate.key));
    if (!entry) return entry.error();
    candidate.entry = std::move(*entry);
  }
  switch (handler_.plan(candidate, batches_)) {
    case Handler::Plan::nothing:
      if (candidate.entry) ++read_;  // it was, once
      done_with(candidate);
      break;
    case Handler::Plan::look:
      busy_.insert(candidate.key);
      look_at(std::move(candidate));
      break;
    case Handler::Plan::finish:
      busy_.insert(candidate.key);
      finish(std::move(candidate));
      break;
  }
  return true;
}

void Session::look_at(Candidate candidate) {
  auto slot = std::make_shared<Slot>();
  looking_bytes_ += candidate.size;
  slot->looked.candidate = std::move(candidate);
  looking_.push_back(slot);
  workers_.give(
      [slot, bell = bell_, &handler = handler_](aws::Bucket& bucket, const std::stop_token& stop) {
        handler.look(bucket, slot->looked, stop);
        {
          const std::lock_guard lock(slot->mutex);
          slot->done = true;
        }
        bell->ring();
      });
}

bool Session::take_looked(const std::stop_token& stop) {
  if (looking_.empty()) return false;
  {
    const std::lock_guard lock(looking_.front()->mutex);
    if (!looking_.front()->done) return false;
  }
  Looked looked = std::move(looking_.front()->looked);
  looking_.pop_front();
  looking_bytes_ = looking_.empty() ? 0 : looking_bytes_ - looked.candidate.size;
  switch (looked.outcome) {
    case Looked::Outcome::failed:
      metrics_.failed.Increment();
      services_.log.warn(services_.name, "an object cannot be read; it is tried again later",
                         {{"key", looked.candidate.key}, {"error", looked.error->message}});
      read_failure_ = *looked.error;
      done_with(looked.candidate, looked.error->message);
      return true;
    case Looked::Outcome::read:
      metrics_.read.Increment();
      break;
    case Looked::Outcome::gone:
      metrics_.gone.Increment();
      break;
    case Looked::Outcome::archived:
      metrics_.archived.Increment();
      break;
    case Looked::Outcome::too_large:
      metrics_.too_large.Increment();
      break;
    case Looked::Outcome::broken:
      metrics_.broken.Increment();
      break;
  }
  ++read_;
  if (!handler_.deliver(std::move(looked), batches_, stop)) return false;
  if (batches_.is_full()) batches_.flush(stop);
  return true;
}

// ---- and out

bool Session::take_settled() {
  auto settled = batches_.take_settled();
  for (auto& candidate : settled) {
    if (handler_.finishes() && !candidate.key.empty() && !candidate.leave) {
      finish(std::move(candidate));
    } else {
      done_with(candidate);
    }
  }
  return !settled.empty();
}

void Session::finish(Candidate candidate) {
  workers_.give([candidate = std::move(candidate), finished = finished_, bell = bell_,
                 &handler = handler_](aws::Bucket& bucket, const std::stop_token& stop) {
    auto result = handler.finish(bucket, candidate, stop);
    {
      const std::lock_guard lock(finished->mutex);
      finished->list.push_back({candidate, std::move(result)});
    }
    bell->ring();
  });
}

bool Session::take_finished() {
  std::vector<Finished> finished;
  {
    const std::lock_guard lock(finished_->mutex);
    finished.swap(finished_->list);
  }
  for (const auto& [candidate, result] : finished) {
    if (result) {
      metrics_.finished.Increment();
      batches_.note(ledger_key(candidate.key), std::nullopt);
    } else if (result.error().code == "PreconditionFailed") {
      metrics_.gone.Increment();  // another one has taken its place, which is read in its turn
    } else {
      metrics_.not_finished.Increment();
      services_.log.warn(services_.name, "an object that was read cannot be deleted or moved",
                         {{"key", candidate.key}, {"error", result.error().message}});
      done_with(candidate, result.error().message);
      continue;
    }
    done_with(candidate);
  }
  return !finished.empty();
}

}  // namespace cdviz::sources::s3
