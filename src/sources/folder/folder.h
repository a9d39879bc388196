// The source that reads events from files of a folder. See docs/sources/folder.md.
#pragma once

#include <memory>

#include "config/options.h"
#include "core/component.h"

namespace cdviz::sources::folder {

/// `type = "folder"`.
extern const SourceKind kind;

/// For `type = "opendal"` with kind = "fs": the same source, from the existing collector's options
/// (`parameters.root`, `polling_interval`, `recursive`, `path_patterns`, `parser`,
/// `try_read_headers_json`, `metadata`). As SourceKind::make.
Result<std::unique_ptr<Source>> make_from_opendal(const config::Options& options,
                                                  const Services& services);

}  // namespace cdviz::sources::folder
