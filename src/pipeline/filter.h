// Which events a sink gets: a rule that the user wrote ([sinks.NAME.filter]). What does not pass is
// counted, and the sink's cursor moves past it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/event.h"
#include "pipeline/expression.h"

namespace cdviz::pipeline {

/// Patterns for the fields of an event; `*` stands for any characters, none and '/' included, and
/// upper and lower case differ. Within a list any one of them is enough; of the lists that are not
/// empty all must fit.
struct Patterns {
  std::vector<std::string> types = {};         ///< context.type
  std::vector<std::string> sources = {};       ///< context.source
  std::vector<std::string> subject_ids = {};   ///< subject.id
  std::vector<std::string> environments = {};  ///< subject.content.environment.id; without: no fit
  std::vector<std::string> origins = {};       ///< name of the source component

  bool empty() const;
  /// True if all fit, and if there are none. Looks into the event's JSON only for environments, and
  /// only when everything else fits.
  bool fit(const EventData& event) const;
};

/// Immutable while it is used; safe to call from any thread.
struct Filter {
  Patterns wanted = {};
  Patterns except = {};  ///< what fits these does not pass; none: everything else does
  std::optional<Expression> expression = {};  ///< must hold besides

  bool empty() const { return wanted.empty() && except.empty() && !expression; }
  bool passes(const EventData& event) const;
};

}  // namespace cdviz::pipeline
