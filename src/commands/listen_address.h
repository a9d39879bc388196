// HOST:PORT on the command line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace cdviz::commands {

struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;
};

/// "127.0.0.1:8080", "[::1]:8080", "localhost:0" (0: a free port), ":8080" (127.0.0.1).
/// @returns Fault::stop with the forms that are right
Result<ListenAddress> parse_listen_address(std::string_view text);

/// Whether the port can be listened on now. Addresses that do not resolve are left to the server,
/// which explains them.
/// @returns Fault::stop with who has the port, and the option that chooses another
Result<void> check_free(const ListenAddress& address);

/// A TOML basic string that config reads back as `text`, whatever is in it.
std::string toml_string(std::string_view text);

}  // namespace cdviz::commands
