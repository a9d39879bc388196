// The answers of Amazon ECR
// (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html), and what
// they make a thing of. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "activity/thing.h"
#include "core/event.h"
#include "core/result.h"

namespace cdviz::sources::ecr {

struct Repository {
  std::string registry_id;  ///< the account: "123456789012"
  std::string name;         ///< "team/shop"
  std::string host;         ///< "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
  bool operator==(const Repository&) const = default;
};

struct Image {
  std::string digest;
  std::vector<std::string> tags = {};  ///< sorted
  std::optional<std::uint64_t> size = {};
  std::optional<WallTime> pushed_at = {};
  std::string details = {};  ///< a JSON object: media types, scan
};

/// A page of a listing.
template <class T>
struct Page {
  std::vector<T> items;
  std::string next;  ///< nextToken; empty on the last one
};

/// @returns Fault::retry for what is no such answer: half of a listing is none
Result<Page<Repository>> repositories_of(std::string_view json);
Result<Page<Image>> images_of(std::string_view json);

/// The registry of an account, as references to its images name it.
std::string host_of(std::string_view registry_id, std::string_view region);

/// @param tag  empty: the image without a tag
activity::Thing thing_of(const Repository& repository, std::string_view region, const Image& image,
                         const std::string& tag);

/// `details` with what a scan found ({"status":"COMPLETE","severities":{…}}) instead of what an
/// earlier one did.
std::string with_scan(std::string_view details, std::string_view scan);

}  // namespace cdviz::sources::ecr
