// The keys that requests are signed with, and where they come from.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "core/event.h"
#include "core/result.h"

namespace cdviz::aws {

/// A secret: never log or print one.
struct Credentials {
  std::string access_key_id = {};
  std::string secret_access_key = {};
  std::string session_token = {};           ///< of temporary credentials
  std::optional<WallTime> expires_at = {};  ///< of temporary credentials
};

/// Safe to call from any thread.
class CredentialsProvider {
 public:
  virtual ~CredentialsProvider() = default;
  /// Those of now: kept in memory, and fetched anew before they expire. May take as long as the
  /// network calls behind it, each of which has a time-out.
  /// @returns Fault::stop when there are none to be had, Fault::retry when whoever hands them out
  /// does not answer
  virtual Result<Credentials> get(const std::stop_token& stop) = 0;
  /// A server says that these have expired: the next get() fetches others.
  virtual void expired(const Credentials& credentials) = 0;
};

}  // namespace cdviz::aws
