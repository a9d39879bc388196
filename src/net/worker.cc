#include "net/worker.h"

#include <algorithm>
#include <csignal>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <pthread.h>

namespace cdviz::net {
namespace {

namespace asio = boost::asio;

/// A quarter of the shortest timeout, so that none is late by more; at most once a second, since
/// that is the bulk of the cost of a thousand idle connections.
std::chrono::milliseconds sweep_interval(const ServerSettings& settings) {
  const auto shortest = std::min({settings.header_timeout, settings.body_timeout,
                                  settings.keep_alive_timeout, settings.request_timeout});
  return std::clamp(shortest / 4, std::chrono::milliseconds(5), std::chrono::milliseconds(1000));
}

}  // namespace

Worker::Worker(const ServerSettings& settings, const Clock& clock, const RouteTable& routes,
               std::shared_ptr<Budget> budget, HttpObserver& observer, ConnectionCount& connections)
    : work_(io_.get_executor()),
      sweep_timer_(io_),
      sweep_interval_(sweep_interval(settings)),
      connections_(connections),
      context_{.settings = settings,
               .clock = clock,
               .routes = RouteCache(routes),
               .date = DateCache(clock),
               .mailbox = std::make_shared<Mailbox>(
                   [this] { asio::post(io_, [this] { take_answers(); }); }),
               .budget = std::move(budget),
               .observer = observer} {}

Worker::~Worker() {
  stop();
  context_.mailbox->close();
  while (!sessions_.empty()) sessions_.back()->close(true);
}

void Worker::start() {
  // Signals are the main thread's; SIGPIPE too, which OpenSSL's writes may raise.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::jthread([this] {
    context_.mailbox->owned_by_this_thread();
    io_.run();
    context_.mailbox->owned_by_nobody();
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Worker::stop() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

void Worker::adopt(Socket socket, std::unique_ptr<TlsStream> tls, std::string remote_address,
                   bool refuse) {
  auto session = std::make_shared<Session>(*this, std::move(socket), std::move(tls),
                                           std::move(remote_address));
  asio::dispatch(io_, [this, session = std::move(session), refuse] {
    session->index = sessions_.size();
    sessions_.push_back(session);
    context_.observer.connection_opened();
    sweep_later();
    session->open(refuse);
    if (context_.draining) session->drain();
  });
}

void Worker::remove(Session& session) {
  std::swap(sessions_[session.index], sessions_.back());
  sessions_[session.index]->index = session.index;
  sessions_.pop_back();
  connections_.remove();
  context_.observer.connection_closed();
}

void Worker::drain() {
  asio::post(io_, [this] {
    context_.draining = true;
    const auto sessions = sessions_;  // closing one changes the list
    for (const auto& session : sessions) session->drain();
  });
}

void Worker::close_all() {
  asio::post(io_, [this] {
    const auto sessions = sessions_;
    for (const auto& session : sessions) session->close(true);
  });
}

void Worker::take_answers() {
  context_.mailbox->take(answers_);
  for (auto& answer : answers_) {
    const auto connection = answer.connection.lock();
    if (!connection) continue;
    if (answer.more)
      connection->has_more(answer.request);
    else
      connection->answered(answer.request, std::move(answer.response));
  }
  answers_.clear();
}

/// The timer runs only while there are connections: an idle server does nothing.
void Worker::sweep_later() {
  if (sweeping_ || sessions_.empty()) return;
  sweeping_ = true;
  sweep_timer_.expires_after(sweep_interval_);
  sweep_timer_.async_wait([this](const boost::system::error_code& error) {
    sweeping_ = false;
    if (error) return;
    sweep();
    sweep_later();
  });
}

void Worker::sweep() {
  const auto now = context_.clock.now();
  std::vector<std::shared_ptr<Session>> late;
  std::copy_if(sessions_.begin(), sessions_.end(), std::back_inserter(late),
               [&](const auto& session) { return session->deadline() <= now; });
  for (const auto& session : late) session->deadline_passed();
}

}  // namespace cdviz::net
