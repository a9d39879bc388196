// The options that a source and a sink of Kafka share: brokers, sasl, tls, rdkafka_config; and what
// librdkafka is told of them
// (https://github.com/confluentinc/librdkafka/blob/v2.0.2/CONFIGURATION.md).
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/options.h"
#include "core/option.h"
#include "kafka/token.h"

namespace cdviz::kafka {

inline constexpr std::array<std::string_view, 4> kMechanisms = {"PLAIN", "SCRAM-SHA-256",
                                                                "SCRAM-SHA-512", "OAUTHBEARER"};

inline constexpr std::array kSaslFields = {
    Option{.name = "mechanism",
           .help = "How to log in. PLAIN sends the password: use it with `tls` only.",
           .required = true,
           .choices = kMechanisms},
    Option{.name = "username", .help = "PLAIN and SCRAM: the user."},
    Option{
        .name = "password", .type = OptionType::secret, .help = "PLAIN and SCRAM: the password."},
    Option{.name = "token_endpoint",
           .help = "OAUTHBEARER: where tokens are fetched (OAuth 2.0, client credentials).",
           .example = "https://login.example.com/oauth2/token"},
    Option{.name = "client_id", .help = "OAUTHBEARER: the client's name at that endpoint."},
    Option{.name = "client_secret",
           .type = OptionType::secret,
           .help = "OAUTHBEARER: the client's secret."},
    Option{.name = "scope", .help = "OAUTHBEARER: what the token is to allow, if it is asked for."},
    Option{.name = "extensions",
           .help = "OAUTHBEARER: extensions for the brokers (RFC 7628), as key=value,key=value."},
};

inline constexpr std::array kTlsFields = {
    Option{.name = "ca",
           .help = "PEM file with the authorities that sign the brokers' certificates. Without it: "
                   "those of the system.",
           .example = "/etc/cdviz/kafka-ca.crt"},
    Option{.name = "certificate",
           .help = "PEM file with our certificate, where brokers want one.",
           .example = "/etc/cdviz/kafka.crt"},
    Option{.name = "key", .help = "PEM file with the private key of `certificate`."},
    Option{.name = "key_password", .type = OptionType::secret, .help = "The password of `key`."},
    Option{.name = "verify_hostname",
           .type = OptionType::boolean,
           .fallback = "true",
           .help = "Whether a broker's certificate must name the host that we connect to."},
};

inline constexpr Option kBrokersOption{
    .name = "brokers",
    .help = "Some of the brokers, HOST:PORT, separated by commas; they tell about the others.",
    .required = true,
    .example = "kafka1:9092,kafka2:9092"};
inline constexpr Option kSaslOption{.name = "sasl",
                                    .type = OptionType::table,
                                    .help = "How to log in. Without it: not at all.",
                                    .fields = kSaslFields};
inline constexpr Option kTlsOption{
    .name = "tls",
    .type = OptionType::table,
    .help = "Turns TLS on, also when it is empty: the brokers must show a good certificate.",
    .fields = kTlsFields};
inline constexpr Option kRdkafkaConfigOption{
    .name = "rdkafka_config",
    .type = OptionType::free_table,
    .help =
        "Any other property of librdkafka, by its own name, for what has no option here. "
        "Secrets do not belong here: see sasl and tls."};

/// Names and values of librdkafka's properties, in the order they are set.
using Properties = std::vector<std::pair<std::string, std::string>>;

/// What a client is made of.
struct ClientSettings {
  Properties properties;
  std::optional<TokenRequest> token = {};  ///< with SASL OAUTHBEARER

  /// "Kafka at BROKERS", for messages.
  std::string place() const;
};

/// Reads brokers, sasl, tls and rdkafka_config, and tries each property on librdkafka: what is
/// wrong is reported with Options::problem.
/// @param defaults  what rdkafka_config may change
/// @param own       what it may not: it comes from other options, or the component's promises hang
///                  on it. Set last; an empty value is not set at all
/// @returns nothing if there was a problem
std::optional<ClientSettings> read_client_settings(const config::Options& options,
                                                   const Properties& defaults,
                                                   const Properties& own);

}  // namespace cdviz::kafka
