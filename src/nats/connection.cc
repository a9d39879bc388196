#include "nats/connection.h"

#include <array>
#include <charconv>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <mutex>
#include <utility>

#include <nats/nats.h>

#include "nats/fault.h"

namespace cdviz::nats {
namespace {

/// How long destructors wait for the last callback of libnats: it comes at once.
constexpr std::chrono::seconds kLastCallback{10};
/// What libnats holds for a subscription whose callback does not return.
constexpr int kPendingMessages = 65'536;
constexpr int kPendingBytes = 32 * 1024 * 1024;

/// A flag that is waited for once.
class Latch {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    opened_.wait_for(lock, kLastCallback, [&] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

template <auto destroy>
struct Destroyer {
  template <class T>
  void operator()(T* one) const {
    destroy(one);
  }
};
using MessageHandle = std::unique_ptr<natsMsg, Destroyer<natsMsg_Destroy>>;
using OptionsHandle = std::unique_ptr<natsOptions, Destroyer<natsOptions_Destroy>>;

std::string text_of(const char* text) { return text != nullptr ? text : ""; }

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

char* copy_for_libnats(const std::string& text) { return ::strdup(text.c_str()); }

natsStatus give_jwt(char** jwt, char**, void* closure) {
  *jwt = copy_for_libnats(static_cast<const Credentials*>(closure)->jwt);
  return *jwt != nullptr ? NATS_OK : NATS_NO_MEMORY;
}

natsStatus sign(char**, unsigned char** signature, int* length, const char* nonce, void* closure) {
  return nats_Sign(static_cast<const Credentials*>(closure)->seed.c_str(), nonce, signature,
                   length);
}

/// The first failure of a row of calls.
class Steps {
 public:
  void operator()(natsStatus status) {
    if (status_ == NATS_OK) status_ = status;
  }
  natsStatus status() const { return status_; }

 private:
  natsStatus status_ = NATS_OK;
};

std::string places_of(const std::vector<std::string>& servers) {
  std::string places;
  for (const auto& server : servers) {
    if (!places.empty()) places += ", ";
    places += place_of(server);
  }
  return places;
}

}  // namespace

struct Connection::State {
  explicit State(const Settings& settings, OnTrouble trouble)
      : credentials(settings.credentials), on_trouble(std::move(trouble)) {}

  /// The first trouble counts.
  void trouble(Error error) {
    {
      const std::lock_guard lock(mutex);
      if (failure) return;
      failure = std::move(error);
    }
    if (on_trouble) on_trouble();
  }

