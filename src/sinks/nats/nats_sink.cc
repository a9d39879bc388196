#include "sinks/nats/nats_sink.h"

#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sinks/nats/answers.h"
#include "telemetry/metrics.h"

namespace cdviz::sinks::nats {
namespace {

using cdviz::nats::Connection;
using cdviz::nats::Incoming;
using cdviz::nats::Subscription;

/// A connection and what belongs to it. The answers outlive it: it calls them while it ends.
struct Session {
  explicit Session(std::string inbox) : answers(std::move(inbox)) {}
  Answers answers;
  std::unique_ptr<Connection> connection;
  std::unique_ptr<Subscription> subscription;
};

class NatsSink final : public Sink {
 public:
  NatsSink(SinkSettings settings, const Services& services)
      : settings_(std::move(settings)),
        clock_(services.clock),
        duplicates_(services.metrics.counter("cdviz_duplicate_events_total",
                                             "Events that the other end had already.",
                                             {{"component_id", services.name}})),
        connects_(services.metrics.counter("cdviz_connections_opened_total",
                                           "Connections made to the other end.",
                                           {{"component_id", services.name}})) {}

  Result<void> write(std::span<const Event> batch, std::stop_token stop) override {
    if (session_ && session_->connection->error()) session_.reset();
    if (!session_) {
      if (auto opened = open(); !opened) {
        session_.reset();
        return opened;
      }
    }
    auto messages = encode(batch);
    if (!messages) return messages.error();
    auto sent = settings_.jetstream ? store(*messages, stop) : send(*messages);
    // An answer that is missing may come to the next batch's ears: a new connection has a new
    // inbox.
    if (!sent && sent.error().fault != Fault::reject) session_.reset();
    return sent;
  }
  std::size_t max_batch() const override { return settings_.batch_events_max; }

 private:
  Result<void> open() {
    session_.emplace(Connection::new_inbox());
    Session& session = *session_;
    auto opened = Connection::open(settings_.connection, [&session] { session.answers.give_up(); });
    if (!opened) return opened.error();
    session.connection = std::move(*opened);
    connects_.Increment();
    if (!settings_.jetstream) return {};
    if (settings_.create_stream) {
      auto made = ensure_stream(*session.connection, settings_.domain, settings_.stream);
      if (!made) return made;
    }
    auto subscribed = session.connection->subscribe(
        session.answers.inbox() + ".>", "", [&session](Incoming&& m) { session.answers.take(m); });
    if (!subscribed) return subscribed.error();
    session.subscription = std::move(*subscribed);
    return {};
  }

  /// All of the batch before the first is sent: one that cannot be sent must not leave some sent.
  Result<std::vector<Message>> encode(std::span<const Event> batch) const {
    std::vector<Message> messages;
    messages.reserve(batch.size());
    const auto most = session_->connection->max_payload();
    for (const Event& event : batch) {
      auto message = message_of(*event, settings_.message, clock_.wall());
      if (!message) return message.error();
      const std::size_t bytes =
          cdviz::nats::size_of_headers(message->headers) + message->body.size();
      if (most > 0 && bytes > static_cast<std::size_t>(most)) {
        return Error{
            Fault::reject,
            fmt::format("a message of {} bytes; the server takes {} (max_payload)", bytes, most),
            "nats_max_payload"};
      }
      messages.push_back(std::move(*message));
    }
    return messages;
  }

  Result<void> store(const std::vector<Message>& messages, const std::stop_token& stop) {
    Session& session = *session_;
    session.answers.begin(messages.size());
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const Message& message = messages[i];
      auto sent = session.connection->publish(message.subject, session.answers.reply_to(i),
                                              message.headers, message.body);
      if (!sent) return sent;
    }
    auto stored = session.answers.wait(settings_.timeout, stop);
    if (!stored) {
      if (auto why = session.connection->error()) return std::move(*why);
      Error error = stored.error();
      error.message = "NATS at " + session.connection->place() + ": " + error.message;
      return error;
    }
    duplicates_.Increment(static_cast<double>(session.answers.duplicates()));
    return {};
  }

  /// Without JetStream nobody stores: the server has taken the messages, whoever listens has them.
  Result<void> send(const std::vector<Message>& messages) {
    Connection& connection = *session_->connection;
    for (const Message& message : messages) {
      auto sent = connection.publish(message.subject, {}, message.headers, message.body);
      if (!sent) return sent;
    }
    return connection.flush(settings_.timeout);
  }

  const SinkSettings settings_;
  const Clock& clock_;
  telemetry::Counter& duplicates_;
  telemetry::Counter& connects_;
  std::optional<Session> session_;
};

}  // namespace

std::unique_ptr<Sink> make_nats_sink(SinkSettings settings, const Services& services) {
  return std::make_unique<NatsSink>(std::move(settings), services);
}

}  // namespace cdviz::sinks::nats
