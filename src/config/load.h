// The whole configuration: layers put together, checked against the catalogue, with every mistake.
//
//   defaults < files < environment < --set        (later wins; tables merge, arrays replace)
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/catalogue.h"
#include "config/mistakes.h"
#include "config/options.h"

namespace cdviz::config {

/// What the configuration is made of; nothing else is read but the files that it names.
struct Input {
  /// TOML that the program brings itself, below the files: (name for messages, text).
  std::vector<std::pair<std::string, std::string>> built_in = {};
  std::vector<std::string> files = {};  ///< paths; "-" is standard input
  /// All variables: for `CDVIZ_COLLECTOR__…` and `${VAR}`.
  std::map<std::string, std::string, std::less<>> environment = {};
  std::vector<std::string> settings = {};  ///< of --set
  /// Sources and sinks are not looked at: for commands that need a section only, or transformers,
  /// so that they work where the secrets of the service are not.
  bool sections_only = false;
};

/// Where a sink that is new starts to read.
enum class From : std::uint8_t { now, oldest };

/// One [transformers.NAME], or one of `transformers = [{ … }]` within a source or a sink.
struct TransformerEntry {
  std::string name;  ///< NAME, or "sources.NAME.transformers[0]"
  const TransformerKind* kind;
  Options options;  ///< of the kind; also "type"
};

/// One [sources.NAME].
struct SourceEntry {
  std::string name;
  const SourceKind* kind;
  bool enabled;
  Options options;                                  ///< of [sources.NAME.extractor]; also "type"
  Options common;                                   ///< of [sources.NAME] itself: source_options()
  std::vector<TransformerEntry> transformers = {};  ///< those that stand in it
};

/// One [sinks.NAME].
struct SinkEntry {
  std::string name;
  const SinkKind* kind;
  bool enabled;
  From from;
  Options options;  ///< of the kind; also "enabled", "type" and "from"
  std::vector<TransformerEntry> transformers = {};  ///< those that stand in it
};

/// A configuration and what is wrong with it. Always complete: what is wrong has its default, so
/// that the components can be made and report their own problems before anything is said. Run with
/// it only if it is valid(). Not thread-safe.
class Config {
 public:
  /// The options of [name]; the name must be in the catalogue.
  Options section(std::string_view name) const;
  /// The lists of tables at the top of the file: top().table_list("schemas") for [[schemas]].
  Options top() const { return *top_; }
  /// Sorted by name; entries without a known type are left out (and are a mistake).
  const std::vector<SourceEntry>& sources() const { return sources_; }
  const std::vector<SinkEntry>& sinks() const { return sinks_; }
  const std::vector<TransformerEntry>& transformers() const { return transformers_; }

  /// Adds a mistake for each of: no source is enabled, no sink is enabled. For commands that run
  /// the pipeline.
  void expect_flow();

  /// True until something is wrong: also what Options::problem reported since.
  bool valid() const { return mistakes_->count() == 0; }
  /// In the order of the layers and lines.
  std::vector<Mistake> mistakes() const { return mistakes_->list(); }

 private:
  friend class Loader;
  std::vector<std::pair<std::string_view, Options>> sections_;
  std::optional<Options> top_;  // always there once loaded
  std::vector<SourceEntry> sources_;
  std::vector<SinkEntry> sinks_;
  std::vector<TransformerEntry> transformers_;
  std::shared_ptr<Mistakes> mistakes_ = std::make_shared<Mistakes>();
};

/// Reads and checks. After a syntax error in a file only the syntax errors (of all files) are
/// reported, and everything has its default.
Config load(const Input& input, const Catalogue& catalogue);

/// The options that every [sources.NAME] and every [sinks.NAME] has, besides its kind's; for the
/// reference.
std::span<const Option> source_options();
std::span<const Option> sink_options();

/// What is wrong with the tables themselves: a fallback that is not of its type, a name twice. For
/// a test.
std::vector<std::string> mistakes_of(const Catalogue& catalogue);

}  // namespace cdviz::config
