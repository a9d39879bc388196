// The way of an answer back to its connection: from any thread, at any time, at most once, and
// never forgotten.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "net/budget.h"
#include "net/routes.h"

namespace cdviz::net {

class Connection;

/// Answers on their way to the connections of one network thread. After a group commit many arrive
/// at once: the thread is woken for the first, and finds the others.
class Mailbox {
 public:
  struct Item {
    std::weak_ptr<Connection> connection;
    std::uint64_t request = 0;
    Response response;
    bool more = false;  ///< no answer: the stream of the one under way has something
  };

  /// @param wake  makes the network thread call take() soon; called from any thread, not after
  /// close()
  explicit Mailbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  /// From any thread. After close() the item is dropped.
  void put(Item item);
  /// On the network thread: everything that is there, into `items` (which must be empty).
  void take(std::vector<Item>& items);
  /// Before what wake() uses is destroyed.
  void close();

  /// Set by the network thread when it starts.
  void owned_by_this_thread() { owner_.store(std::this_thread::get_id()); }
  void owned_by_nobody() { owner_.store(std::thread::id()); }
  bool is_owner() const { return owner_.load() == std::this_thread::get_id(); }

 private:
  std::mutex mutex_;
  std::vector<Item> items_;
  std::function<void()> wake_;
  bool closed_ = false;
  std::atomic<std::thread::id> owner_{};
};

/// One request that a handler has in its hands; all copies of its Reply share it.
class Exchange {
 public:
  Exchange(std::shared_ptr<Mailbox> mailbox, std::weak_ptr<Connection> connection,
           std::uint64_t request, Charge charge)
      : mailbox_(std::move(mailbox)),
        connection_(std::move(connection)),
        request_(request),
        charge_(std::move(charge)) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  /// Nobody can answer any more: 500.
  ~Exchange();

  /// The first call counts.
  void answer(Response response);

 private:
  std::shared_ptr<Mailbox> mailbox_;
  std::weak_ptr<Connection> connection_;
  std::uint64_t request_;
  Charge charge_;  ///< the body's bytes, which the handler holds
  std::atomic<bool> answered_{false};
};

}  // namespace cdviz::net
