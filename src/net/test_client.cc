#include "net/test_client.h"

#include <array>
#include <charconv>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace cdviz::net::testing {

bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

std::string Answer::field(std::string_view name) const {
  for (std::string_view rest = head; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    rest.remove_prefix(std::min(rest.size(), line.size() + 2));
    const auto colon = line.find(": ");
    if (colon != std::string_view::npos && equal_ignoring_case(line.substr(0, colon), name))
      return std::string(line.substr(colon + 2));
  }
  return {};
}

Client::Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval patience{kPatience.count(), 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    ADD_FAILURE() << "cannot connect to port " << port;
}

Client::Client(Client&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), buffer_(std::move(other.buffer_)) {}

Client::~Client() {
  if (socket_ >= 0) ::close(socket_);
}

bool Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Client::fill() {
  std::array<char, 16384> bytes{};
  const auto got = ::recv(socket_, bytes.data(), bytes.size(), 0);
  if (got <= 0) return false;
  buffer_.append(bytes.data(), static_cast<std::size_t>(got));
  return true;
}

Answer Client::receive(bool head_only) {
  Answer answer;
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return answer;
  }
  answer.head = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);
  std::size_t length = 0;
  const std::string field = answer.field("Content-Length");
  std::from_chars(field.data(), field.data() + field.size(), length);
  while (!head_only && buffer_.size() < length) {
    if (!fill()) return answer;
  }
  if (!head_only) {
    answer.body = buffer_.substr(0, length);
    buffer_.erase(0, length);
  }
  std::from_chars(answer.head.data() + 9, answer.head.data() + 12, answer.status);
  return answer;
}

Answer Client::ask(std::string_view bytes) {
  send(bytes);  // a server that has enough may have closed: it has answered before
  return receive();
}

bool Client::is_closed() {
  std::array<char, 16384> bytes{};
  for (;;) {
    const auto got = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (got == 0) return true;
    if (got < 0) return errno == ECONNRESET;
  }
}

TestServer::TestServer() : log_fd(::memfd_create("log", MFD_CLOEXEC)), log({.fd = log_fd}, clock) {
  settings.port = 0;
}

Server& TestServer::start() {
  server = std::make_unique<Server>(settings, clock, metrics, log);
  const auto started = server->start();
  EXPECT_TRUE(started) << started.error().message;
  return *server;
}

void TestServer::add(Route route) {
  auto added = server->add(std::move(route));
  ASSERT_TRUE(added) << added.error().message;
  registrations.push_back(std::move(*added));
}

double TestServer::metric(std::string_view line_start) {
  const std::string text = metrics.text();
  const auto at = text.find("\n" + std::string(line_start) + " ");
  if (at == std::string::npos) return 0;
  return std::stod(text.substr(at + 2 + line_start.size()));
}

std::string TestServer::log_text() const {
  std::string text(static_cast<std::size_t>(::lseek(log_fd, 0, SEEK_END)), '\0');
  const auto got = ::pread(log_fd, text.data(), text.size(), 0);
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return text;
}

}  // namespace cdviz::net::testing
