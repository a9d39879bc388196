#include "net/connection.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>

#include "net/body_stream.h"

namespace cdviz::net {
namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
/// How long and how much we read after the last answer, so that a client that is still sending sees
/// it: closing at once would make its system drop the answer (RFC 9112 §9.6).
constexpr std::chrono::seconds kLingerTime{2};
constexpr std::uint64_t kLingerBytesMax = std::uint64_t{16} * 1024 * 1024;
/// What a client may send behind a request that is answered by a stream.
constexpr std::uint64_t kUnreadBytesMax = std::uint64_t{64} * 1024;
/// A body up to here gets its memory in one piece.
constexpr std::size_t kReservedBodyBytes = std::size_t{64} * 1024;
/// Buffers above this are given back when idle.
constexpr std::size_t kKeptBytes = 4096;

bool is_known_method(std::string_view method) {
  static constexpr std::array kMethods{"GET",   "HEAD",   "POST",    "PUT",
                                       "PATCH", "DELETE", "OPTIONS", "TRACE"};
  return std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
}

Response refusal_response(int status, std::string_view detail) {
  Response response = problem(status, reason_phrase(status), detail);
  if (status == 503) response.headers.add("Retry-After", "1");
  return response;
}

}  // namespace

Connection::Connection(ConnectionContext& context, Channel& channel, std::string remote_address)
    : context_(context), channel_(channel), held_charge_(context.budget), charge_(context.budget) {
  answering_.remote_address = std::move(remote_address);
}

Connection::~Connection() { give_up_stream(); }

void Connection::opened(std::weak_ptr<Connection> self) {
  self_ = std::move(self);
  deadline_ = now() + context_.settings.header_timeout;
  channel_.want_read();
}

void Connection::refused() {
  request_start_ = now();
  refuse({503, "There are too many connections."});
}

void Connection::received(std::string_view bytes) {
  context_.observer.received(bytes.size());
  switch (state_) {
    case State::head:
    case State::body:
      if (held_.empty()) {
        run(bytes, false);
      } else {
        held_ += bytes;
        run(held_, true);
      }
      return;
    case State::lingering:
      taken_ += bytes.size();
      if (taken_ > kLingerBytesMax) return close();
      return channel_.want_read();
    case State::streaming:  // requests behind it are not answered; we read to see the client go
      taken_ += bytes.size();
      if (taken_ > kUnreadBytesMax) return close();
      return channel_.want_read();
    case State::handling:
    case State::sending:  // of an answer to a client that was too slow: nothing of it counts any
                          // more
    case State::closed:
      return;
  }
}

void Connection::run(std::string_view input, bool from_held) {
  running_ = true;
  for (bool more = true; more;) {
    more = state_ == State::head ? take_head(input) : state_ == State::body && take_body(input);
  }
  running_ = false;
  if (state_ == State::lingering) return linger(!input.empty());
  keep(input, from_held);
  if (state_ == State::head || state_ == State::body) channel_.want_read();
}

void Connection::keep(std::string_view rest, bool from_held) {
  if (state_ == State::closed) rest = {};
  if (rest.empty()) {
    held_.clear();
    if (held_.capacity() > kKeptBytes) held_ = std::string();
    held_charge_.release();
    return;
  }
  if (held_charge_.grow_to(rest.size())) {
    if (from_held) {
      held_.erase(0, held_.size() - rest.size());
    } else {
      held_ = rest;
    }
    return;
  }
  held_ = std::string();
  if (state_ == State::head || state_ == State::body) {
    refuse({503, "The server holds as many bytes of requests as it may."});
  } else {  // pipelined requests behind the one under way: they are not answered
    form_.keep_alive = false;
    unread_ = true;
  }
}

