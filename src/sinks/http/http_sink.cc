#include "sinks/http/http_sink.h"

#include <algorithm>
#include <utility>

#include "sinks/http/answer.h"

namespace cdviz::sinks::http {
namespace {

/// The longest sleep while requests are under way; a stop wakes it.
constexpr std::chrono::milliseconds kWait{1'000};

telemetry::Counter& answers(const Services& services, const char* kind) {
  return services.metrics.counter("cdviz_http_sink_requests_total",
                                  "Requests that have ended, by the class of the answer.",
                                  {{"component_id", services.name}, {"answer", kind}});
}

Error stopped() { return {Fault::retry, "stopped while sending", "stopped"}; }

/// The one that says more of `a` and `b`: a stop, else the longer wait.
Error worse(const std::optional<Error>& a, Error b) {
  if (!a) return b;
  if (a->fault == Fault::stop) return *a;
  if (b.fault == Fault::stop) return b;
  Error error = *a;
  if (b.retry_after && (!error.retry_after || *error.retry_after < *b.retry_after)) {
    error.retry_after = b.retry_after;
  }
  return error;
}

std::string place_of(const std::string& url) {
  const auto origin = net::origin_of(url);
  return origin ? *origin : "the destination";
}

}  // namespace

HttpSink::HttpSink(HttpSinkSettings settings, const Services& services)
    : mode_(settings.mode),
      requests_in_flight_max_(settings.requests_in_flight_max),
      batch_events_max_(settings.batch_events_max),
      batch_bytes_max_(settings.batch_bytes_max),
      headers_(std::move(settings.headers)),
      place_(place_of(settings.pool.url)),
      clock_(services.clock),
      pool_(std::move(settings.pool), services.clock),
      answers_2xx_(answers(services, "2xx")),
      answers_3xx_(answers(services, "3xx")),
      answers_4xx_(answers(services, "4xx")),
      answers_5xx_(answers(services, "5xx")),
      answers_none_(answers(services, "none")),
      not_sent_again_(services.metrics.counter(
          "cdviz_http_sink_not_sent_again_total",
          "Events of a batch that was tried again, which the other end had taken before.",
          {{"component_id", services.name}})),
      sent_again_(services.metrics.counter(
          "cdviz_http_sink_sent_again_total",
          "Requests that failed for a moment and are sent again within the same write.",
          {{"component_id", services.name}})),
      connects_(services.metrics.counter("cdviz_connections_opened_total",
                                         "Connections made to the other end.",
                                         {{"component_id", services.name}})),
      circuit_open_(services.metrics.gauge(
          "cdviz_circuit_open",
          "1 while the other end has failed so often that one request at a time is sent.",
          {{"component_id", services.name}})) {}

Result<void> HttpSink::write(std::span<const Event> batch, std::stop_token stop) {
  pool_.cancel();  // of a write that ended with an exception
  const std::stop_callback wake(stop, [this] { pool_.wake(); });
  auto written =
      mode_ == ContentMode::batch ? write_together(batch, stop) : write_each(batch, stop);
  const auto connections = pool_.connections_opened();
  connects_.Increment(static_cast<double>(connections - connections_));
  connections_ = connections;
  return written;
}

Result<void> HttpSink::write_each(std::span<const Event> batch, const std::stop_token& stop) {
  Outcomes outcomes(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (const Result<void>* const known = known_.find(batch[i])) {
      outcomes[i] = *known;
      if (*known) not_sent_again_.Increment();
    }
  }
  Round round;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!outcomes[i]) round.lanes.add(i, batch[i]->subject_id);
  }
  // After trouble nothing is started any more: it is most likely everybody's.
  for (;;) {
    if (!round.trouble) round.trouble = start_next(batch, round);
    const auto pause = pause_of(round);
    if (pool_.in_flight() == 0) {
      if (!pause || !clock_.wait(*pause, stop)) break;
      continue;
    }
    for (const auto& outcome : pool_.wait(pause.value_or(kWait))) {
      if (auto result = settle(outcome, round)) outcomes[outcome.tag] = std::move(result);
    }
    if (stop.stop_requested() && pool_.in_flight() > 0) {
      pool_.cancel();
      round.trouble = worse(round.trouble, stopped());
    }
  }
  if (!round.trouble && stop.stop_requested() && round.retries.next()) round.trouble = stopped();
  return conclude(batch, outcomes, round.trouble);
}

