// The URL of a database, as libpq reads it
// (https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING):
// "postgresql://user:password@host1:5432,host2:5432/database?sslmode=verify-full", or "host=…
// dbname=…".
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/result.h"

namespace cdviz::postgres {

/// The parameters of a URL by libpq's names ("host", "password", "sslmode", …); only those that it
/// gives.
using UrlParameters = std::map<std::string, std::string>;

/// @returns Fault::stop with a message that shows nothing that could be a secret
Result<UrlParameters> parse_url(const std::string& url);

/// One server to try: parameters with a single host.
/// A URL with several hosts gives several, in its order; each gets its own deadline, so that one
/// that swallows packets does not keep us from the next.
std::vector<UrlParameters> servers_of(const UrlParameters& parameters);

/// "host:port/database" for messages: no user, no password.
std::string place_of(const UrlParameters& server);

}  // namespace cdviz::postgres
