// What a configuration may hold. config is below the components, so the tables are given to it
// (src/registry).
#pragma once

#include <span>
#include <string_view>

#include "core/component.h"
#include "core/option.h"

namespace cdviz::config {

/// A section that stands once, such as [http]. Lives for ever.
struct Section {
  std::string_view name;     ///< as in the file, without brackets
  std::string_view summary;  ///< one sentence for the reference
  std::span<const Option> options;
};

/// The sections and kinds of a program. The spans must live as long as what was loaded with them.
struct Catalogue {
  std::span<const Section> sections;
  std::span<const SourceKind* const> sources;
  std::span<const SinkKind* const> sinks;
  /// Lists of tables at the top of the file, [[NAME]]: options of type table_list.
  std::span<const Option> lists = {};
  std::span<const TransformerKind* const> transformers = {};
};

}  // namespace cdviz::config
