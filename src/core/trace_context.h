// W3C Trace Context (https://www.w3.org/TR/trace-context/): which headers are fit to be kept with
// an event and sent on.
#pragma once

#include <string_view>

#include "core/headers.h"

namespace cdviz {

/// True for a traceparent as §3.2 has it: of version 00, or of a later one in so far as 00 can read
/// it.
bool is_traceparent(std::string_view value);

/// True for a tracestate as §3.3 has it: at most 32 members of key=value, at most 8 KiB.
bool is_tracestate(std::string_view value);

/// Appends traceparent and tracestate from `from` to `to`. A sender that gives more than one
/// traceparent, or a bad one, gives none; a tracestate counts only beside a good traceparent, and
/// several are joined into one.
void keep_trace_context(const Headers& from, Headers& to);

}  // namespace cdviz
