// Login roles: people and programs log in as members of cdviz_ingest, cdviz_reader or
// cdviz_reader_raw.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

#include "core/result.h"
#include "postgres/connection.h"

namespace cdviz::postgres {

enum class Group : std::uint8_t {
  ingest,      ///< may call cdviz_store.ingest, and nothing else
  reader,      ///< may read the views of cdviz, without payloads
  reader_raw,  ///< and cdviz.events_raw
};

struct NewLogin {
  std::string name;
  std::string password =
      {};  ///< empty: none is set, or the one it has is kept (trust, peer, certificates)
  Group group = Group::reader;
  int connections_max = 20;
  std::chrono::milliseconds statement_timeout{30'000};
};

/// Makes a login role, or brings one that is there to the same state. Settings are not inherited
/// from groups, so they are set on the login: statement_timeout,
/// idle_in_transaction_session_timeout, search_path, a limit of connections, and for readers
/// default_transaction_read_only (a seat belt; the grants are the lock). The server never sees the
/// password itself, only its SCRAM verifier.
/// @returns Fault::stop if the role is there and is more than a login (superuser, may create roles
/// or databases), or if
///          we may not create roles
Result<void> create_login(Connection& connection, const NewLogin& login, std::stop_token stop = {});

}  // namespace cdviz::postgres
