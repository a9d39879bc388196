#include "net/options.h"

#include <array>

namespace cdviz::net {
namespace {

constexpr std::int64_t kMillisecond = 1;
constexpr std::int64_t kSecond = 1000 * kMillisecond;
constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;

constexpr std::array kTls = {
    Option{.name = "certificate",
           .help = "PEM file with the certificate and the chain below it. Turns TLS on. Read again "
                   "when it changes.",
           .example = "/etc/cdviz/tls.crt"},
    Option{.name = "key",
           .help = "PEM file with the certificate's private key, not encrypted. Read again when it "
                   "changes.",
           .example = "/etc/cdviz/tls.key"},
    Option{.name = "client_ca",
           .help = "PEM file with certificates of authorities. When given, every client must show "
                   "a certificate that one of them signed.",
           .example = "/etc/cdviz/clients.crt"},
};

constexpr std::array kHttp = {
    Option{.name = "host",
           .fallback = "127.0.0.1",
           .help = "Address or name to listen on. \"0.0.0.0\" (IPv4) or \"::\" (IPv4 and IPv6) "
                   "open it to other machines."},
    Option{.name = "port",
           .type = OptionType::integer,
           .fallback = "8080",
           .help = "TCP port to listen on; 0 takes a free one.",
           .min = 0,
           .max = 65535},
    Option{.name = "root_url",
           .help =
               "How clients reach this collector, where a proxy stands in front of it. Default: "
               "made of host and port.",
           .example = "https://events.example.com"},
    Option{.name = "threads",
           .type = OptionType::integer,
           .fallback = "1",
           .help = "Network threads. One serves tens of thousands of requests a second.",
           .min = 1,
           .max = 64},
    Option{.name = "connections_max",
           .type = OptionType::integer,
           .fallback = "4096",
           .help = "Open connections; more are answered 503 and closed. Lowered to what the limit "
                   "of open files allows.",
           .min = 1,
           .max = 1'000'000},
    Option{.name = "header_bytes_max",
           .type = OptionType::bytes,
           .fallback = "16KiB",
           .help =
               "Size of a request's head; larger ones are answered 431 (414 when its first line "
               "alone is above 8 KiB).",
           .min = 1 * kKiB,
           .max = 1 * kMiB},
    Option{.name = "header_timeout",
           .type = OptionType::duration,
           .fallback = "10s",
           .help =
               "Time for a whole head, and for a TLS handshake; slower clients are answered 408 "
               "and closed.",
           .min = 10 * kMillisecond,
           .max = 600 * kSecond},
    Option{.name = "body_timeout",
           .type = OptionType::duration,
           .fallback = "30s",
           .help = "Time for a whole body (then 408), and for the client to take the whole answer.",
           .min = 10 * kMillisecond,
           .max = 3600 * kSecond},
    Option{.name = "body_rate_min",
           .type = OptionType::bytes,
           .fallback = "1KiB",
           .help = "Bytes of a body a second, on average since its start, once header_timeout has "
                   "passed; slower ones are answered 408.",
           .min = 1,
           .max = 1024 * kMiB},
    Option{.name = "keep_alive_timeout",
           .type = OptionType::duration,
           .fallback = "75s",
           .help = "How long an idle connection stays open.",
           .min = 10 * kMillisecond,
           .max = 3600 * kSecond},
    Option{.name = "request_timeout",
           .type = OptionType::duration,
           .fallback = "30s",
           .help = "Time for the answer after the whole request; then the client gets 503.",
           .min = 10 * kMillisecond,
           .max = 3600 * kSecond},
    Option{.name = "in_flight_bytes_max",
           .type = OptionType::bytes,
           .fallback = "64MiB",
           .help = "Bytes of all requests that are being read or handled; a request above it is "
                   "answered 503 with Retry-After.",
           .min = 64 * kKiB,
           .max = 1024 * 1024 * kMiB},
    Option{.name = "tls",
           .type = OptionType::table,
           .help = "Encrypted connections: TLS 1.2 and 1.3.",
           .fields = kTls},
};

}  // namespace

std::span<const Option> http_options() { return kHttp; }

ServerSettings settings_from(const config::Options& http) {
  ServerSettings settings{
      .host = http.text("host"),
      .port = static_cast<std::uint16_t>(http.integer("port")),
      .threads = static_cast<unsigned>(http.integer("threads")),
      .root_url = http.text("root_url"),
      .connections_max = static_cast<std::size_t>(http.integer("connections_max")),
      .header_bytes_max = http.bytes("header_bytes_max"),
      .header_timeout = http.duration("header_timeout"),
      .body_timeout = http.duration("body_timeout"),
      .body_rate_min = http.bytes("body_rate_min"),
      .keep_alive_timeout = http.duration("keep_alive_timeout"),
      .request_timeout = http.duration("request_timeout"),
      .in_flight_bytes_max = http.bytes("in_flight_bytes_max"),
  };
  if (settings.host.empty())
    http.problem("host", "is empty; give an address of this machine, for example \"127.0.0.1\"");
  const auto tls = http.table("tls");
  settings.tls.certificate = tls.text("certificate");
  settings.tls.key = tls.text("key");
  settings.tls.client_ca = tls.text("client_ca");
  if (settings.tls.certificate.empty() != settings.tls.key.empty())
    tls.problem(settings.tls.key.empty() ? "key" : "certificate",
                "is missing: TLS needs a certificate and its key");
  if (!settings.tls.client_ca.empty() && settings.tls.certificate.empty())
    tls.problem("client_ca", "needs a certificate and a key beside it");
  return settings;
}

}  // namespace cdviz::net