bool Connection::take_head(std::string_view& input) {
  if (!head_started_) {
    while (input.starts_with("\r\n")) input.remove_prefix(2);  // RFC 9112 §2.2
    if (input.empty() || input == "\r") return false;
    head_started_ = true;
    line_start_ = 0;
    request_start_ = now();
    deadline_ = request_start_ + context_.settings.header_timeout;
    form_ = ReplyForm{};
    unread_ = false;
    answering_.method.clear();
    answering_.path.clear();
  }
  const HeadEnd end = find_head_end(input, context_.settings.header_bytes_max, line_start_);
  if (end.refusal) {
    input = {};
    refuse(*end.refusal);
    return true;
  }
  if (end.size == 0) return false;
  head_started_ = false;
  request_ = Request{};
  request_.remote_address = answering_.remote_address;
  const auto refusal = parser_.head(input.substr(0, end.size), request_);
  input.remove_prefix(end.size);
  if (refusal) {
    input = {};
    refuse(*refusal);
    return true;
  }
  begin(input);
  return true;
}

void Connection::begin(std::string_view& input) {
  const Framing& framing = parser_.framing();
  form_.is_head = request_.method == "HEAD";
  form_.is_http_1_0 = !framing.is_http_1_1;
  form_.keep_alive = framing.keep_alive && !context_.draining;
  answering_.method = request_.method;
  answering_.path = request_.path;
  auto match = context_.routes.current().find(request_.method, request_.path);
  if (!match.entry) {
    if (!is_known_method(request_.method))
      return answer_early(refusal_response(501, "This server does not know the method."), input);
    if (match.allow.empty())
      return answer_early(refusal_response(404, "There is nothing at this path."), input);
    Response response = refusal_response(405, "This path does not take the method; see Allow.");
    response.headers.add("Allow", match.allow);
    return answer_early(std::move(response), input);
  }
  route_ = std::move(match.entry);
  if (!admit(input)) return;
  if (framing.content_length.value_or(0) > route_->route.body_bytes_max)
    return answer_early(refusal_response(413, "The body is larger than this route takes."), input);
  if (!framing.has_body) return handle();
  begin_body(input);
}

bool Connection::admit(std::string_view& input) {
  if (!route_->route.admit) return true;
  std::optional<Response> answer = refusal_response(503, "What answers here is being changed.");
  if (route_->enter()) {
    try {
      answer = route_->route.admit(request_);
    } catch (const std::exception& error) {
      context_.observer.handler_threw(answering_, error.what());
      answer = refusal_response(500, {});
    }
    route_->leave();
  }
  if (answer) answer_early(std::move(*answer), input);
  return !answer;
}

void Connection::begin_body(std::string_view input) {
  const Framing& framing = parser_.framing();
  state_ = State::body;
  taken_ = 0;
  body_start_ = request_start_;
  deadline_ = body_deadline();
  if (framing.content_length && *framing.content_length <= kReservedBodyBytes &&
      !make_room(*framing.content_length))
    return;
  if (!framing.expects_continue || !input.empty()) return;
  state_ = State::sending;
  sending_continue_ = true;
  const auto sent = channel_.send(kContinue, {});
  if (sent == Channel::Sent::all) return after_sending();
  if (sent == Channel::Sent::failed) close();
}

bool Connection::take_body(std::string_view& input) {
  if (input.empty()) return false;
  const auto length = parser_.framing().content_length;
  const std::size_t have = request_.body.size();
  if (!make_room(have +
                 (length ? std::min<std::size_t>(input.size(), *length - have) : input.size()))) {
    input = {};
    return true;
  }
  const auto step = parser_.body(input, route_->route.body_bytes_max, request_.body);
  input.remove_prefix(step.taken);
  taken_ += step.taken;
  if (step.refusal) {
    input = {};
    refuse(*step.refusal);
    return true;
  }
  if (!step.complete) {
    deadline_ = body_deadline();
    return false;
  }
  handle();
  return true;
}

