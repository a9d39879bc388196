// A server to be measured with wrk: runs until standard input closes, prints its port first.
//
//   http_bench server     the HTTP server with POST /, which answers 202 within the handler
//   http_bench later      the same, answered by another thread, all that wait at once (as a group
//                         commit does)
//   http_bench reference  an epoll loop that answers 202 to whatever it reads: what is possible
#include <array>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/server.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace {

using cdviz::net::Reply;
using cdviz::net::Request;

void wait_for_end_of_input() {
  std::array<char, 256> ignored{};
  while (::read(STDIN_FILENO, ignored.data(), ignored.size()) > 0) continue;
}

void tell(unsigned port) {
  std::printf("%u\n", port);
  std::fflush(stdout);
}

/// Answers all that wait, again and again.
class Later {
 public:
  void put(Reply reply) {
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(reply));
    }
    some_.notify_one();
  }

 private:
  void run(const std::stop_token& stop) {
    for (;;) {
      std::vector<Reply> replies;
      {
        std::unique_lock lock(mutex_);
        if (!some_.wait(lock, stop, [this] { return !waiting_.empty(); })) return;
        replies.swap(waiting_);
      }
      for (const Reply& reply : replies) reply({.status = 202});
    }
  }

  std::mutex mutex_;
  std::condition_variable_any some_;
  std::vector<Reply> waiting_;
  std::jthread thread_{[this](const std::stop_token& stop) { run(stop); }};
};

int serve(bool is_later) {
  const cdviz::SystemClock clock;
  cdviz::telemetry::Metrics metrics;
  cdviz::telemetry::Log log({}, clock);
  cdviz::net::Server server({.port = 0}, clock, metrics, log);
  Later later;
  const auto route = server.add({.method = "POST",
                                 .path = "/",
                                 .body_bytes_max = 1U << 20U,
                                 .handle = [&](Request, Reply reply) {
                                   if (is_later) return later.put(std::move(reply));
                                   reply({.status = 202});
                                 }});
  if (const auto started = server.start(); !route || !started) return EXIT_FAILURE;
  tell(server.port());
  wait_for_end_of_input();
  return EXIT_SUCCESS;
}

int serve_reference() {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(listener, 1024) != 0)
    return EXIT_FAILURE;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  const int poll = ::epoll_create1(0);
  const auto watch = [&](int fd) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    ::epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
  };
  watch(listener);
  watch(STDIN_FILENO);
  tell(ntohs(address.sin_port));
  constexpr std::string_view kAnswer =
      "HTTP/1.1 202 Accepted\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n";
  std::array<char, 65536> bytes{};
  std::array<epoll_event, 256> events{};
  for (;;) {
    const int count = ::epoll_wait(poll, events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events.at(static_cast<std::size_t>(i)).data.fd;
      if (fd == STDIN_FILENO) return EXIT_SUCCESS;
      if (fd == listener) {
        const int client = ::accept(listener, nullptr, nullptr);
        const int on = 1;
        ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(client);
      } else if (::recv(fd, bytes.data(), bytes.size(), 0) <= 0 ||
                 ::send(fd, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL) <= 0) {
        ::close(fd);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc == 2 ? argv[1] : "";
  if (mode == "server") return serve(false);
  if (mode == "later") return serve(true);
  if (mode == "reference") return serve_reference();
  std::fputs("usage: http_bench server|later|reference\n", stderr);
  return EXIT_FAILURE;
}
