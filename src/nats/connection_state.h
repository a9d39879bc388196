// What a connection and its subscriptions share, for connection.cc and subscription.cc alone: they
// are what knows libnats.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <nats/nats.h>

#include "nats/connection.h"

namespace cdviz::nats {

/// How long destructors wait for the last callback of libnats: it comes at once.
inline constexpr std::chrono::seconds kLastCallback{10};

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

inline std::string text_of(const char* text) { return text != nullptr ? text : ""; }

/// A message of libnats with what it holds copied; a status that the server wrote is read.
Incoming incoming_of(natsMsg* message);

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
  Latch closed;
  mutable std::mutex mutex;
  std::optional<Error> failure;
};

}  // namespace cdviz::nats
