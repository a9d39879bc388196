// The questions that this program knows: database/queries, in the binary.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/embedded_file.h"
#include "queries/query.h"

namespace cdviz::queries {

/// All, by name. Read at the first call; a file that is not right is a bug of ours and throws
/// std::logic_error. Safe to call from any thread.
const std::vector<Query>& library();

/// @returns null if there is none of this name
const Query* find(std::string_view name);

/// ` did you mean "x"?`, or the known names.
std::string suggestion(std::string_view name);

namespace files {
/// Every file of database/queries.
std::span<const EmbeddedFile> files();
}  // namespace files

}  // namespace cdviz::queries
