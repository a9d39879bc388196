#include "net/session.h"

#include <array>
#include <cerrno>

#include <boost/asio/post.hpp>
#include <sys/socket.h>
#include <sys/uio.h>

#include "net/worker.h"

namespace cdviz::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

IoStep step_of(ssize_t result, IoStep::Kind when_blocked) {
  if (result > 0) return {IoStep::Kind::done, static_cast<std::size_t>(result)};
  if (result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {when_blocked};
  return {IoStep::Kind::ended};
}

IoStep receive(int socket, std::span<char> into) {
  ssize_t result = 0;
  do {
    result = ::recv(socket, into.data(), into.size(), MSG_DONTWAIT);
  } while (result < 0 && errno == EINTR);
  return step_of(result, IoStep::Kind::want_read);
}

/// One gather write of both parts.
IoStep transmit(int socket, std::string_view head, std::string_view body) {
  const auto part = [](std::string_view text) {
    return iovec{const_cast<char*>(text.data()), text.size()};  // NOLINT: the kernel only reads
  };
  std::array<iovec, 2> parts{part(head), part(body)};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  ssize_t result = 0;
  do {
    result = body.empty() ? ::send(socket, head.data(), head.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                          : ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (result < 0 && errno == EINTR);
  return step_of(result, IoStep::Kind::want_write);
}

}  // namespace

Session::Session(Worker& worker, Socket socket, std::unique_ptr<TlsStream> tls,
                 std::string remote_address)
    : worker_(worker),
      socket_(std::move(socket)),
      tls_(std::move(tls)),
      connection_(worker.context(), *this, std::move(remote_address)) {}

Session::~Session() = default;

void Session::open(bool refuse) {
  if (refuse) return connection_.refused();
  if (!tls_)
    return connection_.opened({std::shared_ptr<Connection>(shared_from_this(), &connection_)});
  handshaking_ = true;
  const ConnectionContext& context = worker_.context();
  handshake_deadline_ = context.clock.now() + context.settings.header_timeout;
  wait(Socket::wait_read, &Session::handshake);
}

Connection::TimePoint Session::deadline() const {
  return handshaking_ ? handshake_deadline_ : connection_.deadline();
}

void Session::deadline_passed() {
  if (!handshaking_) return connection_.deadline_passed();
  worker_.context().observer.connection_timed_out("handshake");
  close(true);
}

void Session::drain() {
  if (handshaking_) return close(true);
  connection_.drain();
}

template <class Then>
void Session::wait(asio::socket_base::wait_type what, Then then) {
  socket_.async_wait(what, [self = shared_from_this(), then](const error_code& error) {
    if (!error && self->socket_.is_open()) ((*self).*then)();
  });
}

void Session::handshake() {
  if (!handshaking_) return;
  switch (tls_->handshake().kind) {
    case IoStep::Kind::want_read:
      return wait(Socket::wait_read, &Session::handshake);
    case IoStep::Kind::want_write:
      return wait(Socket::wait_write, &Session::handshake);
    case IoStep::Kind::ended:
      return close(false);
    case IoStep::Kind::done:
      handshaking_ = false;
      connection_.opened({std::shared_ptr<Connection>(shared_from_this(), &connection_)});
  }
}

void Session::want_read() {
  if (waiting_to_read_ || !socket_.is_open()) return;
  waiting_to_read_ = true;
  if (tls_ && tls_->has_pending()) {
    asio::post(socket_.get_executor(), [self = shared_from_this()] {
      if (self->socket_.is_open()) self->read();
    });
    return;
  }
  wait(Socket::wait_read, &Session::read);
}

void Session::read() {
  waiting_to_read_ = false;
  const std::span<char> buffer = worker_.read_buffer();
  const IoStep step = tls_ ? tls_->read(buffer) : receive(socket_.native_handle(), buffer);
  switch (step.kind) {
    case IoStep::Kind::done:
      return connection_.received({buffer.data(), step.bytes});
    case IoStep::Kind::want_read:
      return want_read();
    case IoStep::Kind::want_write:  // TLS wants to say something of its own first
      waiting_to_read_ = true;
      return wait(Socket::wait_write, &Session::read);
    case IoStep::Kind::ended:
      return connection_.closed_by_peer();
  }
}

Channel::Sent Session::send(std::string_view head, std::string_view body) {
  to_send_[0] = head;
  to_send_[1] = body;
  const IoStep step = write_some();
  if (step.kind == IoStep::Kind::done) return Sent::all;
  if (step.kind == IoStep::Kind::ended) return Sent::failed;
  wait(step.kind == IoStep::Kind::want_read ? Socket::wait_read : Socket::wait_write,
       &Session::write);
  return Sent::later;
}

void Session::write() {
  const IoStep step = write_some();
  if (step.kind == IoStep::Kind::done) return connection_.sent();
  if (step.kind == IoStep::Kind::ended) return connection_.closed_by_peer();
  wait(step.kind == IoStep::Kind::want_read ? Socket::wait_read : Socket::wait_write,
       &Session::write);
}

/// Sends until all is sent (done) or the socket takes no more.
IoStep Session::write_some() {
  auto& [head, body] = to_send_;
  while (!head.empty() || !body.empty()) {
    if (head.empty()) std::swap(head, body);
    const IoStep step = tls_ ? tls_->write(head) : transmit(socket_.native_handle(), head, body);
    if (step.kind != IoStep::Kind::done) return step;
    const std::size_t of_head = std::min(step.bytes, head.size());
    head.remove_prefix(of_head);
    body.remove_prefix(step.bytes - of_head);
  }
  return {IoStep::Kind::done};
}

void Session::finish_sending() {
  if (tls_) tls_->finish();
  error_code ignored;  // the peer may be gone already
  socket_.shutdown(Socket::shutdown_send, ignored);
}

void Session::close(bool abort) {
  if (!socket_.is_open()) return;
  handshaking_ = false;
  error_code ignored;  // nothing is left to be done about it
  if (abort) {
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  } else if (tls_) {
    tls_->finish();
  }
  socket_.close(ignored);
  worker_.remove(*this);
}

}  // namespace cdviz::net
