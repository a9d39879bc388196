// Who listens on a port: so that "address in use" can say what to stop.
#pragma once

#include <cstdint>
#include <string>

namespace cdviz::net {

/// @returns "nginx (process 4711)", as far as this user may see it, read from /proc; else empty
std::string port_owner(std::uint16_t port);

}  // namespace cdviz::net
