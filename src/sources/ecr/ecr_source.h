// The source once its options are checked. Separate from the option table (ecr.h) so that the tests
// need no configuration.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "activity/artifact_events.h"
#include "aws/client.h"
#include "aws/credentials.h"
#include "core/component.h"
#include "core/path_patterns.h"
#include "core/source.h"
#include "sources/ecr/repository_look.h"

namespace cdviz::sources::ecr {

struct QueueSettings {
  std::string url;
  aws::ClientSettings client;
  std::chrono::seconds visibility{120};
  std::chrono::seconds wait{20};  ///< of a long poll
};

struct EcrSettings {
  std::vector<aws::ClientSettings> regions;    ///< a client for each
  std::vector<std::string> registry_ids = {};  ///< accounts; none: our own
  PathPatterns repositories = {};
  LookSettings look = {};
  std::optional<QueueSettings> queue = {};
  std::chrono::milliseconds polling_interval{300'000};
  bool from_now = true;
  std::shared_ptr<aws::CredentialsProvider> credentials;
};

std::unique_ptr<Source> make_ecr_source(EcrSettings settings, activity::Settings activity,
                                        const Services& services);

/// For `check --reach`.
Result<void> reach(const EcrSettings& settings, const Clock& clock);

}  // namespace cdviz::sources::ecr
