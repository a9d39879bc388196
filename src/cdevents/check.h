// What happens to a document between a source and the queue: it is parsed, normalised where that
// was asked for, validated against the vocabulary, and becomes an event or is refused.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cdevents/parse.h"
#include "core/event.h"
#include "core/problem.h"

namespace cdviz::cdevents {

class UserSchemas;

/// What is done about violations of the specification in an event that can be stored and used.
enum class Policy : std::uint8_t {
  strict,  ///< it is refused
  report,  ///< it is accepted and marked with them
  off,     ///< nobody looks for them
};

/// Which shortcomings are mended; each mended one is noted in the event.
struct Normalisation {
  bool fill_source = true;  ///< a missing or empty context.source
  bool fill_time = true;    ///< a missing or empty context.timestamp
  bool fill_id = true;  ///< a missing, empty or "0" context.id (content_id.h); a missing subject.id
                        ///< by the CloudEvent's
  bool drop_nulls = true;  ///< members that are null, outside of customData
  bool lenient_timestamps =
      true;                      ///< "+0100", a space for "T", no offset (UTC) in context.timestamp
  bool one_spec_version = true;  ///< of version and specversion, the one the type's release has
  bool upgrade = false;          ///< old shapes become those of the newest release
};

/// How one source's documents are treated. Safe to share between threads.
struct Rules {
  Policy policy = Policy::report;
  Normalisation normalisation = {};
  std::string default_source = {};                  ///< fills a missing context.source
  std::shared_ptr<const UserSchemas> schemas = {};  ///< of [[schemas]]; may be null
};

/// What the CloudEvent around a document said. The document's own context wins; these fill what is
/// missing, before the defaults do.
struct Attributes {
  std::optional<std::string_view> id = {};
  std::optional<std::string_view> source = {};
  std::optional<std::string_view> type = {};
  std::optional<std::string_view> subject = {};
  std::optional<std::string_view> time = {};
};

/// An event, and what was noticed; the same stands in event.notes.
struct Checked {
  EventData event;
  std::vector<Problem> violations = {};           ///< with Policy::report
  std::vector<std::string_view> normalised = {};  ///< the steps, as in Normalisation: "source", …
  std::vector<std::string_view> mismatches = {};  ///< attributes that differ from the context
};

/// Safe to call from any thread. Pure.
/// @param document  moved into the event; left as it was when it is Unusable, for the dead letter
/// @param now  fills a missing timestamp
/// @returns Unusable when it cannot be stored, whatever the policy, or with Policy::strict when it
/// has a violation
std::variant<Checked, Unusable> check(std::string&& document, const Rules& rules,
                                      const Attributes& attributes, WallTime now);

}  // namespace cdviz::cdevents
