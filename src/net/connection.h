// What an HTTP/1.1 connection does with the bytes it receives: requests one after the other,
// answered in order. Sans-io: the socket, the clock's ticks and the thread are the caller's
// (worker.cc), so that no call here waits.
//
//   head ──► body ──► handling ──► sending ──► head …        a refusal goes straight to sending,
//   then
//                                          └─► lingering     lingering: the client may still read
//                                          why
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "net/budget.h"
#include "net/exchange.h"
#include "net/http_observer.h"
#include "net/reply_writer.h"
#include "net/request_parser.h"
#include "net/route_table.h"
#include "net/server.h"

namespace cdviz::net {

/// The socket below a connection. Calls come from the connection, on its thread.
class Channel {
 public:
  virtual ~Channel() = default;
  /// Asks for one Connection::received() or closed_by_peer(), later.
  virtual void want_read() = 0;
  enum class Sent : std::uint8_t {
    all,    ///< handed to the kernel
    later,  ///< Connection::sent() follows; the bytes must stay until then
    failed  ///< the connection is gone
  };
  virtual Sent send(std::string_view head, std::string_view body) = 0;
  /// Tells the peer that nothing more comes; it may still send.
  virtual void finish_sending() = 0;
  /// Ends everything; no call to the connection follows.
  /// @param abort  throw away what the peer has not taken, rather than leave it to the kernel
  virtual void close(bool abort) = 0;
};

/// What the connections of one network thread share. Outlives them.
struct ConnectionContext {
  const ServerSettings& settings;
  const Clock& clock;
  RouteCache routes;
  DateCache date;
  std::shared_ptr<Mailbox> mailbox;
  std::shared_ptr<Budget> budget;
  HttpObserver& observer;
  bool draining = false;
};

/// Not thread-safe: lives on one network thread, inside a session that owns it and the channel.
class Connection {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Connection(ConnectionContext& context, Channel& channel, std::string remote_address);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// @param self  a handle to this object that keeps its owner alive while it is locked
  void opened(std::weak_ptr<Connection> self);
  /// Instead of opened(): answers 503 and closes, since there are too many connections.
  void refused();
  void received(std::string_view bytes);
  void closed_by_peer() { close(); }
  void sent();
  /// An answer out of the mailbox; too late ones are dropped.
  void answered(std::uint64_t request, Response response);
  /// Out of the mailbox: the stream of that answer has something.
  void has_more(std::uint64_t request);
  /// An answer given within the handler's own call. @returns false if that is not where we are
  bool take_answer(std::uint64_t request, Response& response);
  /// When deadline_passed() must be called.
  TimePoint deadline() const { return deadline_; }
  void deadline_passed();
  /// Idle ones close now, others after the answer under way. ConnectionContext::draining is set.
  void drain();

 private:
  enum class State : std::uint8_t {
    head,
    body,
    handling,
    sending,
    streaming,  ///< as sending, and more may come
    lingering,
    closed
  };

  void run(std::string_view input, bool from_held);
  void keep(std::string_view rest, bool from_held);
  /// These two return whether to go on: false when more bytes are needed.
  bool take_head(std::string_view& input);
  bool take_body(std::string_view& input);
  void begin(std::string_view& input);
  bool admit(std::string_view& input);
  void begin_body(std::string_view input);
  bool make_room(std::size_t bytes);
  void handle();
  void refuse(const Refusal& refusal);
  void answer_early(Response response, std::string_view& input);
  void answer(Response response);
  void begin_stream(Response response);
  void send_more();
  void give_up_stream();
  void after_sending();
  void linger(bool more_was_sent);
  void await_head();
  void close();
  TimePoint now() const { return context_.clock.now(); }
  TimePoint body_deadline() const;

  ConnectionContext& context_;
  Channel& channel_;
  std::weak_ptr<Connection> self_;
  State state_ = State::head;
  TimePoint deadline_ = TimePoint::max();

  std::string held_;  ///< bytes received and not yet used
  Charge held_charge_;
  std::size_t line_start_ = 0;  ///< find_head_end's
  bool head_started_ = false;
  bool running_ = false;  ///< run() is below us on the stack

  RequestParser parser_;
  Request request_;
  Charge charge_;            ///< for request_.body
  std::uint64_t taken_ = 0;  ///< bytes of the body on the wire; while lingering, those thrown away
  RequestHead answering_;  ///< method, path and remote address of the request, for metrics and log
  std::shared_ptr<RouteEntry> route_;
  std::uint64_t request_number_ = 0;
  TimePoint request_start_{};
  TimePoint body_start_{};
  bool in_handler_ = false;
  std::optional<Response> early_answer_;

  ReplyForm form_;
  bool sending_continue_ = false;
  std::shared_ptr<BodyStream> stream_;
  bool send_under_way_ = false;  ///< while streaming: sent() follows
  bool unread_ = false;          ///< the client may be sending what nobody reads
  std::string out_;
  std::string out_body_;
};

}  // namespace cdviz::net
