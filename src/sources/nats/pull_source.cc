// JetStream through a durable pull consumer. A message is acknowledged when its events are on disk;
// until then the server is told every now and then that it is in progress. One batch at a time is
// on its way to the disk, so that events keep the order in which they came; what comes meanwhile is
// the next batch. Every run is a new connection with a new inbox and new requests, so that nothing
// can be left waiting for an answer that never comes; what is held lives on from run to run.
#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/limits.h"
#include "sources/nats/acknowledger.h"
#include "sources/nats/hold.h"
#include "sources/nats/nats_source.h"
#include "sources/nats/pull_answer.h"
#include "sources/nats/pull_session.h"
#include "sources/nats/pulls.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz::sources::nats {
namespace {

using cdviz::nats::Connection;
using cdviz::nats::Consumer;
using cdviz::nats::Incoming;
using cdviz::nats::Subscription;
using std::chrono::milliseconds;

constexpr std::size_t kBatchMessages = 500;
constexpr std::size_t kBatchBytes = std::size_t{768} * 1024;  // fits into the smallest queue
/// How soon a batch is offered again that the queue did not take.
constexpr milliseconds kOfferAgain{200};
/// After an answer that would come again at once.
constexpr milliseconds kPause{250};
/// How long a stop waits for the batch under way, and then for the server's confirmation.
constexpr milliseconds kLeave{1'000};
constexpr milliseconds kLookAtMost{1'000};
/// What comes again may come so much earlier than it was asked for.
constexpr milliseconds kTimer{20};
constexpr milliseconds kForgetRequests{50};
/// For what the server had sent before it knew that we take nothing more.
constexpr milliseconds kDrain{500};

class PullSource final : public Source {
 public:
  PullSource(PullSettings settings, const Services& services)
      : settings_(std::move(settings)),
        name_(services.name),
        clock_(services.clock),
        log_(services.log),
        reader_(std::move(settings_.reader), services.clock),
        acknowledger_(services.metrics, services.name),
        connects_(services.metrics.counter("cdviz_connections_opened_total",
                                           "Connections made to the other end.",
                                           {{"component_id", services.name}})),
        redelivered_(services.metrics.counter("cdviz_nats_redelivered_messages_total",
                                              "Messages that JetStream delivered once more.",
                                              {{"component_id", services.name}})),
        pending_(services.metrics.gauge("cdviz_nats_pending_messages",
                                        "Messages of the stream behind the last one delivered.",
                                        {{"component_id", services.name}})) {}

  Result<void> run(Inlet& inlet, std::stop_token stop) override {
    Session session(settings_.in_flight_max);
    auto result = open(session);
    if (result) {
      outcome_->wakes(&session.mailbox);
      acknowledger_.use(*session.connection, session.inbox);
      result = serve(session, inlet, stop);
      outcome_->wakes(nullptr);
    }
    close(session);
    return result;
  }

 private:
  Result<void> open(Session& session) {
    auto opened = Connection::open(settings_.connection, [&session] { session.mailbox.wake(); });
    if (!opened) return opened.error();
    session.connection = std::move(*opened);
    connects_.Increment();
    auto subscribed = subscribe(session, ".ack.*");
    if (!subscribed) return subscribed.error();
    session.confirmations = std::move(*subscribed);
    subscribed = subscribe(session, ".pull.*");
    if (!subscribed) return subscribed.error();
    session.deliveries = std::move(*subscribed);
    return look_up(session);
  }

  static Result<std::unique_ptr<Subscription>> subscribe(Session& session,
                                                         const std::string& below_inbox) {
    return session.connection->subscribe(
        session.inbox + below_inbox, "",
        [&session](Incoming&& message) { session.mailbox.put(std::move(message)); });
  }

  /// What came and was not looked at is held too: the server waits for our answer.
  void close(Session& session) {
    acknowledger_.use_none();
    session.mailbox.close();
    session.confirmations.reset();
    session.deliveries.reset();
    for (Incoming& message : session.mailbox.take(milliseconds(0), {})) {
      if (auto delivery = cdviz::nats::read_delivery(message.reply)) {
        hold_.add(std::move(message), std::move(*delivery), clock_.now());
      }
    }
  }

  /// The stream and the consumer, made if they may be.
  Result<void> look_up(Session& session) {
    Connection& connection = *session.connection;
    if (settings_.create_stream) {
      auto made = ensure_stream(connection, settings_.domain, settings_.stream);
      if (!made) return made;
    }
    auto consumer = ensure_consumer(connection, settings_.domain, settings_.consumer);
    if (!consumer) return consumer.error();
    session.consumer = std::move(*consumer);
    pending_.Set(static_cast<double>(session.consumer.pending));
    const auto created = session.consumer.created_ns;
    if (consumer_created_ns_ == created) return {};
    if (consumer_created_ns_) {
      // Perhaps of another stream too, where the same sequence is another message: an answer for
      // what was delivered before would acknowledge what nobody has stored.
      hold_.orphan();
      acknowledger_.forget();
      log_.warn(name_,
                "the consumer is another one than before: it delivers its stream from the start",
                {{"consumer", settings_.consumer.name}, {"stream", settings_.consumer.stream}});
    }
    tell_of(session.consumer);
    consumer_created_ns_ = created;
    return {};
  }

  void tell_of(const Consumer& consumer) {
    if (consumer.max_deliver != 0) {
      log_.warn(name_,
                "the consumer gives a message up after some deliveries: what fails that often is "
                "lost; set its max_deliver to -1",
                {{"max_deliver", consumer.max_deliver}});
    }
    if (!settings_.consumer.filter.empty() && consumer.filter != settings_.consumer.filter) {
      log_.warn(name_, "the consumer that is there has another filter than `subject`, which counts",
                {{"filter", consumer.filter}, {"subject", settings_.consumer.filter}});
    }
  }

  Result<void> serve(Session& session, Inlet& inlet, const std::stop_token& stop) {
    for (;;) {
      if (auto error = session.connection->error()) return std::move(*error);
      take_outcome();
      if (stop.stop_requested() || closed_) return leave(session);
      offer(session, inlet);
      for (const auto& reply : hold_.untold(clock_.now(), session.consumer.ack_wait / 3)) {
        acknowledger_.in_progress(reply);
      }
      if (session.look_again || session.pulls.silent(clock_.now())) {
        if (auto found = look_again(session); !found) return found;
      }
      if (auto asked = ask(session); !asked) return asked;
      for (Incoming& message : session.mailbox.take(pause(session), stop)) {
        arrived(session, std::move(message));
      }
    }
  }

  milliseconds pause(const Session& session) const {
    const auto most =
        std::min(kLookAtMost, std::max(milliseconds(10), session.consumer.ack_wait / 4));
    return blocked_since_ || clock_.now() < session.not_before ? std::min(most, kOfferAgain) : most;
  }

  void take_outcome() {
    const auto result = outcome_->take();
    if (!result) return;
    if (!*result) {
      log_.warn(name_, "a batch could not be stored, it is tried again",
                {{"error", result->error().message}});
      hold_.return_batch();
      block();
      return;
    }
    blocked_since_.reset();
    // A message is poison when nothing of it was accepted.
    std::vector<std::size_t> refused(counts_.size(), 0);
    std::vector<std::size_t> message_of;
    for (std::size_t i = 0; i < counts_.size(); ++i)
      message_of.insert(message_of.end(), counts_[i], i);
    for (const auto& one : (*result)->refused) {
      if (one.index < message_of.size()) ++refused[message_of[one.index]];
    }
    std::vector<std::pair<std::string, Answer>> answers;
    const auto batch = hold_.end_batch();
    answers.reserve(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const bool poison = i < counts_.size() && refused[i] == counts_[i];
      answers.emplace_back(batch[i].incoming.reply, poison ? Answer::term : Answer::ack);
    }
    acknowledger_.settle(std::move(answers));
  }

  void block() {
    if (!blocked_since_) blocked_since_ = clock_.now();
    offer_not_before_ = clock_.now() + kOfferAgain;
  }

  void offer(Session& session, Inlet& inlet) {
    if (hold_.batch_under_way()) return;
    if (blocked_since_ && clock_.now() - *blocked_since_ >= settings_.hold_when_full) {
      return give_back(session);
    }
    if (hold_.waiting() == 0 || clock_.now() < offer_not_before_) return;
    counts_.clear();
    std::vector<Message> messages;
    for (const Held& held : hold_.begin_batch(kBatchMessages, kBatchBytes)) {
      auto read = reader_.read(held.incoming, &held.delivery);
      // Arrays: small messages may hold many events.
      if (!messages.empty() && messages.size() + read.size() > limits::kBatchEvents) break;
      counts_.push_back(read.size());
      std::move(read.begin(), read.end(), std::back_inserter(messages));
    }
    hold_.shorten_batch(counts_.size());
    const auto offered = inlet.offer_in_shares(
        std::move(messages),
        [outcome = outcome_](const Result<Receipt>& result) { outcome->set(result); });
    if (offered == Offered::taken) return;
    hold_.return_batch();
    if (offered == Offered::closed) {
      closed_ = true;
    } else {
      block();
    }
  }

  /// Others of the consumer may have room. Until these come again nothing is asked for, and what
  /// still comes is given back too, so that it does not overtake them.
  void give_back(Session& session) {
    const auto released = hold_.release();
    for (const Held& held : released) {
      acknowledger_.nak(held.incoming.reply, settings_.nak_delay);
    }
    blocked_since_.reset();
    given_back_until_ = clock_.now() + settings_.nak_delay;
    session.not_before = given_back_until_ + kPause;
    log_.warn(name_, "the queue is full: messages are given back, to be delivered again later",
              {{"messages", released.size()}, {"delay_ms", settings_.nak_delay.count()}});
  }

  Result<void> look_again(Session& session) {
    session.look_again = false;
    session.pulls.clear();
    return look_up(session);
  }

  Result<void> ask(Session& session) {
    if (blocked_since_ || session.pulls.full() || hold_.bytes() > kHeldBytes ||
        clock_.now() < session.not_before) {
      return {};
    }
    std::size_t limit = settings_.in_flight_max;
    if (session.consumer.max_ack_pending > 0) {
      limit = std::min(limit, static_cast<std::size_t>(session.consumer.max_ack_pending));
    }
    const std::size_t taken = hold_.size() + session.pulls.outstanding();
    if (taken >= limit) return {};
    std::size_t room = limit - taken;
    // Few large requests instead of many small ones.
    if (!session.pulls.empty() && room < std::max<std::size_t>(1, limit / 4)) return {};
    if (session.consumer.max_request_batch > 0) {
      room = std::min(room, static_cast<std::size_t>(session.consumer.max_request_batch));
    }
    const bool alone = std::exchange(session.one_alone, false);
    const std::size_t count = alone ? 1 : room;
    std::size_t bytes = alone ? 0 : Pulls::kBytes;
    if (const auto most = static_cast<std::size_t>(session.consumer.max_request_bytes); most > 0) {
      bytes = bytes == 0 ? most : std::min(bytes, most);
    }
    const auto number = session.pulls.add(count, clock_.now());
    return session.connection->publish(
        cdviz::nats::api_prefix(settings_.domain) + ".CONSUMER.MSG.NEXT." +
            settings_.consumer.stream + "." + settings_.consumer.name,
        fmt::format("{}.pull.{}", session.inbox, number), {},
        Pulls::request(count, bytes, session.consumer.max_request_expires));
  }

  void arrived(Session& session, Incoming message) {
    if (auto delivery = cdviz::nats::read_delivery(message.reply)) {
      session.pulls.arrived(clock_.now());
      pending_.Set(static_cast<double>(delivery->pending));
      if (delivery->delivered > 1) redelivered_.Increment();
      if (const auto now = clock_.now(); now + kTimer < given_back_until_) {
        acknowledger_.nak(message.reply,
                          std::chrono::duration_cast<milliseconds>(given_back_until_ - now));
        return;
      }
      hold_.add(std::move(message), std::move(*delivery), clock_.now());
      return;
    }
    std::string_view rest = message.subject;
    if (!rest.starts_with(session.inbox + ".")) return;
    rest.remove_prefix(session.inbox.size() + 1);
    constexpr std::string_view kConfirmation = "ack.";
    const bool confirmation = rest.starts_with(kConfirmation);
    rest.remove_prefix(std::min(rest.size(), rest.find('.') + 1));
    std::uint64_t number = 0;
    if (std::from_chars(rest.data(), rest.data() + rest.size(), number).ec != std::errc()) return;
    if (confirmation) {
      acknowledger_.confirmed(number);
    } else {
      said(session, number, meaning_of(message.status, message.status_text));
    }
  }

  void said(Session& session, std::uint64_t number, PullAnswer answer) {
    const auto now = clock_.now();
    if (answer == PullAnswer::heartbeat) return session.pulls.stands(now);
    session.pulls.ended(number, now);
    if (answer == PullAnswer::ended) return;
    if (answer == PullAnswer::too_large) {
      session.one_alone = true;
      return;
    }
    session.not_before = std::max(session.not_before, now + kPause);
    session.look_again = session.look_again || answer == PullAnswer::look_again;
  }

  /// The batch under way is answered if it settles soon; the others are given back at once.
  Result<void> leave(Session& session) {
    const auto end = clock_.now() + kLeave;
    // Before anything is given back: the requests that the server still has would get it.
    session.deliveries->drain(kDrain);
    for (Incoming& message : session.mailbox.take(milliseconds(0), {})) {
      arrived(session, std::move(message));
    }
    give_back_now(session);
    while (clock_.now() < end && !session.connection->error() &&
           (hold_.batch_under_way() || !acknowledger_.all_confirmed())) {
      for (Incoming& message : session.mailbox.take(milliseconds(50), {})) {
        arrived(session, std::move(message));
      }
      take_outcome();
    }
    if (!session.connection->error()) static_cast<void>(session.connection->flush(kDrain));
    return {};
  }

  void give_back_now(Session& session) {
    const auto released = hold_.release();
    if (released.empty()) return;
    // nats-server 2.9 loses the first that it would deliver to a request whose subscription is
    // gone, and those requests with it, until its ack wait is over: it is given back twice.
    acknowledger_.nak(released.front().incoming.reply, milliseconds(0));
    static_cast<void>(session.connection->flush(kDrain));
    clock_.wait(kForgetRequests, {});
    for (const Held& held : released) {
      acknowledger_.nak(held.incoming.reply, milliseconds(0));
    }
  }

  PullSettings settings_;
  const std::string name_;
  const Clock& clock_;
  telemetry::Log& log_;
  const MessageReader reader_;
  Acknowledger acknowledger_;
  telemetry::Counter& connects_;
  telemetry::Counter& redelivered_;
  telemetry::Gauge& pending_;
  const std::shared_ptr<Outcome> outcome_ = std::make_shared<Outcome>();
  Hold hold_;
  std::vector<std::size_t> counts_;  ///< messages for the inlet that each of the batch made
  std::optional<Held::Time> blocked_since_;
  Held::Time offer_not_before_ = {};
  Held::Time given_back_until_ = {};
  std::optional<std::int64_t> consumer_created_ns_;
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<Source> make_pull_source(PullSettings settings, const Services& services) {
  return std::make_unique<PullSource>(std::move(settings), services);
}

}  // namespace cdviz::sources::nats
