// The files of database/migrations, in the binary.
#pragma once

#include <span>

#include "core/embedded_file.h"

namespace cdviz::postgres::migration_files {

/// In the order of their names: 0001_lake.sql, …
std::span<const EmbeddedFile> files();

}  // namespace cdviz::postgres::migration_files