/// Memory for the body comes in doubling steps, each asked from the budget first. Refuses the
/// request without.
bool Connection::make_room(std::size_t bytes) {
  std::string& body = request_.body;
  if (bytes <= body.capacity()) return true;
  std::uint64_t wanted = std::max<std::uint64_t>(bytes, std::uint64_t{2} * body.capacity());
  const auto length = parser_.framing().content_length;
  wanted = std::min(wanted,
                    std::max<std::uint64_t>(bytes, length.value_or(route_->route.body_bytes_max)));
  if (!charge_.grow_to(wanted)) {
    refuse({503, "The server holds as many bytes of requests as it may."});
    return false;
  }
  body.reserve(wanted);
  return true;
}

/// A body may take body_timeout, and after the first header_timeout it must have come at the lowest
/// rate we bear.
Connection::TimePoint Connection::body_deadline() const {
  const ServerSettings& settings = context_.settings;
  const auto earned =
      std::chrono::milliseconds(taken_ * 1000 / std::max<std::size_t>(settings.body_rate_min, 1));
  return body_start_ + std::min<std::chrono::milliseconds>(settings.body_timeout,
                                                           settings.header_timeout + earned);
}

void Connection::handle() {
  state_ = State::handling;
  ++request_number_;
  deadline_ = now() + context_.settings.request_timeout;
  if (!route_->enter()) return answer(refusal_response(503, "What answers here is being changed."));
  in_handler_ = true;
  {
    const auto exchange =
        std::make_shared<Exchange>(context_.mailbox, self_, request_number_, std::move(charge_));
    try {
      route_->route.handle(std::move(request_), [exchange](Response response) {
        exchange->answer(std::move(response));
      });
    } catch (const std::exception& error) {
      context_.observer.handler_threw(answering_, error.what());
      exchange->answer(refusal_response(500, {}));
    }
  }
  in_handler_ = false;
  route_->leave();
  if (!early_answer_) return;
  Response response = std::move(*early_answer_);
  early_answer_.reset();
  answer(std::move(response));
}

bool Connection::take_answer(std::uint64_t request, Response& response) {
  if (!in_handler_ || request != request_number_) return false;
  early_answer_ = std::move(response);
  return true;
}

void Connection::answered(std::uint64_t request, Response response) {
  if (state_ == State::handling && request == request_number_) answer(std::move(response));
}

/// Before the body was read: keeps the connection only when there is none, or all of it is here.
void Connection::answer_early(Response response, std::string_view& input) {
  const Framing& framing = parser_.framing();
  if (framing.has_body) {
    if (framing.content_length && *framing.content_length <= input.size()) {
      input.remove_prefix(*framing.content_length);
    } else {
      form_.keep_alive = false;
      unread_ = true;
      input = {};
    }
  }
  answer(std::move(response));
}

void Connection::refuse(const Refusal& refusal) {
  form_.keep_alive = false;
  unread_ = true;
  answer(refusal_response(refusal.status, refusal.detail));
}

void Connection::answer(Response response) {
  if (response.status < 200 || response.status > 599) response = refusal_response(500, {});
  context_.observer.answered(answering_, route_.get(), response.status, now() - request_start_);
  route_.reset();
  charge_.release();
  request_ = Request{};
  if (context_.draining) form_.keep_alive = false;
  out_.clear();
  form_.streamed = response.stream != nullptr;
  if (form_.streamed && !form_.is_head) return begin_stream(std::move(response));
  if (form_.streamed) response.stream->abandon();
  if (append_reply(out_, response, form_, context_.date.text()))
    out_body_ = std::move(response.body);
  context_.observer.sent(out_.size() + out_body_.size());
  state_ = State::sending;
  deadline_ = TimePoint::max();
  switch (channel_.send(out_, out_body_)) {
    case Channel::Sent::all:
      return after_sending();
    case Channel::Sent::later:
      deadline_ = now() + context_.settings.body_timeout;
      return;
    case Channel::Sent::failed:
      return close();
  }
}

void Connection::sent() {
  if (state_ != State::streaming) return after_sending();
  send_under_way_ = false;
  send_more();
}

