// One network thread: its event loop, its connections, and one timer for all their deadlines.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "net/connection.h"
#include "net/connection_count.h"
#include "net/session.h"

namespace cdviz::net {

using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                boost::asio::wait_traits<std::chrono::steady_clock>,
                                                boost::asio::io_context::executor_type>;

class Worker {
 public:
  /// @param connections  open connections of all threads, counted down when one closes
  Worker(const ServerSettings& settings, const Clock& clock, const RouteTable& routes,
         std::shared_ptr<Budget> budget, HttpObserver& observer, ConnectionCount& connections);
  /// Ends the thread and every connection.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start();
  /// Ends the thread; connections are left as they are.
  void stop();
  boost::asio::io_context& io() { return io_; }

  /// Takes over a connection. From any thread; counted in `connections` already.
  void adopt(Socket socket, std::unique_ptr<TlsStream> tls, std::string remote_address,
             bool refuse);
  /// From any thread.
  void drain();
  /// Aborts every connection. From any thread.
  void close_all();

  // For the sessions, on this thread:
  ConnectionContext& context() { return context_; }
  std::span<char> read_buffer() { return read_buffer_; }
  void remove(Session& session);

 private:
  void take_answers();
  void sweep_later();
  void sweep();

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  Timer sweep_timer_;
  bool sweeping_ = false;
  const std::chrono::milliseconds sweep_interval_;
  ConnectionCount& connections_;
  ConnectionContext context_;
  std::vector<std::shared_ptr<Session>> sessions_;
  std::vector<Mailbox::Item> answers_;
  std::array<char, std::size_t{64} * 1024> read_buffer_{};
  std::jthread thread_;
};

}  // namespace cdviz::net
