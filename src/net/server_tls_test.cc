// The server over TLS, with certificates made here.
#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include "net/test_client.h"

namespace cdviz::net {
namespace {

using testing::Client;

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<&EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<&X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Free<&SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, Free<&SSL_free>>;
using File = std::unique_ptr<FILE, Free<&std::fclose>>;

/// A key and a certificate for `name`; signed by itself, or by `authority`.
struct Identity {
  explicit Identity(const std::string& name, const Identity* authority = nullptr)
      : key(EVP_EC_gen("P-256")), certificate(X509_new()) {
    X509* const x = certificate.get();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    if (authority == nullptr) {
      X509_EXTENSION* const is_authority =
          X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE");
      X509_add_ext(x, is_authority, -1);
      X509_EXTENSION_free(is_authority);
    }
    const Identity& issuer = authority != nullptr ? *authority : *this;
    X509_set_issuer_name(x, X509_get_subject_name(issuer.certificate.get()));
    X509_sign(x, issuer.key.get(), EVP_sha256());
  }
  void write_certificate(const std::string& path) const {
    const File file(std::fopen(path.c_str(), "w"));
    PEM_write_X509(file.get(), certificate.get());
  }
  void write_key(const std::string& path) const {
    const File file(std::fopen(path.c_str(), "w"));
    PEM_write_PrivateKey(file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  }

  Key key;
  Certificate certificate;
};

/// A blocking TLS client, which trusts anybody.
class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port, const Identity* identity = nullptr,
                     int version_max = TLS1_3_VERSION)
      : client_(port), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_.get(), version_max);
    SSL_CTX_set_security_level(context_.get(), 0);  // else OpenSSL itself refuses TLS 1.1
    if (identity != nullptr) {
      SSL_CTX_use_certificate(context_.get(), identity->certificate.get());
      SSL_CTX_use_PrivateKey(context_.get(), identity->key.get());
    }
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), client_.socket());
  }
  bool connect() { return SSL_connect(ssl_.get()) == 1; }
  /// Sends, and reads until `end` has come or the connection ended.
  std::string ask(const std::string& bytes, const std::string& end) {
    for (std::size_t sent = 0; sent < bytes.size();) {
      const int result =
          SSL_write(ssl_.get(), bytes.data() + sent,
                    static_cast<int>(std::min<std::size_t>(bytes.size() - sent, 1U << 20U)));
      if (result <= 0) return {};
      sent += static_cast<std::size_t>(result);
    }
    std::string answer;
    char buffer[16384];
    while (!answer.ends_with(end)) {
      const int result = SSL_read(ssl_.get(), buffer, sizeof buffer);
      if (result <= 0) break;
      answer.append(buffer, static_cast<std::size_t>(result));
    }
    return answer;
  }
  std::string server_name() {
    const Certificate peer(SSL_get1_peer_certificate(ssl_.get()));
    char name[100] = "";
    if (peer) {
      X509_NAME_get_text_by_NID(X509_get_subject_name(peer.get()), NID_commonName, name,
                                sizeof name);
    }
    return name;
  }

 private:
  Client client_;
  Context context_;
  Ssl ssl_;
};

struct TlsServer : testing::TestServer {
  explicit TlsServer(const std::function<void(ServerSettings&)>& change = {}) {
    std::string pattern = (std::filesystem::temp_directory_path() / "cdviz-tls-XXXXXX").string();
    directory = mkdtemp(pattern.data());
    settings.tls.certificate = directory / "server.crt";
    settings.tls.key = directory / "server.key";
    settings.tls.check_interval = std::chrono::milliseconds(0);
    write(Identity("first"));
    if (change) change(settings);
  }
  ~TlsServer() {
    server.reset();
    std::filesystem::remove_all(directory);
  }
  void write(const Identity& identity) const {
    identity.write_certificate(settings.tls.certificate);
    identity.write_key(settings.tls.key);
  }
  std::uint16_t start_with_echo() {
    start();
    add({.method = "POST",
         .path = "/echo",
         .body_bytes_max = 1U << 20U,
         .handle = [](Request request, Reply reply) { reply({.body = request.body + "!"}); }});
    return server->port();
  }
  std::string start_error() {
    server = std::make_unique<Server>(settings, clock, metrics, log);
    const auto started = server->start();
    return started ? "" : started.error().message;
  }
  std::filesystem::path directory;
};

