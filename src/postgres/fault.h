// What an SQLSTATE asks us to do next (https://www.postgresql.org/docs/15/errcodes-appendix.html).
// Never decided by the text of a message: that is translated and changes.
#pragma once

#include <string_view>

#include "core/result.h"

namespace cdviz::postgres {

/// What an SQLSTATE means to a writer.
struct Meaning {
  Fault fault = Fault::retry;
  /// The connection is gone or leads to the wrong server: open a new one before the next attempt.
  bool reconnect = false;
  /// A unique key was there already (23505).
  bool duplicate = false;
};

/// @param sqlstate  five characters; empty when the connection broke before the server could say
/// anything
Meaning meaning_of(std::string_view sqlstate);

/// The fault alone.
Fault fault_of(std::string_view sqlstate);

}  // namespace cdviz::postgres
