// The folder source once its options are checked. Separate from the option table (folder.h) so that
// the tests need no configuration.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "core/component.h"
#include "core/path_patterns.h"
#include "core/source.h"
#include "parsers/parsers.h"
#include "sources/folder/feeder.h"
#include "sources/folder/side_files.h"
#include "sources/folder/walk.h"

namespace cdviz::sources::folder {

/// What becomes of a file whose events are all on disk.
enum class After : std::uint8_t { keep, remove, move };

struct FolderSettings {
  std::string path;
  PathPatterns patterns = {};
  WalkRules walk = {};
  parsers::Format parser = parsers::Format::automatic;
  parsers::Limits limits = {};
  std::chrono::milliseconds polling_interval{10'000};
  bool watch = true;
  std::chrono::milliseconds settle{1'000};
  After after = After::keep;
  std::string move_to = {};  ///< for After::move
  SideFiles side_files = {};
  std::string metadata = "{}";  ///< a JSON object
  FeederLimits batch = {};
};

std::unique_ptr<Source> make_folder_source(FolderSettings settings, const Services& services);

}  // namespace cdviz::sources::folder
