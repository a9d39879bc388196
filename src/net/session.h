// A socket with its connection, on one network thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "net/connection.h"
#include "net/tls.h"

namespace cdviz::net {

class Worker;

/// The executor is typed: the type-erased one costs microseconds a request.
using Socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// Waits for readiness with Asio and does the reading and writing itself, into a buffer that all
/// sessions of the thread share: an idle connection holds no buffer.
class Session final : public Channel, public std::enable_shared_from_this<Session> {
 public:
  Session(Worker& worker, Socket socket, std::unique_ptr<TlsStream> tls,
          std::string remote_address);
  ~Session() override;

  void open(bool refuse);
  Connection& connection() { return connection_; }
  /// When deadline_passed() must be called.
  Connection::TimePoint deadline() const;
  void deadline_passed();
  void drain();

  void want_read() override;
  Sent send(std::string_view head, std::string_view body) override;
  void finish_sending() override;
  void close(bool abort) override;

  std::size_t index = 0;  ///< in the worker's list

 private:
  void handshake();
  void read();
  void write();
  IoStep write_some();
  template <class Then>
  void wait(boost::asio::socket_base::wait_type what, Then then);

  Worker& worker_;
  Socket socket_;
  std::unique_ptr<TlsStream> tls_;
  Connection connection_;
  bool handshaking_ = false;
  bool waiting_to_read_ = false;
  Connection::TimePoint handshake_deadline_ = Connection::TimePoint::max();
  std::string_view to_send_[2];
};

}  // namespace cdviz::net