  natsConnection* connection = nullptr;
  const std::optional<Credentials> credentials;  // libnats asks for it while it connects
  const OnTrouble on_trouble;
  std::string place;
  std::chrono::milliseconds write_deadline{};
  Latch closed;
  mutable std::mutex mutex;
  std::optional<Error> failure;
};

std::string place_of(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
    url.remove_prefix(scheme + 3);
  }
  if (const auto at = url.rfind('@'); at != std::string_view::npos) url.remove_prefix(at + 1);
  return std::string(url);
}

std::size_t size_of_headers(const Headers& headers) {
  constexpr std::size_t kFrame = sizeof("NATS/1.0\r\n") - 1 + sizeof("\r\n") - 1;
  if (headers.empty()) return 0;
  std::size_t size = kFrame;
  for (const auto& [name, value] : headers) size += name.size() + value.size() + 4;
  return size;
}

Connection::Connection(std::shared_ptr<State> state, std::string place)
    : state_(std::move(state)), place_(std::move(place)) {}

Connection::~Connection() {
  // Its last callback is ours: after it nobody uses the state any more.
  natsConnection_Close(state_->connection);
  state_->closed.wait();
  natsConnection_Destroy(state_->connection);
}

Result<std::unique_ptr<Connection>> Connection::open(const Settings& settings,
                                                     OnTrouble on_trouble) {
  const std::string places = places_of(settings.servers);
  auto state = std::make_shared<State>(settings, std::move(on_trouble));
  state->place = places;
  auto* credentials = const_cast<Credentials*>(state->credentials ? &*state->credentials : nullptr);

  natsOptions* raw = nullptr;
  if (const natsStatus made = natsOptions_Create(&raw); made != NATS_OK) {
    return error_of(made, "NATS options");
  }
  const OptionsHandle options(raw);
  std::vector<const char*> servers;
  for (const auto& server : settings.servers) servers.push_back(server.c_str());
  Steps set;
  set(natsOptions_SetServers(raw, servers.data(), static_cast<int>(servers.size())));
  set(natsOptions_SetName(raw, settings.name.c_str()));
  set(natsOptions_SetTimeout(raw, settings.connect_timeout.count()));
  set(natsOptions_SetAllowReconnect(raw, false));
  set(natsOptions_SetWriteDeadline(raw, settings.connect_timeout.count()));
  set(natsOptions_SetPingInterval(raw, 5'000));
  set(natsOptions_SetMaxPingsOut(raw, 2));
  set(natsOptions_UseGlobalMessageDelivery(raw, false));
  if (!settings.user.empty()) {
    set(natsOptions_SetUserInfo(raw, settings.user.c_str(), settings.password.c_str()));
  }
  if (!settings.token.empty()) set(natsOptions_SetToken(raw, settings.token.c_str()));
  if (credentials != nullptr && !credentials->jwt.empty()) {
    set(natsOptions_SetUserCredentialsCallbacks(raw, &give_jwt, credentials, &sign, credentials));
  } else if (credentials != nullptr) {
    set(natsOptions_SetNKey(raw, public_key_of(credentials->seed).value_or("").c_str(), &sign,
                            credentials));
  }
  if (set.status() != NATS_OK) {
    return error_of(set.status(), "NATS options", "is an address in servers wrong?");
  }
  if (settings.tls) {
    Steps tls;
    tls(natsOptions_SetSecure(raw, true));
    if (!settings.tls_ca.empty()) {
      tls(natsOptions_LoadCATrustedCertificates(raw, settings.tls_ca.c_str()));
    }
    if (!settings.tls_certificate.empty()) {
      tls(natsOptions_LoadCertificatesChain(raw, settings.tls_certificate.c_str(),
                                            settings.tls_key.c_str()));
    }
    if (tls.status() != NATS_OK) {
      return Error{
          Fault::stop,
          "cannot use the files of the table `tls`: " + text_of(nats_GetLastError(nullptr)),
          "tls_files"};
    }
  }

  // Freed by the last callback that libnats makes for a connection.
  auto* kept = new std::shared_ptr<State>(state);
  const auto on_closed = [](natsConnection* connection, void* closure) {
    auto* mine = static_cast<std::shared_ptr<State>*>(closure);
    const std::shared_ptr<State> of_it = *mine;
    const char* words = nullptr;
    natsConnection_GetLastError(connection, &words);
    std::string message = "the connection to NATS at " + of_it->place + " is lost";
    if (words != nullptr && *words != '\0') message += std::string(" (") + words + ")";
    of_it->trouble({Fault::retry, std::move(message), "connection_lost"});
    of_it->closed.open();
    delete mine;
  };
  const auto on_error = [](natsConnection* connection, natsSubscription*, natsStatus status,
                           void* closure) {
    if (status == NATS_SLOW_CONSUMER) return;  // what was dropped is counted
    auto& of_it = **static_cast<std::shared_ptr<State>*>(closure);
    const char* words = nullptr;
    natsConnection_GetLastError(connection, &words);
    of_it.trouble(error_of(status, "NATS at " + of_it.place, text_of(words)));
  };
  Steps handlers;
  handlers(natsOptions_SetClosedCB(raw, on_closed, kept));
  handlers(natsOptions_SetErrorHandler(raw, on_error, kept));
  natsConnection* connection = nullptr;
  if (handlers.status() == NATS_OK) handlers(natsConnection_Connect(&connection, raw));
  if (handlers.status() != NATS_OK) {
    delete kept;
    const natsStatus status = handlers.status();
    const bool of_tls = status == NATS_SSL_ERROR;
    return error_of(status, "cannot connect to NATS at " + places,
                    of_tls ? text_of(nats_GetLastError(nullptr)) : std::string());
  }
  state->connection = connection;
  std::array<char, 512> url{};
  std::string place = places;
  if (natsConnection_GetConnectedUrl(connection, url.data(), url.size()) == NATS_OK) {
    place = place_of(url.data());
  }
  return std::unique_ptr<Connection>(new Connection(std::move(state), std::move(place)));
}

std::optional<Error> Connection::error() const {
  const std::lock_guard lock(state_->mutex);
  return state_->failure;
}

std::int64_t Connection::max_payload() const {
  return natsConnection_GetMaxPayload(state_->connection);
}

void* Connection::handle() const { return state_->connection; }

std::string Connection::new_inbox() {
  natsInbox* inbox = nullptr;
  if (natsInbox_Create(&inbox) != NATS_OK) return {};
  std::string text = inbox;
  natsInbox_Destroy(inbox);
  return text;
}

Result<void> Connection::publish(const std::string& subject, const std::string& reply,
                                 const Headers& headers, std::string_view body) {
  if (body.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return error_of(NATS_MAX_PAYLOAD, "an event of " + std::to_string(body.size()) + " bytes");
  }
  natsMsg* raw = nullptr;
  Steps steps;
  steps(natsMsg_Create(&raw, subject.c_str(), reply.empty() ? nullptr : reply.c_str(), body.data(),
                       static_cast<int>(body.size())));
  const MessageHandle message(raw);
  for (const auto& [name, value] : headers) {
    if (steps.status() == NATS_OK) steps(natsMsgHeader_Add(raw, name.c_str(), value.c_str()));
  }
  if (steps.status() == NATS_OK) steps(natsConnection_PublishMsg(state_->connection, raw));
  if (steps.status() == NATS_OK) return {};
  if (auto known = error()) return std::move(*known);
  return error_of(steps.status(), "cannot publish to NATS at " + place_);
}

Result<void> Connection::flush(std::chrono::milliseconds timeout) {
  const natsStatus status = natsConnection_FlushTimeout(state_->connection, timeout.count());
  if (auto known = error()) return std::move(*known);
  if (status != NATS_OK) return error_of(status, "NATS at " + place_ + " does not answer");
  return {};
}

Result<Incoming> Connection::request(const std::string& subject, std::string_view body,
                                     std::chrono::milliseconds timeout) {
  natsMsg* raw = nullptr;
  const natsStatus status =
      natsConnection_Request(&raw, state_->connection, subject.c_str(), body.data(),
                             static_cast<int>(body.size()), timeout.count());
  const MessageHandle message(raw);
  if (status == NATS_OK) return incoming_of(raw);
  if (auto known = error()) return std::move(*known);
  return error_of(status, "NATS at " + place_ + ", " + subject);
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
