// How the vocabulary of CDEvents is shown.
#pragma once

#include <string>

#include "cdevents/vocabulary.h"

namespace cdviz::commands {

/// All of it: a line for each subject and predicate, a column for each release.
std::string type_table();

/// The same as a page in Markdown, for docs/components/.
std::string type_page();

/// One type for people: its releases and what its content may hold.
std::string type_description(const cdevents::EventKind& kind);

/// One type as a JSON object, without a line end.
std::string type_json(const cdevents::EventKind& kind);

}  // namespace cdviz::commands
