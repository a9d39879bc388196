// TLS of the server over OpenSSL, without Asio's stream: that holds four buffers of 17 KiB a
// connection, so that a thousand slow handshakes would be 70 MiB.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"
#include "net/server.h"

namespace cdviz::telemetry {
class Log;
}

namespace cdviz::net {

/// What one step on a non-blocking socket did.
struct IoStep {
  enum class Kind : std::uint8_t { done, want_read, want_write, ended } kind = Kind::ended;
  std::size_t bytes = 0;  ///< with done
};

/// The server's side of one TLS connection. Not thread-safe.
class TlsStream {
 public:
  /// @param context  an SSL_CTX; kept alive
  /// @param socket   a non-blocking socket, which stays the caller's
  TlsStream(void* context, int socket);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  IoStep handshake();
  /// Reads until `into` is full or the socket is empty.
  IoStep read(std::span<char> into);
  IoStep write(std::string_view bytes);
  /// Says that nothing more comes (close_notify), as far as the socket takes it.
  void finish();
  /// Whether bytes wait that the socket would not tell of.
  bool has_pending() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The certificate and key in use, read again when their files change. Not thread-safe.
class TlsCredentials {
 public:
  TlsCredentials(TlsSettings settings, const Clock& clock, telemetry::Log& log);
  ~TlsCredentials();
  TlsCredentials(const TlsCredentials&) = delete;
  TlsCredentials& operator=(const TlsCredentials&) = delete;

  /// Reads the files. @returns Fault::stop: which file, what is wrong
  Result<void> load();
  /// For a new connection: looks at the files if the last look is check_interval ago. A pair that
  /// cannot be used is logged, and the old one stays.
  std::unique_ptr<TlsStream> accept(int socket);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cdviz::net
