#include "net/server.h"

#include <future>
#include <optional>
#include <thread>
#include <vector>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <sys/resource.h>

#include "net/http_observer.h"
#include "net/port_owner.h"
#include "net/route_table.h"
#include "net/tls.h"
#include "net/worker.h"

namespace cdviz::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;

/// Connections above the limit that are told so; those above these are closed at once.
constexpr std::size_t kRefusalsAtATime = 64;
/// Files that are left to the rest of the program.
constexpr std::size_t kReservedFiles = 128;
/// How long no connection is accepted after the system had no file or memory for one.
constexpr std::chrono::milliseconds kAcceptPause{100};

std::string address_text(const tcp::endpoint& endpoint) {
  const auto& address = endpoint.address();
  const std::string host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
  return host + ":" + std::to_string(endpoint.port());
}

Result<tcp::endpoint> resolve(asio::io_context& io, const ServerSettings& settings) {
  error_code error;
  const auto address = asio::ip::make_address(settings.host, error);
  if (!error) return tcp::endpoint(address, settings.port);
  asio::ip::basic_resolver<tcp, asio::io_context::executor_type> resolver(io);
  const auto found =
      resolver.resolve(settings.host, std::to_string(settings.port), tcp::resolver::passive, error);
  if (error || found.empty())
    return Error{Fault::stop, "cannot listen on http.host = \"" + settings.host +
                                  "\": " + error.message() + "; give an address of this machine"};
  return found.begin()->endpoint();
}

Error cannot_listen(const tcp::endpoint& endpoint, const error_code& error) {
  const std::string what = "cannot listen on " + address_text(endpoint) + ": ";
  if (error == asio::error::address_in_use) {
    const std::string owner = port_owner(endpoint.port());
    return {Fault::stop, what + "the port is taken" + (owner.empty() ? "" : " by " + owner) +
                             "; stop that, or set http.port (0: a free one)"};
  }
  if (error == asio::error::access_denied)
    return {Fault::stop, what + "ports below 1024 need a privilege; set http.port"};
  return {Fault::stop, what + error.message() + "; set http.host and http.port"};
}

}  // namespace

struct Server::Impl {
  Impl(ServerSettings s, const Clock& c, telemetry::Metrics& metrics, telemetry::Log& log)
      : settings(std::move(s)),
        clock(c),
        observer(metrics, log),
        routes(metrics),
        budget(std::make_shared<Budget>(settings.in_flight_bytes_max)) {
    auto& in_flight =
        metrics.gauge("cdviz_http_in_flight_bytes", "Bytes of requests being read or handled.");
    scrape = metrics.before_scrape(
        [&in_flight, shared = budget] { in_flight.Set(static_cast<double>(shared->used())); });
    if (!settings.tls.certificate.empty()) tls.emplace(settings.tls, clock, log);
  }

  Result<void> listen(asio::io_context& io);
  void limit_connections();
  void accept();
  void accepted(Worker& worker, Socket socket);

  ServerSettings settings;
  const Clock& clock;
  HttpObserver observer;
  RouteTable routes;
  std::shared_ptr<Budget> budget;
  telemetry::Metrics::Handle scrape;
  std::optional<TlsCredentials> tls;  ///< used on the accepting thread
  ConnectionCount connections;
  std::vector<std::unique_ptr<Worker>> workers;
  std::optional<Acceptor> acceptor;  ///< on the first worker's thread
  std::optional<Timer> accept_pause;
  std::size_t next_worker = 0;
  tcp::endpoint local;
  bool started = false;
};

Server::Server(ServerSettings settings, const Clock& clock, telemetry::Metrics& metrics,
               telemetry::Log& log)
    : impl_(std::make_unique<Impl>(std::move(settings), clock, metrics, log)) {}

Server::~Server() {
  for (auto& worker : impl_->workers) worker->stop();
  impl_->accept_pause.reset();
  impl_->acceptor.reset();
}

Result<Routes::Registration> Server::add(Route route) {
  return impl_->routes.add(std::move(route));
}

std::uint16_t Server::port() const { return impl_->local.port(); }

