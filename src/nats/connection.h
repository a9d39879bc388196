// A connection to a NATS server (https://docs.nats.io/reference/reference-protocols/nats-protocol)
// over libnats. It never reconnects by itself: whoever uses it makes a new one, with whatever
// belongs to it, so that nothing can be left half alive.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/headers.h"
#include "core/result.h"
#include "nats/mailbox.h"
#include "nats/nkey.h"

namespace cdviz::nats {

/// How to reach the servers and who we are. Holds secrets: never print.
struct Settings {
  std::vector<std::string> servers;  ///< URLs; tried in an order by chance
  std::string name;                  ///< what the server shows of us
  std::string user = {};
  std::string password = {};
  std::string token = {};
  std::optional<Credentials> credentials = {};  ///< an nkey, perhaps with a JWT
  bool tls = false;
  std::string tls_ca = {};  ///< PEM files
  std::string tls_certificate = {};
  std::string tls_key = {};
  std::chrono::milliseconds connect_timeout{5'000};
};

class Subscription;

/// Safe to call from any thread.
class Connection {
 public:
  /// What subscribe() calls, on a thread of libnats; while it has not returned, what comes next is
  /// held back.
  using OnMessage = std::function<void(Incoming&&)>;
  /// Called once, on a thread of libnats, when the connection is lost or something was forbidden
  /// (error() says which), at the latest while it is destroyed. Must return quickly.
  using OnTrouble = std::function<void()>;

  /// Connects to the first server that takes us.
  static Result<std::unique_ptr<Connection>> open(const Settings& settings, OnTrouble on_trouble);
  ~Connection();  ///< closes it; what was not flushed may be lost
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// What is wrong with it: it is lost, or the server has forbidden something. Nothing: it works.
  std::optional<Error> error() const;
  /// "host:port" of the server, without user and password.
  const std::string& place() const { return place_; }
  /// The largest message that the server takes: headers and body.
  std::int64_t max_payload() const;

  /// Hands a message to the library, which sends it soon; blocks while the socket is full, at most
  /// connect_timeout. @param reply  where to answer; empty: nowhere
  Result<void> publish(const std::string& subject, const std::string& reply, const Headers& headers,
                       std::string_view body);
  /// Waits until the server has processed all that was published.
  Result<void> flush(std::chrono::milliseconds timeout);
  /// Asks and waits for the answer. @returns an answer of status 503 as NATS_NO_RESPONDERS
  Result<Incoming> request(const std::string& subject, std::string_view body,
                           std::chrono::milliseconds timeout);
  /// @param queue_group  empty: none
  Result<std::unique_ptr<Subscription>> subscribe(const std::string& subject,
                                                  const std::string& queue_group,
                                                  OnMessage on_message);
  /// A subject of its own to be answered at: "_INBOX.…", without a wildcard.
  static std::string new_inbox();

  /// For jetstream.cc: the natsConnection.
  void* handle() const;

 private:
  friend class Subscription;
  struct State;
  Connection(std::shared_ptr<State> state, std::string place);
  std::shared_ptr<State> state_;
  std::string place_;
};

/// Ends with its destructor, which waits for a callback under way: that must not block by then.
/// Before its Connection.
class Subscription {
 public:
  ~Subscription();
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;
  /// Ends it and still takes what the server had sent before it knew; then nothing more comes.
  void drain(std::chrono::milliseconds timeout);
  /// Messages that libnats dropped since the start because the callback held them back too long.
  std::int64_t dropped() const;

 private:
  friend class Connection;
  struct Impl;
  explicit Subscription(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Bytes that headers take in a message (NATS/1.0 block); 0 without any.
std::size_t size_of_headers(const Headers& headers);

/// A URL without user and password: "nats://host:4222" → "host:4222".
std::string place_of(std::string_view url);

}  // namespace cdviz::nats
