// From the options that say who may send (sender_option_tables.h) to what checks it.
#pragma once

#include <optional>

#include "config/options.h"
#include "net/credentials.h"
#include "net/header_rules.h"

namespace cdviz::sources::http {

/// Reads the table_map "headers". Whatever would let anybody in (no secret, a pattern that does not
/// compile) is reported with Options::problem, or was by the configuration itself.
/// @returns nothing if a rule cannot be made: then nobody may come in
std::optional<net::HeaderRules> read_header_rules(const config::Options& options);

/// Reads "bearer_tokens" and "basic_auth", likewise.
std::optional<net::Credentials> read_credentials(const config::Options& options);

}  // namespace cdviz::sources::http
