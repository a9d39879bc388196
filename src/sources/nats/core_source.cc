// Core NATS: subscriptions without acknowledgement. What is published while nobody listens, or
// while libnats drops because the queue is full, is gone: at most once.
#include <iterator>
#include <utility>

#include "core/limits.h"
#include "nats/mailbox.h"
#include "sources/nats/nats_source.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz::sources::nats {
namespace {

using cdviz::nats::Connection;
using cdviz::nats::Incoming;
using cdviz::nats::Mailbox;
using cdviz::nats::Subscription;

constexpr std::size_t kMailboxMessages = 10'000;
constexpr std::size_t kMailboxBytes = std::size_t{8} * 1024 * 1024;
constexpr std::size_t kBatchMessages = 500;
constexpr std::size_t kBatchBytes = std::size_t{768} * 1024;  // fits into the smallest queue
constexpr std::chrono::milliseconds kLook{1'000};

class CoreSource final : public Source {
 public:
  CoreSource(CoreSettings settings, const Services& services)
      : settings_(std::move(settings)),
        name_(services.name),
        log_(services.log),
        reader_(std::move(settings_.reader), services.clock),
        connects_(services.metrics.counter("cdviz_connections_opened_total",
                                           "Connections made to the other end.",
                                           {{"component_id", services.name}})),
        lost_(services.metrics.counter(
            "cdviz_nats_lost_messages_total",
            "Messages of core NATS that came and could not be kept: too many, or no disk.",
            {{"component_id", services.name}})) {}

  Result<void> run(Inlet& inlet, std::stop_token stop) override {
    Mailbox mailbox(kMailboxMessages, kMailboxBytes);
    auto opened = Connection::open(settings_.connection, [&mailbox] { mailbox.wake(); });
    if (!opened) return opened.error();
    const auto connection = std::move(*opened);
    connects_.Increment();
    std::vector<std::unique_ptr<Subscription>> subscriptions;
    Result<void> result = subscribe(*connection, mailbox, subscriptions);
    std::int64_t dropped = 0;
    while (result && !stop.stop_requested()) {
      const auto messages = mailbox.take(kLook, stop);
      if (!put(inlet, messages)) break;
      count_dropped(subscriptions, dropped);
      if (auto error = connection->error()) result = std::move(*error);
    }
    mailbox.close();  // lets a callback go that waits
    count_dropped(subscriptions, dropped);
    subscriptions.clear();
    put(inlet, mailbox.take(std::chrono::milliseconds(0), {}));
    return result;
  }

 private:
  Result<void> subscribe(Connection& connection, Mailbox& mailbox,
                         std::vector<std::unique_ptr<Subscription>>& subscriptions) const {
    for (const auto& subject : settings_.subjects) {
      auto made = connection.subscribe(subject, settings_.queue_group,
                                       [&mailbox](Incoming&& m) { mailbox.put(std::move(m)); });
      if (!made) return made.error();
      subscriptions.push_back(std::move(*made));
    }
    return connection.flush(settings_.connection.connect_timeout);
  }

  /// Waits while the queue is full. @returns false if the pipeline is closing
  bool put(Inlet& inlet, const std::deque<Incoming>& messages) {
    std::vector<Message> batch;
    std::size_t bytes = 0;
    const auto flush = [&] {
      if (batch.empty()) return true;
      const std::size_t count = batch.size();
      bytes = 0;
      return inlet.put(std::exchange(batch, {}), {}, [this, count](const Result<Receipt>& kept) {
        if (kept) return;
        lost_.Increment(static_cast<double>(count));
        log_.error(name_, "messages of core NATS could not be stored and are lost",
                   {{"messages", count}, {"error", kept.error().message}});
      });
    };
    for (const Incoming& incoming : messages) {
      auto read = reader_.read(incoming, nullptr);
      for (const Message& message : read) bytes += message.body.size();
      std::move(read.begin(), read.end(), std::back_inserter(batch));
      if ((batch.size() >= kBatchMessages || bytes >= kBatchBytes) && !flush()) return false;
    }
    return flush();
  }

  void count_dropped(const std::vector<std::unique_ptr<Subscription>>& subscriptions,
                     std::int64_t& before) {
    std::int64_t now = 0;
    for (const auto& subscription : subscriptions) now += subscription->dropped();
    if (now <= before) return;
    lost_.Increment(static_cast<double>(now - before));
    log_.warn(name_, "messages of core NATS came faster than they could be kept, and are lost",
              {{"messages", now - before}});
    before = now;
  }

  CoreSettings settings_;
  const std::string name_;
  telemetry::Log& log_;
  const MessageReader reader_;
  telemetry::Counter& connects_;
  telemetry::Counter& lost_;
};

}  // namespace

std::unique_ptr<Source> make_core_source(CoreSettings settings, const Services& services) {
  return std::make_unique<CoreSource>(std::move(settings), services);
}

}  // namespace cdviz::sources::nats
