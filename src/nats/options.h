// The options by which the source and the sink reach a server.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "config/options.h"
#include "core/option.h"
#include "nats/connection.h"

namespace cdviz::nats {

inline constexpr std::array kTlsOptions = {
    Option{.name = "ca",
           .fallback = "/etc/ssl/certs/ca-certificates.crt",
           .help = "PEM file with the certificates of the authorities that may sign the server's. "
                   "Read at every connect."},
    Option{.name = "certificate",
           .help = "PEM file with our own certificate and the chain below it, for servers that "
                   "verify clients. Read at every connect.",
           .example = "/etc/cdviz/nats.crt"},
    Option{.name = "key",
           .help = "PEM file with the private key of our certificate.",
           .example = "/etc/cdviz/nats.key"},
};

inline constexpr std::array kConnectionOptions = {
    Option{.name = "servers",
           .type = OptionType::secret,
           .help = "Addresses of the servers of one cluster, separated by commas; the first that "
                   "takes us is used, in an order by chance. tls:// asks for TLS. May hold a user "
                   "and password, and is never shown.",
           .required = true,
           .example = "nats://nats-1:4222,nats://nats-2:4222"},
    Option{.name = "user", .help = "Name to log in with, together with `password`."},
    Option{.name = "password", .type = OptionType::secret, .help = "The password of `user`."},
    Option{.name = "token", .type = OptionType::secret, .help = "Token to log in with."},
    Option{.name = "credentials",
           .type = OptionType::secret,
           .help = "The text of a file of credentials as `nsc` writes it, JWT and seed; give the "
                   "file itself as credentials_file.",
           .example = "-----BEGIN NATS USER JWT-----…"},
    Option{.name = "nkey_seed",
           .type = OptionType::secret,
           .help = "Seed (SU…) of the user's nkey, for servers that know its public key."},
    Option{.name = "tls",
           .type = OptionType::table,
           .help = "With this table, even an empty one, the connection is encrypted and the "
                   "server's certificate and name are verified.",
           .fields = kTlsOptions},
    Option{.name = "connect_timeout",
           .type = OptionType::duration,
           .fallback = "5s",
           .help = "For each server, and for writing to a connection that takes nothing.",
           .min = 100,
           .max = 600'000},
    Option{.name = "jetstream_domain",
           .help = "The JetStream domain, where the server is a leaf node of it.",
           .example = "hub"},
};

/// The options of a kind: its own, then those of the connection.
template <std::size_t own_count>
consteval std::array<Option, own_count + kConnectionOptions.size()> with_connection_options(
    const std::array<Option, own_count>& own) {
  std::array<Option, own_count + kConnectionOptions.size()> all{};
  for (std::size_t i = 0; i < own_count; ++i) all.at(i) = own.at(i);
  for (std::size_t i = 0; i < kConnectionOptions.size(); ++i) {
    all.at(own_count + i) = kConnectionOptions.at(i);
  }
  return all;
}

/// Reads kConnectionOptions. Everything wrong is reported with Options::problem.
/// @param name  of the component: the server shows it
/// @returns nothing if something was reported, here or by the configuration
std::optional<Settings> read_settings(const config::Options& options, std::string_view name);

/// The list of an option that may be text with commas: "a, b" → a, b.
std::vector<std::string> split_list(std::string_view text);

}  // namespace cdviz::nats
