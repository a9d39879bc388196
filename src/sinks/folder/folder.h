#pragma once

#include "core/component.h"

namespace cdviz::sinks::folder {

/// `type = "folder"`.
extern const SinkKind kind;

}  // namespace cdviz::sinks::folder
