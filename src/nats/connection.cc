#include "nats/connection.h"

#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "nats/connection_state.h"
#include "nats/fault.h"

namespace cdviz::nats {
namespace {

using OptionsHandle = std::unique_ptr<natsOptions, Destroyer<natsOptions_Destroy>>;

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

}  // namespace cdviz::nats
