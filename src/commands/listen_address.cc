#include "commands/listen_address.h"

#include <cerrno>
#include <charconv>
#include <memory>
#include <system_error>

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/port_owner.h"

namespace cdviz::commands {

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const Error wrong{
      Fault::stop,
      fmt::format(
          "--listen wants HOST:PORT, for example 127.0.0.1:8080, [::1]:8080, or port 0 for a "
          "free one; it was given '{}'",
          text)};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  ListenAddress address;
  const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || failed != std::errc() || end != port.data() + port.size()) return wrong;
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string_view::npos) return wrong;
  address.host = host.empty() ? "127.0.0.1" : std::string(host);
  return address;
}

Result<void> check_free(const ListenAddress& address) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const std::string port = fmt::format("{}", address.port);
  if (getaddrinfo(address.host.c_str(), port.c_str(), &hints, &list) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> resolved(list, &freeaddrinfo);
  const int fd = ::socket(resolved->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;  // as the server does: a connection that was just closed is no obstacle
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const bool taken =
      fd >= 0 && ::bind(fd, resolved->ai_addr, resolved->ai_addrlen) != 0 && errno == EADDRINUSE;
  ::close(fd);
  if (!taken) return {};
  const std::string owner = net::port_owner(address.port);
  return Error{
      Fault::stop,
      fmt::format("{}:{} is taken by {}: stop that, or choose another address with --listen "
                  "HOST:PORT (port 0 is a free one)",
                  address.host, address.port, owner.empty() ? "another program" : owner)};
}

std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (c == '$') {
      result += "$$";  // or it could begin a ${VARIABLE}
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  return result + "\"";
}

}  // namespace cdviz::commands
