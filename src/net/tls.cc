#include "net/tls.h"

#include <algorithm>
#include <array>
#include <tuple>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include "telemetry/log.h"

namespace cdviz::net {
namespace {

using ContextPtr = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

/// What OpenSSL complains about, and a clean queue of errors.
std::string openssl_error() {
  std::array<char, 256> text{};
  const auto code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown error";
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

Error wrong(std::string_view option, const std::string& file) {
  return {Fault::stop, "http.tls." + std::string(option) + " = \"" + file +
                           "\" cannot be used: " + openssl_error()};
}

/// We speak HTTP/1.1 only; a client that does not offer it goes on without ALPN.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  static constexpr std::array<unsigned char, 9> kOurs{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* selected = nullptr;
  if (SSL_select_next_proto(&selected, chosen_size, kOurs.data(), kOurs.size(), offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *chosen = selected;
  return SSL_TLSEXT_ERR_OK;
}

Result<ContextPtr> make_context(const TlsSettings& settings) {
  ContextPtr context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  if (!context) return Error{Fault::stop, "TLS cannot be set up: " + openssl_error()};
  SSL_CTX* const ctx = context.get();
  SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
  SSL_CTX_set_options(
      ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(ctx, &choose_protocol, nullptr);
  // Without this OpenSSL asks for an encrypted key's password on the terminal.
  SSL_CTX_set_default_passwd_cb(ctx, [](char*, int, int, void*) { return -1; });
  if (SSL_CTX_use_certificate_chain_file(ctx, settings.certificate.c_str()) != 1)
    return wrong("certificate", settings.certificate);
  if (SSL_CTX_use_PrivateKey_file(ctx, settings.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(ctx) != 1)
    return wrong("key", settings.key);
  if (settings.client_ca.empty()) return context;
  const std::string& ca = settings.client_ca;
  STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(ca.c_str());
  if (names == nullptr || SSL_CTX_load_verify_locations(ctx, ca.c_str(), nullptr) != 1)
    return wrong("client_ca", ca);
  SSL_CTX_set_client_CA_list(ctx, names);  // takes it over
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  static constexpr std::string_view kSessions =
      "cdviz";  // sessions resume only with the same peer check
  SSL_CTX_set_session_id_context(ctx, reinterpret_cast<const unsigned char*>(kSessions.data()),
                                 kSessions.size());
  return context;
}

/// Changes when a file is written or replaced.
using FileState = std::tuple<dev_t, ino_t, time_t, long, off_t>;

FileState state_of(const std::string& file) {
  struct stat info {};
  if (file.empty() || ::stat(file.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino, info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_size};
}

}  // namespace

struct TlsStream::Impl {
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl;
};

TlsStream::TlsStream(void* context, int socket)
    : impl_(std::make_unique<Impl>(Impl{{SSL_new(static_cast<SSL_CTX*>(context)), &SSL_free}})) {
  SSL_set_fd(impl_->ssl.get(), socket);
  SSL_set_accept_state(impl_->ssl.get());
}
TlsStream::~TlsStream() = default;

namespace {

IoStep step_of(SSL* ssl, int result) {
  const int error = SSL_get_error(ssl, result);
  if (error == SSL_ERROR_WANT_READ) return {IoStep::Kind::want_read};
  if (error == SSL_ERROR_WANT_WRITE) return {IoStep::Kind::want_write};
  ERR_clear_error();  // the queue is the thread's: it would be taken for the next connection's
  return {IoStep::Kind::ended};
}

}  // namespace

IoStep TlsStream::handshake() {
  SSL* const ssl = impl_->ssl.get();
  const int result = SSL_do_handshake(ssl);
  return result == 1 ? IoStep{IoStep::Kind::done} : step_of(ssl, result);
}

IoStep TlsStream::read(std::span<char> into) {
  SSL* const ssl = impl_->ssl.get();
  std::size_t total = 0;
  while (total < into.size()) {
    const auto room = std::min<std::size_t>(into.size() - total, 1U << 30U);
    const int result = SSL_read(ssl, into.data() + total, static_cast<int>(room));
    if (result > 0) {
      total += static_cast<std::size_t>(result);
      continue;
    }
    // What comes behind these bytes is found by the next call.
    const IoStep step = step_of(ssl, result);
    if (total == 0) return step;
    break;
  }
  return {IoStep::Kind::done, total};
}

IoStep TlsStream::write(std::string_view bytes) {
  SSL* const ssl = impl_->ssl.get();
  const auto size = std::min<std::size_t>(bytes.size(), 1U << 30U);
  const int result = SSL_write(ssl, bytes.data(), static_cast<int>(size));
  if (result > 0) return {IoStep::Kind::done, static_cast<std::size_t>(result)};
  return step_of(ssl, result);
}

void TlsStream::finish() {
  SSL_shutdown(impl_->ssl.get());
  ERR_clear_error();  // best effort
}

bool TlsStream::has_pending() const { return SSL_has_pending(impl_->ssl.get()) == 1; }

struct TlsCredentials::Impl {
  TlsSettings settings;
  const Clock& clock;
  telemetry::Log& log;
  ContextPtr context{nullptr, &SSL_CTX_free};
  std::array<FileState, 3> files{};
  std::chrono::steady_clock::time_point next_look{};

  std::array<FileState, 3> look() const {
    return {state_of(settings.certificate), state_of(settings.key), state_of(settings.client_ca)};
  }
};

TlsCredentials::TlsCredentials(TlsSettings settings, const Clock& clock, telemetry::Log& log)
    : impl_(std::make_unique<Impl>(Impl{std::move(settings), clock, log})) {}
TlsCredentials::~TlsCredentials() = default;

Result<void> TlsCredentials::load() {
  // Looked at before they are read: what changes meanwhile is found the next time.
  impl_->files = impl_->look();
  impl_->next_look = impl_->clock.now() + impl_->settings.check_interval;
  auto context = make_context(impl_->settings);
  if (!context) return context.error();
  impl_->context = std::move(*context);
  return boost::system::in_place_value;
}

std::unique_ptr<TlsStream> TlsCredentials::accept(int socket) {
  if (const auto now = impl_->clock.now(); now >= impl_->next_look) {
    impl_->next_look = now + impl_->settings.check_interval;
    if (impl_->look() != impl_->files) {
      if (const auto loaded = load(); loaded) {
        impl_->log.info("http", "TLS certificate read again");
      } else {
        impl_->log.error("http", "changed TLS files cannot be used: the old ones stay in use",
                         {{"error", loaded.error().message}});
      }
    }
  }
  return std::make_unique<TlsStream>(impl_->context.get(), socket);
}

}  // namespace cdviz::net
