// The HTTP source: `POST /webhook/{id}`.
#pragma once

#include "core/component.h"

namespace cdviz::sources::http {

extern const SourceKind kind;

}  // namespace cdviz::sources::http
