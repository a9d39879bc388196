// Transformers that need no script.
#pragma once

#include "core/component.h"

namespace cdviz::transforms::basic {

/// `type = "passthrough"`: sends everything on as it is.
extern const TransformerKind passthrough;
/// `type = "discard_all"`: sends nothing on.
extern const TransformerKind discard_all;
/// `type = "log"`: tells the log, and sends everything on.
extern const TransformerKind log;
/// `type = "filter"`: drops messages by one of their values.
extern const TransformerKind filter;
/// `type = "deduplicate"`: drops messages that came before.
extern const TransformerKind deduplicate;

}  // namespace cdviz::transforms::basic
