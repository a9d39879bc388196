// NKeys
// (https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/nkey_auth):
// Ed25519 keys in base32 with a prefix and a checksum, and the file of credentials that holds one
// beside a JWT.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cdviz::nats {

/// The public key ("U…") of a user's seed ("SU…"). @returns nothing if it is no seed of a user
std::optional<std::string> public_key_of(std::string_view seed);

struct Credentials {
  std::string jwt;   ///< shown to the server; empty with a bare nkey
  std::string seed;  ///< signs the server's challenge; a secret
};

/// Reads the text of a file of credentials (`nsc generate creds`).
/// @returns nothing if either part is missing
std::optional<Credentials> read_credentials(std::string_view text);

}  // namespace cdviz::nats
