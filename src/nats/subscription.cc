// Messages that come: read from libnats, and handed to whoever has subscribed.
#include <charconv>
#include <cstdlib>
#include <memory>
#include <utility>

#include "nats/connection_state.h"
#include "nats/fault.h"

namespace cdviz::nats {
namespace {

/// What libnats holds for a subscription whose callback does not return.
constexpr int kPendingMessages = 65'536;
constexpr int kPendingBytes = 32 * 1024 * 1024;

Headers headers_of(natsMsg* message) {
  Headers headers;
  const char** keys = nullptr;
  int count = 0;
  if (natsMsgHeader_Keys(message, &keys, &count) != NATS_OK) return headers;
  for (int i = 0; i < count; ++i) {
    const char** values = nullptr;
    int number = 0;
    if (natsMsgHeader_Values(message, keys[i], &values, &number) != NATS_OK) continue;
    for (int j = 0; j < number; ++j) headers.add(keys[i], text_of(values[j]));
    std::free(values);  // libnats has malloc'ed it
  }
  std::free(keys);
  return headers;
}

/// An inline status has no body, and a header "Status" that the server wrote.
int status_in(const Headers& headers, std::size_t body_bytes) {
  if (body_bytes != 0) return 0;
  const auto status = headers.find("Status");
  if (!status || status->size() != 3) return 0;
  int number = 0;
  const auto read = std::from_chars(status->data(), status->data() + status->size(), number);
  return read.ec == std::errc() ? number : 0;
}

}  // namespace

Incoming incoming_of(natsMsg* message) {
  Incoming result{
      .subject = text_of(natsMsg_GetSubject(message)),
      .reply = text_of(natsMsg_GetReply(message)),
      .body = {natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message))},
      .headers = headers_of(message)};
  result.status = result.reply.empty() || result.body.empty()
                      ? status_in(result.headers, result.body.size())
                      : 0;
  if (result.status != 0) {
    result.status_text = std::string(result.headers.find("Description").value_or(""));
  }
  return result;
}

struct Subscription::Impl {
  natsSubscription* subscription = nullptr;
  std::shared_ptr<Latch> done = std::make_shared<Latch>();
};

namespace {

/// What the callbacks of a subscription use; freed by the last of them.
struct Handler {
  Connection::OnMessage on_message;
  std::shared_ptr<Latch> done;
};

}  // namespace

Result<std::unique_ptr<Subscription>> Connection::subscribe(const std::string& subject,
                                                            const std::string& queue_group,
                                                            OnMessage on_message) {
  auto impl = std::make_unique<Subscription::Impl>();
  auto handler = std::make_unique<Handler>(Handler{std::move(on_message), impl->done});
  const auto call = [](natsConnection*, natsSubscription*, natsMsg* raw, void* closure) {
    const MessageHandle message(raw);
    static_cast<Handler*>(closure)->on_message(incoming_of(raw));
  };
  const auto end = [](void* closure) {
    const std::unique_ptr<Handler> mine(static_cast<Handler*>(closure));
    mine->done->open();
  };
  const natsStatus status =
      queue_group.empty()
          ? natsConnection_Subscribe(&impl->subscription, state_->connection, subject.c_str(), call,
                                     handler.get())
          : natsConnection_QueueSubscribe(&impl->subscription, state_->connection, subject.c_str(),
                                          queue_group.c_str(), call, handler.get());
  if (status != NATS_OK) {
    if (auto known = error()) return std::move(*known);
    return error_of(status, "cannot subscribe to " + subject + " at " + place_);
  }
  natsSubscription_SetPendingLimits(impl->subscription, kPendingMessages, kPendingBytes);
  if (natsSubscription_SetOnCompleteCB(impl->subscription, end, handler.get()) == NATS_OK) {
    static_cast<void>(handler.release());
    return std::unique_ptr<Subscription>(new Subscription(std::move(impl)));
  }
  // The connection was lost in between, and the subscription with it. Its thread may still use the
  // handler, so that is left to it.
  static_cast<void>(handler.release());
  natsSubscription_Destroy(impl->subscription);
  return error_of(NATS_CONNECTION_CLOSED, "cannot subscribe to " + subject + " at " + place_);
}

Subscription::Subscription(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Subscription::~Subscription() {
  natsSubscription_Unsubscribe(impl_->subscription);
  impl_->done->wait();
  natsSubscription_Destroy(impl_->subscription);
}

void Subscription::drain(std::chrono::milliseconds timeout) {
  if (natsSubscription_DrainTimeout(impl_->subscription, timeout.count()) == NATS_OK) {
    natsSubscription_WaitForDrainCompletion(impl_->subscription, timeout.count());
  }
}

std::int64_t Subscription::dropped() const {
  std::int64_t count = 0;
  natsSubscription_GetDropped(impl_->subscription, &count);
  return count;
}

}  // namespace cdviz::nats
