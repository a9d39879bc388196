// The source once its options are checked. Separate from the option table (oci.h) so that the tests
// need no configuration.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "activity/artifact_events.h"
#include "core/component.h"
#include "core/path_patterns.h"
#include "core/source.h"
#include "sources/oci/registry_client.h"
#include "sources/oci/repository_watch.h"

namespace cdviz::sources::oci {

struct OciSettings {
  RegistrySettings registry;
  WatchSettings watch;
  std::vector<std::string> repositories = {};           ///< by their names
  std::optional<PathPatterns> catalog = {};             ///< those of the registry's catalog
  std::chrono::milliseconds interval{60'000};           ///< between two looks
  std::chrono::milliseconds recheck_interval{600'000};  ///< of the digests of known tags
  std::size_t requests_max = 4;                         ///< at a time
  bool from_now = true;
};

std::unique_ptr<Source> make_oci_source(OciSettings settings, activity::Settings activity,
                                        const Services& services);

}  // namespace cdviz::sources::oci
