// What administrators say about environments, services and deployments, on its way into the
// database (cdviz_store.configure of database/migrations/0005_operations.sql).
#pragma once

#include <string>

#include "config/load.h"
#include "core/result.h"
#include "postgres/connection.h"

namespace cdviz::commands {

/// [delivery] of a configuration as the document that cdviz_store.configure() takes; "{}" when it
/// says nothing.
std::string delivery_settings(const config::Config& config);

/// Writes them, all or none. Needs the schema's owner.
/// @param settings  a document as cdviz_store.configure() takes it
/// @returns how many entries were written
Result<int> configure(postgres::Connection& connection, const std::string& settings);

}  // namespace cdviz::commands
