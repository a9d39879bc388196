// The source of activity once its options are checked. Separate from the option table (activity.h)
// so that the tests need no configuration.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "activity/artifact_events.h"
#include "core/component.h"
#include "core/path_patterns.h"
#include "core/source.h"
#include "sources/folder/walk.h"

namespace cdviz::sources::folder {

struct ActivitySettings {
  std::string path;
  PathPatterns patterns = {};
  WalkRules walk = {};
  std::chrono::milliseconds polling_interval{10'000};
  bool watch = true;
  std::chrono::milliseconds settle{2'000};  ///< a file counts when it was left alone for that long
  std::size_t files_max = 1'000'000;
  bool checksum = true;
  bool from_now = true;
};

std::unique_ptr<Source> make_activity_source(ActivitySettings settings, activity::Settings activity,
                                             const Services& services);

/// "file:///srv/builds" (RFC 8089) of a path, made absolute.
std::string file_uri(const std::string& path);

}  // namespace cdviz::sources::folder