/// Sends the head, then whatever the stream has and gets. One stream, one connection.
void Connection::begin_stream(Response response) {
  form_.keep_alive = false;
  append_reply(out_, response, form_, context_.date.text());
  stream_ = std::move(response.stream);
  stream_->attach([mailbox = context_.mailbox, self = self_, request = request_number_] {
    mailbox->put({self, request, {}, true});
  });
  state_ = State::streaming;
  taken_ = 0;
  send_under_way_ = false;
  send_more();
  if (state_ == State::streaming) channel_.want_read();
}

void Connection::has_more(std::uint64_t request) {
  if (state_ == State::streaming && request == request_number_ && !send_under_way_) send_more();
}

/// What stands in out_, and what the stream has, until it has nothing or the client takes no more.
void Connection::send_more() {
  for (;;) {
    auto [bytes, ended, failed] = stream_->take();
    if (failed) {
      give_up_stream();
      state_ = State::closed;
      return channel_.close(true);
    }
    if (!bytes.empty()) {
      if (!form_.is_http_1_0) {
        std::array<char, 16> digits{};
        const auto end =
            std::to_chars(digits.data(), digits.data() + digits.size(), bytes.size(), 16).ptr;
        out_.append(digits.data(), end);
        out_ += "\r\n";
        bytes += "\r\n";
      }
      out_body_ = std::move(bytes);
    }
    if (ended) {
      stream_.reset();
      if (!form_.is_http_1_0) (out_body_.empty() ? out_ : out_body_) += "0\r\n\r\n";
    }
    const bool nothing = out_.empty() && out_body_.empty();
    if (!nothing) {
      context_.observer.sent(out_.size() + out_body_.size());
      if (ended) state_ = State::sending;
      deadline_ = TimePoint::max();
      const auto sent = channel_.send(out_, out_body_);
      if (sent == Channel::Sent::failed) return close();
      if (sent == Channel::Sent::later) {
        deadline_ = now() + context_.settings.body_timeout;
        send_under_way_ = true;
        return;
      }
    }
    if (ended) return after_sending();
    out_.clear();
    out_body_.clear();
    deadline_ = TimePoint::max();
    if (nothing) return;
  }
}

void Connection::give_up_stream() {
  if (stream_) stream_->abandon();
  stream_.reset();
}

void Connection::after_sending() {
  if (sending_continue_) {
    sending_continue_ = false;
    state_ = State::body;
    if (!running_) run(held_, true);
    return;
  }
  out_body_ = std::string();
  if (out_.capacity() > 2 * kKeptBytes) out_ = std::string();
  if (form_.keep_alive) return await_head();
  state_ = State::lingering;
  if (!running_) linger(!held_.empty());
}

/// @param more_was_sent  requests behind the last one that is answered
void Connection::linger(bool more_was_sent) {
  held_ = std::string();
  held_charge_.release();
  if (!unread_ && !more_was_sent) return close();
  taken_ = 0;
  deadline_ = now() + kLingerTime;
  channel_.finish_sending();
  channel_.want_read();
}

void Connection::await_head() {
  state_ = State::head;
  deadline_ = now() + context_.settings.keep_alive_timeout;
  if (!running_) run(held_, true);
}

void Connection::deadline_passed() {
  switch (state_) {
    case State::head:
      if (!head_started_) return close();
      context_.observer.connection_timed_out("head");
      return refuse({408, "The head of the request did not come in time."});
    case State::body:
      context_.observer.connection_timed_out("body");
      return refuse({408, "The body of the request did not come in time."});
    case State::handling:
      return refuse({503, "The request could not be answered in time."});
    case State::sending:
    case State::streaming:
      context_.observer.connection_timed_out("answer");
      give_up_stream();
      state_ = State::closed;
      return channel_.close(true);
    case State::lingering:
      return close();
    case State::closed:
      return;
  }
}

void Connection::drain() {
  if (state_ == State::head && !head_started_ && held_.empty()) return close();
  form_.keep_alive = false;
}

void Connection::close() {
  give_up_stream();
  state_ = State::closed;
  deadline_ = TimePoint::max();
  channel_.close(false);
}

}  // namespace cdviz::net
