// Expected failures are values. A fault is named for what the caller does next; there is no fourth
// thing to do.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <boost/system/result.hpp>

namespace cdviz {

/// What the caller of a failed operation does next.
enum class Fault : std::uint8_t {
  retry,   ///< The other end is away or busy: the same call may work later.
  reject,  ///< This event can never work: it goes to the dead letters.
  stop,  ///< We are wrong (password, schema, option): this component halts and readiness says why.
};

/// A failure: what to do, and a message that says what happened, where, and the fix. Never holds a
/// secret.
struct Error {
  Fault fault = Fault::retry;
  std::string message;
  /// A short stable word for metrics and dead letters: an SQLSTATE, "http_503", "queue_full". May
  /// be empty.
  std::string code = {};
  /// How long the other end asked us to wait (HTTP Retry-After). Only with Fault::retry.
  std::optional<std::chrono::milliseconds> retry_after = {};
};

/// Found by boost::system::result when value() is called on a failure: a bug in the caller, who did
/// not look.
[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
  throw std::logic_error("value() of a failed Result: " + error.message);
}

/// A value or an Error. Becomes std::expected when the compiler has it.
template <class T>
using Result = boost::system::result<T, Error>;

/// "retry", "reject" or "stop".
constexpr const char* to_string(Fault fault) {
  switch (fault) {
    case Fault::retry:
      return "retry";
    case Fault::reject:
      return "reject";
    case Fault::stop:
      return "stop";
  }
  return "unknown";
}

}  // namespace cdviz
