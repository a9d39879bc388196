// What the server says to a pull request beside messages: inline statuses
// (https://docs.nats.io/reference/reference-protocols/nats_api_reference). A pure function.
#pragma once

#include <cstdint>
#include <string_view>

namespace cdviz::sources::nats {

enum class PullAnswer : std::uint8_t {
  heartbeat,   ///< the request stands, nothing to deliver yet
  ended,       ///< the request is over: ask again
  too_large,   ///< the next message is larger than the request allows: ask for it alone
  pause,       ///< the request is over, and not for good: ask again in a moment
  look_again,  ///< the consumer is gone or not as we knew it: look it up
};

/// @param status  of the inline status  @param text  the server's words
PullAnswer meaning_of(int status, std::string_view text);

}  // namespace cdviz::sources::nats
