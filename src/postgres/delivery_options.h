// The section [delivery] of the configuration: what administrators say about environments, services
// and pipelines. It is kept in the database (`cdviz-collector database configure`).
#pragma once

#include <span>

#include "core/option.h"

namespace cdviz::postgres {

/// The keys are those of cdviz_store.configure() in database/migrations/0005_operations.sql.
std::span<const Option> delivery_options();

}  // namespace cdviz::postgres