std::string post(const std::string& body) {
  return "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

TEST(Tls, CarriesRequestsOnOneConnection) {
  TlsServer server;
  TlsClient client(server.start_with_echo());
  ASSERT_TRUE(client.connect());
  EXPECT_TRUE(server.server->url().starts_with("https://127.0.0.1:"));
  EXPECT_TRUE(client.ask(post("a"), "a!").starts_with("HTTP/1.1 200 OK\r\n"));
  const std::string large(1U << 20U, 'b');
  EXPECT_TRUE(client.ask(post(large), "b!").ends_with("\r\n\r\n" + large + "!"));
  EXPECT_TRUE(client.ask(post("c") + post("d"), "d!").find("c!HTTP/1.1 200 OK") !=
              std::string::npos);
}

TEST(Tls, WantsVersion12) {
  TlsServer server;
  const auto port = server.start_with_echo();
  TlsClient old(port, nullptr, TLS1_1_VERSION);
  EXPECT_FALSE(old.connect());
  TlsClient good(port, nullptr, TLS1_2_VERSION);
  EXPECT_TRUE(good.connect());
}

TEST(Tls, TakesAChangedCertificateForNewConnections) {
  TlsServer server;
  const auto port = server.start_with_echo();
  TlsClient before(port);
  ASSERT_TRUE(before.connect());
  EXPECT_EQ(before.server_name(), "first");
  server.write(Identity("second"));
  TlsClient after(port);
  ASSERT_TRUE(after.connect());
  EXPECT_EQ(after.server_name(), "second");
  EXPECT_TRUE(before.ask(post("a"), "a!").ends_with("a!"));
}

TEST(Tls, KeepsTheOldCertificateWhileTheNewOneIsBroken) {
  TlsServer server;
  const auto port = server.start_with_echo();
  Identity("other").write_key(server.settings.tls.key);  // does not fit the certificate
  TlsClient client(port);
  ASSERT_TRUE(client.connect());
  EXPECT_EQ(client.server_name(), "first");
  EXPECT_NE(server.log_text().find("server.key"), std::string::npos) << server.log_text();
  server.write(Identity("second"));
  TlsClient later(port);
  ASSERT_TRUE(later.connect());
  EXPECT_EQ(later.server_name(), "second");
}

TEST(Tls, WantsAClientCertificateWhenThereIsAnAuthorityForThem) {
  const Identity authority("authority");
  TlsServer server([&](ServerSettings& s) {
    s.tls.client_ca = s.tls.certificate + ".ca";
    authority.write_certificate(s.tls.client_ca);
  });
  const auto port = server.start_with_echo();
  TlsClient nobody(port);
  nobody.connect();  // with TLS 1.3 the client learns of the refusal when it reads
  EXPECT_EQ(nobody.ask(post("a"), "a!"), "");
  const Identity stranger("stranger");
  TlsClient unknown(port, &stranger);
  unknown.connect();
  EXPECT_EQ(unknown.ask(post("a"), "a!"), "");
  const Identity friendly("friend", &authority);
  TlsClient known(port, &friendly);
  ASSERT_TRUE(known.connect());
  EXPECT_TRUE(known.ask(post("a"), "a!").ends_with("a!"));
}

TEST(Tls, ClosesWhoDoesNotFinishTheHandshake) {
  TlsServer server([](ServerSettings& s) { s.header_timeout = std::chrono::milliseconds(200); });
  const auto port = server.start_with_echo();
  std::vector<Client> slow;
  for (int i = 0; i < 50; ++i) {
    slow.emplace_back(port);
    slow.back().send(std::string_view("\x16\x03\x01\x02\x00\x01", 6));
  }
  TlsClient good(port);
  ASSERT_TRUE(good.connect());
  EXPECT_TRUE(good.ask(post("a"), "a!").ends_with("a!"));
  for (Client& client : slow) EXPECT_TRUE(client.is_closed());
  EXPECT_EQ(server.metric("cdviz_http_connections_timed_out_total{phase=\"handshake\"}"), 50);
}

TEST(Tls, ClosesWhoDoesNotSpeakIt) {
  TlsServer server;
  const auto port = server.start_with_echo();
  Client plain(port);
  plain.send(post("a"));
  EXPECT_TRUE(plain.is_closed());
}

TEST(Tls, SaysAtStartWhichFileIsWrong) {
  TlsServer server;
  server.settings.tls.certificate = "/nowhere/a.crt";
  EXPECT_NE(server.start_error().find("http.tls.certificate = \"/nowhere/a.crt\""),
            std::string::npos);
  server.settings.tls.certificate = server.directory / "server.crt";
  Identity("other").write_key(server.settings.tls.key);
  EXPECT_NE(server.start_error().find("http.tls.key"), std::string::npos);
  server.write(Identity("first"));
  server.settings.tls.client_ca = "/nowhere/ca.crt";
  EXPECT_NE(server.start_error().find("http.tls.client_ca"), std::string::npos);
}

}  // namespace
}  // namespace cdviz::net
