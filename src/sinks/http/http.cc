// Sends each event as a CloudEvent with a POST
// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md), several at a time.
// Its confirmation is an answer of 2xx: what that means is the other end's word.
#include "sinks/http/http.h"

#include <array>
#include <string_view>
#include <utility>

#include "config/options.h"
#include "net/outgoing_header_options.h"
#include "sinks/http/answer.h"
#include "sinks/http/http_sink.h"
#include "telemetry/log.h"

namespace cdviz::sinks::http {
namespace {

constexpr std::array<std::string_view, 3> kModes = {"structured", "binary", "batch"};

constexpr std::array kTls = {
    Option{.name = "ca",
           .help = "PEM file with the certificates of the authorities that are trusted, instead of "
                   "the system's.",
           .example = "/etc/cdviz/ca.pem"},
    Option{.name = "certificate",
           .help = "PEM file with a certificate to show to the server, and the chain below it."},
    Option{.name = "key", .help = "PEM file with the certificate's private key."},
    Option{.name = "key_password",
           .type = OptionType::secret,
           .help = "The password of an encrypted private key."},
};

constexpr std::array kOptions = {
    Option{.name = "destination",
           .type = OptionType::secret,
           .help = "URL to which events are posted, http or https. Never shown whole: it may hold "
                   "credentials.",
           .required = true,
           .example = "https://events.example.com/webhook/000"},
    Option{.name = "content_mode",
           .fallback = "structured",
           .help =
               "How CloudEvents are written. structured: one JSON document, the event inside. "
               "binary: the event as it is, the attributes as headers. batch: many documents in "
               "an array, one request at a time; only for those who want it.",
           .choices = kModes},
    Option{.name = "requests_in_flight_max",
           .type = OptionType::integer,
           .fallback = "16",
           .help = "Requests at a time. Events with the same subject.id are sent one after the "
                   "other all the same.",
           .min = 1,
           .max = 256},
    Option{.name = "batch_events_max",
           .type = OptionType::integer,
           .fallback = "500",
           .help = "Most events that are taken from the queue together; in batch mode, most events "
                   "in a request.",
           .min = 1,
           .max = 5000},
    Option{.name = "batch_bytes_max",
           .type = OptionType::bytes,
           .fallback = "1MiB",
           .help = "Most bytes of JSON likewise; a larger event goes alone.",
           .min = 1024,
           .max = std::int64_t{64} * 1024 * 1024},
    Option{.name = "headers",
           .type = OptionType::table_map,
           .help = "Headers of every request, by name.",
           .fields = net::kOutgoingHeaderOptions},
    Option{.name = "user_agent", .fallback = "cdviz-collector", .help = "The header User-Agent."},
    Option{.name = "connect_timeout",
           .type = OptionType::duration,
           .fallback = "5s",
           .help = "For the name, TCP and TLS together.",
           .min = 10,
           .max = 600'000},
    Option{.name = "request_timeout",
           .type = OptionType::duration,
           .fallback = "30s",
           .help = "For a whole request with its answer. What takes longer is sent again.",
           .min = 10,
           .max = 3'600'000},
    Option{.name = "stall_timeout",
           .type = OptionType::duration,
           .fallback = "15s",
           .help = "A request on which no byte moves for so long is given up and sent again; in "
                   "whole seconds. A server that thinks longer needs more.",
           .min = 1000,
           .max = 3'600'000},
    Option{.name = "proxy",
           .type = OptionType::secret,
           .help = "URL of a proxy, with credentials if it wants some. Default: that of the "
                   "environment (https_proxy, http_proxy, no_proxy), and none for this machine.",
           .example = "http://proxy.example.com:3128"},
    Option{.name = "total_duration_of_retries",
           .help = "For configurations of the existing collector. Does nothing: what is not taken "
                   "is sent again until it is, and [queue] max_bytes is the limit."},
    Option{.name = "log_errors",
           .type = OptionType::boolean,
           .help = "For configurations of the existing collector. Does nothing: failures are "
                   "always logged, once for a row of them."},
    Option{.name = "log_full_response_on_error",
           .type = OptionType::boolean,
           .help = "For configurations of the existing collector. Does nothing: of an answer only "
                   "what application/problem+json says for people is logged."},
    Option{.name = "tls",
           .type = OptionType::table,
           .help = "For destinations with https. Certificates are always checked.",
           .fields = kTls},
};

/// Keys of the existing collector that are taken and do nothing.
constexpr std::array<std::string_view, 3> kWithoutEffect = {
    "total_duration_of_retries", "log_errors", "log_full_response_on_error"};

/// For one who waits at a terminal.
constexpr std::chrono::milliseconds kReachTimeout{4'000};

net::HttpPoolSettings pool_settings(const config::Options& options) {
  const auto tls = options.table("tls");
  return {.url = options.text("destination"),
          .user_agent = options.text("user_agent"),
          .connections_max = static_cast<std::size_t>(options.integer("requests_in_flight_max")),
          .connect_timeout = options.duration("connect_timeout"),
          .request_timeout = options.duration("request_timeout"),
          .stall_timeout = options.duration("stall_timeout"),
          .proxy = options.text("proxy"),
          .ca_file = tls.text("ca"),
          .certificate = tls.text("certificate"),
          .key = tls.text("key"),
          .key_password = tls.text("key_password")};
}

ContentMode mode_of(std::string_view name) {
  if (name == "binary") return ContentMode::binary;
  if (name == "batch") return ContentMode::batch;
  return ContentMode::structured;
}

Result<std::unique_ptr<Sink>> make(const config::Options& options, const Services& services) {
  if (const auto origin = net::origin_of(options.text("destination")); !origin) {
    options.problem("destination", origin.error().message);
  }
  if (const std::string agent = options.text("user_agent");
      agent.find_first_of("\r\n") != std::string::npos) {
    options.problem("user_agent", "must not hold a line end");
  }
  const auto tls = options.table("tls");
  if (tls.text("certificate").empty() != tls.text("key").empty()) {
    tls.problem(tls.text("key").empty() ? "key" : "certificate",
                "is missing: a certificate and its key belong together");
  }
  auto headers = net::read_outgoing_headers(options);
  if (!headers || options.has_problems()) {
    return Error{Fault::stop, "the options of the sink are wrong"};
  }
  for (const auto key : kWithoutEffect) {
    if (!options.given(key)) continue;
    services.log.warn(services.name, "a key of the existing collector does nothing here: remove it",
                      {{"key", key}, {"documentation", "docs/sinks/http.md"}});
  }
  return std::unique_ptr<Sink>(std::make_unique<HttpSink>(
      HttpSinkSettings{
          .pool = pool_settings(options),
          .mode = mode_of(options.text("content_mode")),
          .requests_in_flight_max =
              static_cast<std::size_t>(options.integer("requests_in_flight_max")),
          .batch_events_max = static_cast<std::size_t>(options.integer("batch_events_max")),
          .batch_bytes_max = static_cast<std::size_t>(options.bytes("batch_bytes_max")),
          .headers = std::move(*headers)},
      services));
}

/// Asks with OPTIONS, which changes nothing. Any answer shows that somebody is there; only one
/// about credentials counts against it, as many servers know no OPTIONS.
Result<void> reach(const config::Options& options, const Services& services) {
  auto settings = pool_settings(options);
  settings.method = "OPTIONS";
  settings.connect_timeout = std::min(settings.connect_timeout, kReachTimeout);
  settings.request_timeout = std::min(settings.request_timeout, kReachTimeout);
  const auto headers = net::read_outgoing_headers(options);
  const auto place = net::origin_of(settings.url);
  if (!headers || !place) return Error{Fault::stop, "the options of the sink are wrong"};
  Headers sent;
  if (auto applied = headers->apply(sent, "", services.clock.wall());
      !applied && applied.error().code != "signature") {
    return applied;
  }
  net::HttpPool pool(std::move(settings), services.clock);
  pool.start(0, sent, "");
  while (pool.in_flight() > 0) {
    for (const auto& outcome : pool.wait(kReachTimeout)) {
      auto meaning = meaning_of(outcome, *place);
      const bool counts = outcome.no_answer != net::NoAnswer::none || outcome.status == 401 ||
                          outcome.status == 403 || outcome.status == 407;
      if (counts && !meaning) return meaning;
    }
  }
  return {};
}

}  // namespace

const SinkKind kind{.name = "http",
                    .summary = "Posts each event to a URL, as a CloudEvent.",
                    .options = kOptions,
                    .make = &make,
                    .reach = &reach};

}  // namespace cdviz::sinks::http
