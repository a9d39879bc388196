// Transformers that need no script.
#pragma once

#include "core/component.h"

namespace cdviz::transforms::basic {

/// `type = "passthrough"`: sends everything on as it is.
extern const TransformerKind passthrough;
/// `type = "discard_all"`: sends nothing on.
extern const TransformerKind discard_all;

}  // namespace cdviz::transforms::basic
