// Takes CDEvents over HTTP: POST /webhook/{id} with one JSON object, an array, NDJSON, or
// CloudEvents in any mode, gzipped or not. Its confirmation (202) means that the events are on
// disk, or in every sink with confirm = "delivered". Statuses and signatures:
// docs/sources/webhook.md.
#include "sources/http/webhook.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "config/options.h"
#include "net/header_rule_options.h"
#include "sources/http/sender_option_tables.h"
#include "sources/http/sender_options.h"
#include "sources/http/webhook_source.h"

namespace cdviz::sources::http {
namespace {

constexpr std::size_t kIdLength = 128;

constexpr std::array kOptions = {
    Option{.name = "id",
           .help = "The last part of the path: events are sent to POST /webhook/{id}. Letters, "
                   "digits and -._~ only, at most 128.",
           .required = true,
           .example = "000"},
    Option{.name = "body_bytes_max",
           .type = OptionType::bytes,
           .fallback = "25MiB",
           .help = "Largest body, as sent and after its Content-Encoding is undone; more is "
                   "answered with 413.",
           .min = 1024,
           .max = std::int64_t{1} << 30},
    Option{.name = "bearer_tokens",
           .type = OptionType::secret_list,
           .help = "Tokens of which one must come as `Authorization: Bearer …` or as the query's "
                   "access_token; several while one replaces another."},
    Option{.name = "basic_auth",
           .type = OptionType::table,
           .help = "A user and password that will do as well (`Authorization: Basic …`).",
           .fields = kBasicAuthOptions},
    Option{.name = "headers",
           .type = OptionType::table_map,
           .help = "Rules for request headers, by name; all must hold, besides the credentials. "
                   "Checked before the body is parsed.",
           .fields = net::kHeaderRuleOptions},
    Option{.name = "allowed_origins",
           .type = OptionType::text_list,
           .help = "Who may send, by the name that senders give in WebHook-Request-Origin and ask "
                   "for with OPTIONS (the handshake of the CloudEvents webhook specification). "
                   "Without it: any. Not a substitute for credentials, as nobody proves the name.",
           .example = "events.example.com"},
    Option{.name = "allowed_rate",
           .type = OptionType::integer,
           .help = "Requests a minute that this webhook takes, with a minute's worth at once; "
                   "told to senders that ask with OPTIONS. More are answered with 429 and "
                   "Retry-After. Without it: any.",
           .min = 1,
           .max = 10'000'000},
    Option{.name = "gone",
           .type = OptionType::boolean,
           .fallback = "false",
           .help = "Answer every request with 410, which tells senders to stop for good."},
    Option{.name = "headers_to_keep",
           .type = OptionType::text_list,
           .help = "Request headers to keep with each event and to send on. traceparent and "
                   "tracestate always are; Authorization, Cookie and their like never."},
    Option{.name = "metadata",
           .type = OptionType::free_table,
           .help = "The start of the metadata that transformers see; `http.path` and "
                   "`http.remote` are added."},
};

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

/// @returns false if it is missing, which the configuration has told
bool check_id(const config::Options& options) {
  if (!options.given("id")) return false;
  const std::string id = options.text("id");
  if (id.empty() || id.size() > kIdLength || !std::all_of(id.begin(), id.end(), is_unreserved) ||
      id == "." || id == "..") {
    options.problem("id", "must be 1 to 128 letters, digits or -._~ (it is a part of the path)");
  }
  return true;
}

/// @returns nothing if the rate is none, which the configuration has told
std::optional<Agreement> read_agreement(const config::Options& options) {
  Agreement agreement{.allowed_origins = options.text_list("allowed_origins")};
  if (options.given("allowed_origins") && agreement.allowed_origins.empty()) {
    options.problem("allowed_origins",
                    "is empty: name an origin, or leave it out to allow any of them");
  }
  if (options.given("allowed_rate")) {
    agreement.allowed_rate = static_cast<std::uint32_t>(options.integer("allowed_rate"));
    if (*agreement.allowed_rate == 0) return std::nullopt;
  }
  return agreement;
}

Result<std::unique_ptr<Source>> make(const config::Options& options, const Services& services) {
  const bool has_id = check_id(options);
  auto headers_to_keep = net::read_headers_to_keep(options);
  auto credentials = read_credentials(options);
  auto rules = net::read_header_rules(options);
  auto agreement = read_agreement(options);
  if (!has_id || !credentials || !rules || !agreement || options.has_problems())
    return Error{Fault::stop, "wrong options"};
  return make_webhook_source({.id = options.text("id"),
                              .body_bytes_max = options.bytes("body_bytes_max"),
                              .credentials = std::move(*credentials),
                              .rules = std::move(*rules),
                              .agreement = std::move(*agreement),
                              .gone = options.boolean("gone"),
                              .headers_to_keep = std::move(headers_to_keep),
                              .metadata = options.free_table("metadata")},
                             services);
}

}  // namespace

const SourceKind kind{.name = "webhook",
                      .summary = "Takes CDEvents over HTTP at POST /webhook/{id}.",
                      .options = kOptions,
                      .make = &make};

}  // namespace cdviz::sources::http
