// A run of tests in the Test Anything Protocol, versions 12 to 14 (https://testanything.org), as
// one JSON object. The shape is that of the existing collector:
//
//   {"version":14,"plan":{"start":1,"end":2},"tests":[{"number":1,"status":"ok"|"not_ok",
//    "description":"…","directive":null|{"kind":"skip"|"todo","reason":"…"},
//    "yaml_diagnostics":null|…}]}
//
// and "bail_out":"reason" when the run was given up. Comments, pragmas, the points of subtests and
// what is no TAP are left out, as the protocol wants it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/result.h"

namespace cdviz::parsers {

/// Test points of one run.
inline constexpr std::size_t kTapTests = 100'000;

/// @returns Fault::reject, code "tap": no line of it is TAP; "too_many"; "utf8"
Result<std::string> tap_to_json(std::string_view text);

}  // namespace cdviz::parsers