std::string Server::url() const {
  if (!impl_->settings.root_url.empty()) return impl_->settings.root_url;
  tcp::endpoint reachable = impl_->local;
  if (reachable.address().is_unspecified()) {
    reachable.address(reachable.address().is_v6()
                          ? asio::ip::address(asio::ip::address_v6::loopback())
                          : asio::ip::address(asio::ip::address_v4::loopback()));
  }
  return (impl_->tls ? "https://" : "http://") + address_text(reachable);
}

Result<void> Server::Impl::listen(asio::io_context& io) {
  const auto endpoint = resolve(io, settings);
  if (!endpoint) return endpoint.error();
  acceptor.emplace(io);
  error_code error;
  acceptor->open(endpoint->protocol(), error);
  if (!error) acceptor->set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor->bind(*endpoint, error);
  if (!error) acceptor->listen(asio::socket_base::max_listen_connections, error);
  if (!error) local = acceptor->local_endpoint(error);
  if (error) return cannot_listen(*endpoint, error);
  return boost::system::in_place_value;
}

/// Every connection is a file: more than the system gives would starve the queue and the sinks.
void Server::Impl::limit_connections() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  const std::size_t usable =
      files.rlim_cur > 2 * kReservedFiles ? files.rlim_cur - kReservedFiles : files.rlim_cur / 2;
  if (settings.connections_max <= usable) return;
  observer.log().warn("http", "connections limited by open files",
                      {{"connections_max", settings.connections_max},
                       {"open_files", files.rlim_cur},
                       {"limit", usable}});
  settings.connections_max = usable;
}

Result<void> Server::start() {
  Impl& impl = *impl_;
  impl.limit_connections();
  if (impl.tls) {
    if (const auto loaded = impl.tls->load(); !loaded) return loaded.error();
  }
  for (unsigned i = 0; i < std::max(impl.settings.threads, 1U); ++i) {
    impl.workers.push_back(std::make_unique<Worker>(impl.settings, impl.clock, impl.routes,
                                                    impl.budget, impl.observer, impl.connections));
  }
  asio::io_context& io = impl.workers.front()->io();
  if (const auto listening = impl.listen(io); !listening) return listening.error();
  impl.accept_pause.emplace(io);
  asio::post(io, [&impl] { impl.accept(); });
  for (auto& worker : impl.workers) worker->start();
  impl.started = true;
  return boost::system::in_place_value;
}

void Server::Impl::accept() {
  Worker& worker = *workers[next_worker++ % workers.size()];
  acceptor->async_accept(worker.io(), [this, &worker](const error_code& error, Socket socket) {
    if (!acceptor->is_open()) return;
    if (error) {
      observer.log().warn("http", "cannot accept a connection", {{"error", error.message()}});
      accept_pause->expires_after(kAcceptPause);
      accept_pause->async_wait([this](const error_code& cancelled) {
        if (!cancelled && acceptor->is_open()) accept();
      });
      return;
    }
    accepted(worker, std::move(socket));
    accept();
  });
}

void Server::Impl::accepted(Worker& worker, Socket socket) {
  const std::size_t open = connections.add();
  const bool refuse = open > settings.connections_max;
  if (refuse) observer.connection_refused();
  error_code error;
  const tcp::endpoint peer = socket.remote_endpoint(error);
  // To refuse a TLS client in words would take a handshake.
  if (error || (refuse && tls) || open > settings.connections_max + kRefusalsAtATime) {
    socket.close(error);
    connections.remove();
    return;
  }
  socket.set_option(tcp::no_delay(true), error);  // an optimisation: without it all works
  socket.native_non_blocking(true, error);
  auto stream = tls ? tls->accept(socket.native_handle()) : nullptr;
  worker.adopt(std::move(socket), std::move(stream), address_text(peer), refuse);
}

void Server::stop_accepting() {
  if (!impl_->started) return;
  std::promise<void> closed;
  asio::post(impl_->workers.front()->io(), [&] {
    error_code ignored;  // closed is closed
    impl_->acceptor->close(ignored);
    closed.set_value();
  });
  closed.get_future().wait();
}

bool Server::drain(std::chrono::milliseconds timeout) {
  if (!impl_->started) return true;
  stop_accepting();
  for (auto& worker : impl_->workers) worker->drain();
  if (impl_->connections.wait_for_none(timeout)) return true;
  for (auto& worker : impl_->workers) worker->close_all();
  return false;
}

}  // namespace cdviz::net
