#include "sources/nats/acknowledger.h"

#include <fmt/format.h>

namespace cdviz::sources::nats {
namespace {

telemetry::Counter& counter(telemetry::Metrics& metrics, const std::string& component,
                            const char* answer) {
  return metrics.counter("cdviz_nats_answers_total",
                         "What the server was told of messages it delivered.",
                         {{"component_id", component}, {"answer", answer}});
}

std::string_view text_of(Answer answer) { return answer == Answer::term ? "+TERM" : "+ACK"; }

}  // namespace

Acknowledger::Acknowledger(telemetry::Metrics& metrics, const std::string& component)
    : acks_(counter(metrics, component, "ack")),
      terms_(counter(metrics, component, "term")),
      naks_(counter(metrics, component, "nak")),
      waits_(counter(metrics, component, "in_progress")) {}

void Acknowledger::use(cdviz::nats::Connection& connection, std::string inbox) {
  connection_ = &connection;
  inbox_ = std::move(inbox);
  for (Told& told : unconfirmed_) tell(told);
}

void Acknowledger::settle(std::vector<std::pair<std::string, Answer>> answers) {
  std::erase_if(answers, [](const auto& one) { return one.first.empty(); });
  if (answers.empty()) return;
  for (const auto& [reply, answer] : answers) {
    (answer == Answer::term ? terms_ : acks_).Increment();
  }
  kept_ += answers.size();
  unconfirmed_.push_back({0, std::move(answers)});
  tell(unconfirmed_.back());
  while (kept_ > kKept && unconfirmed_.size() > 1) {
    kept_ -= unconfirmed_.front().answers.size();
    unconfirmed_.pop_front();
  }
}

void Acknowledger::confirmed(std::uint64_t number) {
  while (!unconfirmed_.empty() && unconfirmed_.front().number <= number) {
    kept_ -= unconfirmed_.front().answers.size();
    unconfirmed_.pop_front();
  }
}

void Acknowledger::nak(const std::string& reply, std::chrono::milliseconds delay) {
  if (reply.empty()) return;
  naks_.Increment();
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(delay).count();
  publish(reply, ns > 0 ? fmt::format("-NAK {{\"delay\":{}}}", ns) : "-NAK", {});
}

void Acknowledger::in_progress(const std::string& reply) {
  waits_.Increment();
  publish(reply, "+WPI", {});
}

void Acknowledger::tell(Told& told) {
  told.number = ++number_;
  const std::string confirm = fmt::format("{}.ack.{}", inbox_, told.number);
  for (std::size_t i = 0; i < told.answers.size(); ++i) {
    const auto& [reply, answer] = told.answers[i];
    publish(reply, text_of(answer), i + 1 == told.answers.size() ? confirm : std::string());
  }
}

void Acknowledger::publish(const std::string& reply, std::string_view body,
                           const std::string& confirm) {
  // A failure means that the connection is lost, which whoever owns it notices.
  if (connection_ != nullptr) static_cast<void>(connection_->publish(reply, confirm, {}, body));
}

}  // namespace cdviz::sources::nats
