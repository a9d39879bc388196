// From names of transformers to a chain of them.
#pragma once

#include <string>
#include <vector>

#include "config/load.h"
#include "core/component.h"
#include "core/transform.h"

namespace cdviz::commands {

struct Chain {
  Transforms transforms = {};
  std::string fingerprint = {};  ///< changes with the transformers and their options; "" for none
};

/// Makes the transformers that `place` (a source, a sink, a section) names in transformer_refs, and
/// those that stand in it. A name is one of [transformers.NAME] or of a shipped script. What is
/// wrong is reported to the options concerned.
void append_chain(Chain& chain, const config::Config& config, const config::Options& place,
                  const std::vector<config::TransformerEntry>& inside, const Services& services);

/// The same for names of a command line. A name with a '/' or that ends in ".lua" is a file.
/// @returns Fault::stop with what is wrong
Result<Chain> make_chain(const config::Config& config, const std::vector<std::string>& names,
                         const Services& services);

/// Makes each [transformers.NAME] once, to find what is wrong also with those that nobody names.
void check_transformers(const config::Config& config, const Services& services);

}  // namespace cdviz::commands
