// Events of older releases in the shapes of the newest one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cdviz::cdevents {

/// True for the context.type of an older release that has a successor in the newest one, and for
/// custom types: they do not tell their release.
bool is_upgradable(std::string_view type);

/// Says an event of an older release as the newest one says it. The type gets its newest version;
/// `version` becomes `specversion`, `chain_id` `chainId`, the keys of links likewise; `url` becomes
/// `uri` where the newest shape says so, the outcomes pass and fail become success and failure;
/// what the type says, `subject.type`, is left out. Of custom events the envelope is changed
/// likewise. All else stays byte for byte.
///
/// Safe to call from any thread that has no Document (document.h).
///
/// @param json  text that a JSON parser has accepted
/// @returns nothing when the event is not older, when nothing newer says the same (testcase,
/// testsuite), or when the result would break the newest shape, for example because its `uri` must
/// be absolute
std::optional<std::string> upgraded(std::string_view json);

}  // namespace cdviz::cdevents