/// Until something is to be sent again. Nothing when there is no such thing.
std::optional<std::chrono::milliseconds> HttpSink::pause_of(const Round& round) const {
  const auto next = round.trouble ? std::nullopt : round.retries.next();
  if (!next) return std::nullopt;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - clock_.now());
  return std::clamp(left, std::chrono::milliseconds(1), kWait);
}

/// What became of a request. @returns nothing when its event is still open
std::optional<Result<void>> HttpSink::settle(const net::HttpOutcome& outcome, Round& round) {
  auto result = meaning(outcome);
  if (result || result.error().fault == Fault::reject) {
    round.retries.answered();
    round.lanes.done(outcome.tag);
    return result;
  }
  const Error& error = result.error();
  // What is under way with the circuit open is a probe: its failure says enough.
  const bool again = error.fault == Fault::retry && !round.trouble && !breaker_.open() &&
                     round.retries.again(outcome.tag, error, pool_.in_flight() + 1, clock_.now());
  if (again) {
    sent_again_.Increment();
  } else {
    round.trouble = worse(round.trouble, error);
  }
  return std::nullopt;
}

std::optional<Error> HttpSink::start_next(std::span<const Event> batch, Round& round) {
  const auto now = clock_.now();
  if (now < round.retries.not_before()) return std::nullopt;
  while (pool_.in_flight() < window()) {
    auto next = round.retries.due(now);
    if (!next) next = round.lanes.next();
    if (!next) break;
    if (auto sent = send(*next, request_of(*batch[*next], mode_)); !sent) return sent.error();
  }
  return std::nullopt;
}

Result<void> HttpSink::conclude(std::span<const Event> batch, const Outcomes& outcomes,
                                const std::optional<Error>& trouble) {
  std::optional<Error> rejected;
  bool complete = true;
  for (const auto& outcome : outcomes) {
    complete = complete && outcome;
    if (outcome && !*outcome && !rejected) rejected = outcome->error();
  }
  if (trouble && trouble->fault == Fault::retry) note(true);
  if (!trouble && complete && (!rejected || batch.size() == 1)) {
    for (const Event& event : batch) known_.forget(event);
    if (rejected) return *rejected;
    return {};
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (outcomes[i]) known_.keep(batch[i], *outcomes[i]);
  }
  if (trouble) return *trouble;
  if (rejected) return *rejected;
  return stopped();  // not reached: without trouble all have an outcome
}

Result<void> HttpSink::write_together(std::span<const Event> batch, const std::stop_token& stop) {
  if (auto sent = send(0, batch_of(batch)); !sent) return sent;
  while (pool_.in_flight() > 0) {
    for (const auto& outcome : pool_.wait(kWait)) {
      auto result = meaning(outcome);
      if (!result && result.error().fault == Fault::retry) note(true);
      return result;
    }
    if (stop.stop_requested()) pool_.cancel();
  }
  return stopped();
}

Result<void> HttpSink::send(std::size_t tag, Request request) {
  if (auto applied = headers_.apply(request.headers, request.body, clock_.wall()); !applied) {
    return applied;
  }
  pool_.start(tag, request.headers, std::move(request.body));
  return {};
}

Result<void> HttpSink::meaning(const net::HttpOutcome& outcome) {
  auto& counter = outcome.status == 0    ? answers_none_
                  : outcome.status < 300 ? answers_2xx_
                  : outcome.status < 400 ? answers_3xx_
                  : outcome.status < 500 ? answers_4xx_
                                         : answers_5xx_;
  counter.Increment();
  auto found = meaning_of(outcome, place_);
  if (found || (found.error().fault != Fault::retry && outcome.status != 0)) note(false);
  if (found || !headers_.tells_secret(found.error().message)) return found;
  Error error = found.error();
  error.message = place_ + " answered " + std::to_string(outcome.status) +
                  " with a text that holds a secret of the headers";
  return error;
}

void HttpSink::note(bool failed) {
  if (failed) {
    breaker_.failed();
  } else {
    breaker_.answered();
  }
  circuit_open_.Set(breaker_.open() ? 1 : 0);
}

}  // namespace cdviz::sinks::http
