// One look at one repository of ECR, or at one of its images, compared with what was reported.
//
//   a tag is new, or was moved to another image   artifact.published, with the tag
//   an image is gone                              artifact.deleted
//   a tag is gone, its image is not               nothing
//
// The ledger has a row for each tag ("HOST/NAME:TAG"), which says which digest it was told with,
// and one for each image ("HOST/NAME@DIGEST"), which is there as long as the image.
#pragma once

#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "activity/ledger.h"
#include "core/path_patterns.h"
#include "core/result.h"
#include "sources/ecr/image.h"

namespace cdviz::sources::ecr {

struct LookSettings {
  PathPatterns tags = {};  ///< those that count
  bool untagged = false;   ///< also images without a tag: parts of lists for several platforms
};

class RepositoryLook {
 public:
  /// All outlive it. @param tells  false: what is there is remembered, not told (from = "now")
  RepositoryLook(const LookSettings& settings, const Repository& repository, std::string region,
                 activity::Ledger& ledger, const Clock& clock, bool tells, std::stop_token stop);

  /// @param images  all of them: what is not among them is gone
  Result<void> all(const std::vector<Image>& images);
  /// That an image is there.
  Result<void> here(const Image& image);
  /// That an image is gone. @param tag  that it had, for one that was never told
  Result<void> gone(const std::string& digest, const std::string& tag, std::optional<WallTime> at);
  /// What a scan of an image found; it stands in customData of what is told of the image later.
  Result<void> scanned(const std::string& digest, const std::string& scan);

 private:
  Result<void> tell_tag(const Image& image, const std::string& tag, std::optional<WallTime> gone);
  Result<void> remember_image(const Image& image, const std::string& tag);
  Result<void> forget_tags(const std::vector<Image>& images);
  std::string key_of(char separator, std::string_view name) const;

  const LookSettings& settings_;
  const Repository& repository_;
  const std::string region_;
  activity::Ledger& ledger_;
  const Clock& clock_;
  const bool tells_;
  const std::stop_token stop_;
};

}  // namespace cdviz::sources::ecr
