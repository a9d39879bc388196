// From the options that say who may send (bearer_tokens, basic_auth) to what checks it.
#pragma once

#include <optional>

#include "config/options.h"
#include "net/credentials.h"

namespace cdviz::sources::http {

/// Reads "bearer_tokens" and "basic_auth". What is wrong with them is reported with
/// Options::problem, or was by the configuration itself.
/// @returns nothing if they cannot be used: then nobody may come in
std::optional<net::Credentials> read_credentials(const config::Options& options);

}  // namespace cdviz::sources::http
