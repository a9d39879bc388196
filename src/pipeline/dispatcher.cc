#include "pipeline/dispatcher.h"

#include <algorithm>
#include <exception>
#include <future>
#include <span>
#include <utility>

#include "pipeline/sink_letter.h"
#include "pipeline/sink_transform.h"

namespace cdviz::pipeline {
namespace {

/// How long an idle dispatcher sleeps at most; the queue wakes it before when something comes.
constexpr std::chrono::milliseconds kIdle{30'000};
/// Events tried one by one, every 30 s, on a sink that seems to refuse everything.
constexpr std::size_t kProbeEvents = 500;

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

void Dispatcher::stop() {
  stop_.request_stop();  // first: whoever is woken by the others sees it
  drain();
  finish();
}

void Dispatcher::run(queue::Position cursor) {
  cursor_ = cursor;
  if (!stopping()) {
    begin_sink();
    works();
  }
  while (!stopping() && serve() != Step::end) {
  }
  // The cursor is on disk before a successor or the next start reads it.
  const auto stored = advance_and_wait({}, cursor_);
  if (!stored) {
    services_.log.warn(name_, "the last deliveries were not noted: they are sent again next time",
                       {{"error", stored.error().message}});
  }
  sink_.reset();
  health_.set(State::ended, health_.get().second);
}

void Dispatcher::begin_sink() {
  try {
    sink_->begin();
  } catch (const std::exception& e) {
    services_.log.error(name_, "the sink failed unexpectedly", {{"error", e.what()}});
  }
}

Dispatcher::Step Dispatcher::serve() {
  const bool finishing = finish_.stop_requested();  // before reading: nothing comes after it
  if (guard_.tripped()) return probe(finishing);
  if (!teller_.tell(*sink_, stop_.get_token())) {
    services_.log.debug(name_, "what was refused is told later");
  }
  const auto lot = read(sink_->max_batch());
  if (!lot) return after_failure(lot.error(), "the queue cannot be read, trying again");
  if (lot->end == cursor_) return wait_for_more(finishing);
  told_of_more_ = false;
  if (lot->failed) return bury(*lot->failed, lot->end);
  const std::size_t at_once = sink_->max_batch();
  for (std::size_t first = 0; first < lot->events.size(); first += at_once) {
    const Step step = deliver(*lot, first, std::min(first + at_once, lot->events.size()));
    if (step != Step::done) return step;
  }
  if (cursor_ != lot->end) advance(lot->end);
  return Step::done;
}

/// There is nothing behind the cursor.
Dispatcher::Step Dispatcher::wait_for_more(bool finishing) {
  if (finishing) return Step::end;
  // Told of events that cannot be read: positions that a damaged database has lost. Only what comes
  // behind them wakes.
  if (told_of_more_) hole_end_ = services_.queue.status().last;
  told_of_more_ = !told_of_more_ && services_.queue.wait_beyond(std::max(cursor_, hole_end_), kIdle,
                                                                finish_.get_token());
  return Step::done;
}

Result<Dispatcher::Lot> Dispatcher::read(std::size_t max_events) {
  auto stored = services_.queue.read(cursor_, max_events, sink_->max_batch_bytes());
  if (!stored) return stored.error();
  Lot lot;
  lot.end = cursor_;
  filtered_.clear();  // what was not passed yet is read again
  lot.events.reserve(stored->size());
  lot.positions.reserve(stored->size());
  for (queue::Stored& one : *stored) {
    if (!one.target.empty() && one.target != name_) {
      lot.end = one.position;
      continue;
    }
    if (filters_ && !filter_.passes(*one.event)) {
      filtered_.push_back(one.position);
    } else if (!add(lot, one, max_events)) {
      break;
    }
    lot.end = one.position;
    if (lot.failed) break;
  }
  return lot;
}

/// Adds what the sink gets of an event. @returns false when it is for the next lot
bool Dispatcher::add(Lot& lot, queue::Stored& one, std::size_t max_events) {
  if (transforms_.empty()) {
    lot.events.push_back(std::move(one.event));
    lot.positions.push_back(one.position);
    return true;
  }
  const bool is_first = lot.events.empty() && filtered_.empty();
  auto made = transform_for_sink(transforms_, one.event);
  if (!made) {
    if (!is_first) return false;
    lot.failed = letter_of(one.event, made.error());
    return true;
  }
  if (made->empty()) filtered_.push_back(one.position);
  if (!lot.events.empty() && lot.events.size() + made->size() > max_events) return false;
  for (Event& event : *made) {
    lot.events.push_back(std::move(event));
    lot.positions.push_back(one.position);
    lot.originals.push_back(one.event);
  }
  return true;
}

Dispatcher::Step Dispatcher::deliver(const Lot& lot, std::size_t first, std::size_t last) {
  for (;;) {
    const auto sent = write(lot, first, last);
    if (sent) {
      works();
      guard_.delivered();
      advance(lot.done(last, cursor_));
      return Step::done;
    }
    const Error& error = sent.error();
    if (error.fault == Fault::reject) {
      if (last - first > 1) {
        const std::size_t middle = first + (last - first) / 2;
        const Step step = deliver(lot, first, middle);
        return step == Step::done ? deliver(lot, middle, last) : step;
      }
      if (guard_.allow(services_.clock.now())) {
        return bury(letter_of(original_of(lot, first), error), lot.done(last, cursor_));
      }
      return after_stop({Fault::stop,
                         "the other end refuses one event after another; nothing more becomes a "
                         "dead letter until it takes one. The last answer: " +
                             error.message,
                         "refuses_everything"});
    }
    const Step step = error.fault == Fault::stop
                          ? after_stop(error)
                          : after_failure(error, "cannot deliver, trying again");
    if (step == Step::end) return step;
    services_.balance.retries.Increment();
  }
}

/// The guard has tripped. Tries the next events one by one until the sink takes one: then it is
/// alive, and delivery goes on from the cursor. Keeps no dead letters: what is refused now may be
/// taken when the sink is mended.
Dispatcher::Step Dispatcher::probe(bool finishing) {
  const auto lot = read(kProbeEvents);
  if (!lot) return after_failure(lot.error(), "the queue cannot be read, trying again");
  if (lot->events.empty()) {  // says nothing of the sink: the guard stays as it is
    if (lot->end == cursor_) return wait_for_more(finishing);
    advance(lot->end);
    return Step::again;
  }
  told_of_more_ = false;
  Error last_answer;
  for (std::size_t i = 0; i < lot->events.size(); ++i) {
    if (stopping()) return Step::end;
    const auto sent = write(*lot, i, i + 1);
    if (sent) break;
    last_answer = sent.error();
    if (last_answer.fault == Fault::stop) return after_stop(last_answer);
    if (last_answer.fault == Fault::retry) {
      return after_failure(last_answer, "cannot deliver, trying again");
    }
    if (i + 1 == lot->events.size()) {
      return after_stop(
          {Fault::stop, "the other end refuses everything; the last answer: " + last_answer.message,
           "refuses_everything"});
    }
  }
  guard_.delivered();
  return Step::again;
}

Result<void> Dispatcher::write(const Lot& lot, std::size_t first, std::size_t last) {
  SinkBalance& balance = services_.balance;
  const auto events = std::span(lot.events).subspan(first, last - first);
  const auto start = services_.clock.now();
  auto sent = [&]() -> Result<void> {
    try {
      return sink_->write(events, stop_.get_token());
    } catch (const std::exception& e) {
      services_.log.error(name_, "the sink failed unexpectedly", {{"error", e.what()}});
      return Error{Fault::retry, std::string("unexpected: ") + e.what(), "exception"};
    }
  }();
  balance.send_duration.Observe(seconds(services_.clock.now() - start));
  if (!sent) {
    const Error& error = sent.error();
    auto& errors = error.fault == Fault::retry ? balance.errors_retriable : balance.errors_final;
    errors.add(error.code.empty() ? to_string(error.fault) : error.code);
    return sent;
  }
  const WallTime now = services_.clock.wall();
  std::size_t bytes = 0;
  for (const Event& event : events) {
    bytes += event->json.size();
    balance.latency.Observe(seconds(now - event->received_at));
  }
  balance.batch_events.Observe(static_cast<double>(events.size()));
  balance.sent.Increment(static_cast<double>(events.size()));
  balance.sent_bytes.Increment(static_cast<double>(bytes));
  return sent;
}

queue::DeadLetter Dispatcher::letter_of(const Event& event, const Error& why) const {
  return {.component_id = name_,
          .from_sink = true,
          .code = why.code.empty() ? "rejected" : why.code,
          .reason = why.message,
          .body = event->json,
          .headers = event->headers,
          .metadata = sink_letter_metadata(*event),
          .event_source = event->source,
          .event_id = event->id,
          .at = services_.clock.wall()};
}

/// Keeps `letter` and moves the cursor past its event; waits while the dead letters are full.
Dispatcher::Step Dispatcher::bury(const queue::DeadLetter& letter, queue::Position to) {
  for (;;) {
    const auto kept = advance_and_wait({letter}, to);
    if (kept) break;
    const Step step = after_failure(kept.error(), "cannot keep what the sink rejected, waiting");
    if (step == Step::end) return step;
  }
  services_.balance.dead_letters.add(letter.code);
  services_.log.warn(name_, "rejected, kept as a dead letter",
                     {{"event_id", letter.event_id},
                      {"event_source", letter.event_source},
                      {"code", letter.code},
                      {"error", letter.reason}});
  works();
  return Step::done;
}

void Dispatcher::advance(queue::Position to) {
  cursor_ = to;
  count_filtered(to);
  services_.queue.advance(name_, to, {}, {});
  if (services_.watch != nullptr) services_.watch->delivered(name_, to);
}

/// Once for each event: when the cursor has moved past it, however often it was read.
void Dispatcher::count_filtered(queue::Position to) {
  if (filtered_.empty()) return;
  const auto passed = std::upper_bound(filtered_.begin(), filtered_.end(), to);
  services_.balance.filtered.Increment(static_cast<double>(passed - filtered_.begin()));
  filtered_.erase(filtered_.begin(), passed);
}

Result<void> Dispatcher::advance_and_wait(std::vector<queue::DeadLetter> letters,
                                          queue::Position to) {
  const auto answer = std::make_shared<std::promise<Result<void>>>();
  auto answered = answer->get_future();
  services_.queue.advance(name_, to, std::move(letters),
                          [answer](const Result<void>& result) { answer->set_value(result); });
  auto result = answered.get();
  if (!result) return result;
  cursor_ = to;
  count_filtered(to);
  if (services_.watch != nullptr) services_.watch->delivered(name_, to);
  return result;
}

void Dispatcher::works() {
  drain_failures_ = 0;
  backoff_.reset();
  stopped_because_.clear();
  const State before = health_.get().first;
  if (before == State::running) return;
  health_.set(State::running);
  if (before != State::starting) services_.log.info(name_, "delivers again");
}

Dispatcher::Step Dispatcher::after_failure(const Error& error, std::string_view what) {
  const auto pause = backoff_.next(error.retry_after);
  health_.set(State::waiting, error.message);
  if (stopping()) return Step::end;
  services_.log.warn(name_, what,
                     {{"error", error.message},
                      {"code", error.code},
                      {"failures", backoff_.tries()},
                      {"pause_ms", pause.count()}});
  if (!drain_.stop_requested()) {
    const bool whole = services_.clock.wait(pause, drain_.get_token());
    waited_when_drain_began_ = !whole;
    return stopping() ? Step::end : Step::again;
  }
  ++drain_failures_;
  if (waited_when_drain_began_ || drain_failures_ >= kDrainFailures || pause > kDrainPause) {
    return leave_the_rest();
  }
  return services_.clock.wait(pause, stop_.get_token()) ? Step::again : Step::end;
}

Dispatcher::Step Dispatcher::after_stop(const Error& error) {
  health_.set(State::stopped, error.message);
  if (stopping()) return Step::end;
  if (stopped_because_ != error.message) {
    stopped_because_ = error.message;
    services_.log.error(name_, "stopped, trying again every 30 s; the queue keeps the events",
                        {{"error", error.message}, {"code", error.code}});
  }
  if (drain_.stop_requested()) return leave_the_rest();
  services_.clock.wait(kStoppedPause, drain_.get_token());
  waited_when_drain_began_ = drain_.stop_requested();
  return stopping() ? Step::end : Step::again;
}

Dispatcher::Step Dispatcher::leave_the_rest() {
  services_.log.warn(name_, "cannot deliver while stopping: the rest stays in the queue");
  if (services_.watch != nullptr) services_.watch->close();
  return Step::end;
}

}  // namespace cdviz::pipeline
