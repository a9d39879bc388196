#include "nats/testing/server.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cdviz::nats::testing {
namespace {

namespace fs = std::filesystem;
constexpr std::chrono::seconds kStart{30};

fs::path program() {
  for (const auto* place :
       {"/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server"}) {
    if (fs::exists(place)) return place;
  }
  return {};
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd, generic, size) != 0 || ::getsockname(fd, generic, &size) != 0) {
    throw std::runtime_error("no free port");
  }
  ::close(fd);
  return ntohs(address.sin_port);
}

/// True once it greets us.
bool answers(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(port);
  std::array<char, 4> greeting{};
  const bool greets = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                      ::recv(fd, greeting.data(), greeting.size(), 0) == 4;
  ::close(fd);
  return greets && std::string(greeting.data(), 4) == "INFO";
}

std::string text_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

}  // namespace

std::string Server::missing() {
  return program().empty() ? "skipped: nats-server is not installed (package nats-server)" : "";
}

Server& Server::shared() {
  static Server server;
  return server;
}

Server::Server(std::string more) : more_(std::move(more)) {
  std::string name = "/tmp/cdviz-nats-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory under /tmp");
  directory_ = name;
  port_ = free_port();
  start();
}

Server::~Server() {
  stop(SIGKILL);
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void Server::start() {
  std::ofstream(directory_ / "server.conf")
      << fmt::format("listen: \"127.0.0.1:{}\"\njetstream: {{ store_dir: \"{}\" }}\n", port_,
                     (directory_ / "store").string())
      << "lame_duck_duration: \"30s\"\nlame_duck_grace_period: \"500ms\"\n"
      << more_;
  const std::string path = program().string();
  const std::string configuration = (directory_ / "server.conf").string();
  const std::string log = (directory_ / "server.log").string();
  pid_ = ::fork();
  if (pid_ == 0) {
    const int fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ::dup2(fd, 1);
    ::dup2(fd, 2);
    ::execl(path.c_str(), path.c_str(), "-c", configuration.c_str(), nullptr);
    ::_exit(127);
  }
  const auto end = std::chrono::steady_clock::now() + kStart;
  while (!answers(port_)) {
    if (std::chrono::steady_clock::now() > end || ::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      throw std::runtime_error("nats-server does not start: " + text_of(log));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void Server::stop(int signal) {
  if (pid_ <= 0) return;
  ::kill(pid_, signal);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

}  // namespace cdviz::nats::testing
