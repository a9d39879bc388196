// How a kind of source, sink or transformer is declared: its name, its option table and how it is
// made. A component's header declares one of these and nothing else; src/registry lists them.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/option.h"
#include "core/result.h"
#include "core/sink.h"
#include "core/source.h"
#include "core/transform.h"

namespace cdviz {

// Declared only: core depends on nobody, and only the components that need these include them.
namespace config {
class Options;
}
namespace net {
class Routes;
}
namespace telemetry {
class Metrics;
class Log;
}  // namespace telemetry

/// What a component may use of the program around it. All references outlive the component.
struct Services {
  std::string
      name;  ///< the NAME of [sources.NAME] or [sinks.NAME]: component_id in metrics and logs
  Clock& clock;
  telemetry::Metrics& metrics;
  telemetry::Log& log;
  net::Routes& routes;  ///< of the collector's HTTP server
};

/// A kind of source. Lives for ever.
struct SourceKind {
  std::string_view name;     ///< the value of `type` in [sources.NAME.extractor]
  std::string_view summary;  ///< one sentence for --help and the reference
  std::span<const Option> options;
  /// Checks every option and makes the source; opens nothing: the network and files come with
  /// run(). Problems with options are reported with Options::problem, all of them, and make returns
  /// Fault::stop.
  Result<std::unique_ptr<Source>> (*make)(const config::Options&, const Services&);
  /// For `check --reach`: tries whether the other end answers and lets us in, changes nothing
  /// there, takes at most 10 s. Called only with options that make() took. Null: there is no other
  /// end.
  Result<void> (*reach)(const config::Options&, const Services&) = nullptr;
};

/// A kind of sink. Lives for ever.
struct SinkKind {
  std::string_view name;  ///< the value of `type` in [sinks.NAME]
  std::string_view summary;
  std::span<const Option> options;
  /// As SourceKind::make; connects with the first write().
  Result<std::unique_ptr<Sink>> (*make)(const config::Options&, const Services&);
  /// As SourceKind::reach.
  Result<void> (*reach)(const config::Options&, const Services&) = nullptr;
};

/// A kind of transformer. Lives for ever.
struct TransformerKind {
  std::string_view name;  ///< the value of `type` in [transformers.NAME]
  std::string_view summary;
  std::span<const Option> options;
  /// As SourceKind::make. Services::name is the NAME, or says where an inline one stands. Called
  /// once for each place that it is used at.
  Result<std::unique_ptr<Transform>> (*make)(const config::Options&, const Services&);
};

}  // namespace cdviz
