// What `transform` does with a folder of messages: through the chain, twice, and checked.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "commands/transform_files.h"
#include "commands/transformer_chain.h"
#include "parsers/format.h"

namespace cdviz::commands {

/// How it is done.
struct TransformSettings {
  parsers::Format format = parsers::Format::automatic;
  bool check_events = true;      ///< what comes out must be valid, strictly
  bool export_headers = false;   ///< also NAME.headers.json beside each output
  bool export_metadata = false;  ///< also NAME.metadata.json
  bool explain = false;          ///< print what each script read
};

/// What came of it.
struct TransformResult {
  OutputFiles files = {};
  std::size_t inputs = 0;
  std::size_t events = 0;
  std::size_t dropped = 0;
  std::size_t refused = 0;
  std::size_t invalid = 0;  ///< events that violate the specification
  std::size_t failed = 0;   ///< messages on which a script failed, or did not give the same twice
};

/// Prints what is wrong, what scripts said, and with `explain` what they read, to standard output.
TransformResult run_chain(const Chain& chain, const std::vector<InputCase>& inputs,
                          const TransformSettings& settings);

}  // namespace cdviz::commands
