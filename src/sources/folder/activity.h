// The source that tells what comes and goes in a folder. See docs/sources/folder_activity.md.
#pragma once

#include "core/component.h"

namespace cdviz::sources::folder {

/// `type = "folder_activity"`.
extern const SourceKind activity_kind;

}  // namespace cdviz::sources::folder
