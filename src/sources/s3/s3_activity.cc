// Tells what comes and goes in a bucket of Amazon S3, or of any store with its API, as CDEvents
// about artifacts. Its confirmation is the ledger in the queue, where an object is noted in the
// transaction of its event.
#include <array>
#include <string>
#include <utility>

#include "activity/options.h"
#include "config/options.h"
#include "sources/s3/activity.h"
#include "sources/s3/options.h"
#include "sources/s3/s3.h"

namespace cdviz::sources::s3 {
namespace {

constexpr std::array<std::string_view, 2> kFrom = {"now", "oldest"};

constexpr std::array kOptions = {
    kBucketOption,
    kPrefixOption,
    kPathPatternsOption,
    activity::kPatternOption,
    activity::purl_option("pkg:generic/{name}@{version}?checksum=sha256:{sha256}&"
                          "download_url={url}"),
    Option{.name = "from",
           .fallback = "oldest",
           .help = "Which objects the first listing tells of: all (`oldest`), or none, but what "
                   "comes, changes and goes from then on (`now`).",
           .choices = kFrom},
    kPollingIntervalOption,
    kNotificationsOption,
    activity::kContextSourceOption,
    activity::kMetadataOption,
    kParallelOption,
    kMaxKeysOption,
    kAddressingOption,
    aws::kEndpointOption,
    aws::kRegionOption,
    aws::kAccessKeyIdOption,
    aws::kSecretAccessKeyOption,
    aws::kSessionTokenOption,
    aws::kProfileOption,
    aws::kRoleArnOption,
    aws::kExternalIdOption,
    kAnonymousOption,
    aws::kCaOption,
};

/// Where an object can be fetched from, without what the store would have to check.
std::string url_of(const aws::BucketSettings& bucket) {
  std::string url = bucket.client.endpoint;
  if (bucket.path_style) return url + "/" + bucket.name;
  return url.insert(url.find("://") + 3, bucket.name + ".");
}

Result<std::unique_ptr<Source>> make(const config::Options& options, const Services& services) {
  auto place = read_place(options, services);
  auto patterns = read_patterns(options);
  auto events = activity::read_settings(options, "s3", activity_places());
  if (!place || !patterns || !events || options.has_problems()) {
    return Error{Fault::stop, "wrong options"};
  }
  auto settings = std::make_shared<const ActivitySettings>(
      ActivitySettings{.bucket = place->bucket.name,
                       .prefix = place->session.prefix,
                       .patterns = std::move(*patterns),
                       .region = place->bucket.client.scope.region,
                       .url = url_of(place->bucket),
                       .from_now = options.text("from") == "now",
                       .events = std::move(*events)});
  return make_s3_source(
      std::move(*place),
      [settings, &clock = services.clock](Inlet& inlet) {
        return std::make_unique<Activity>(*settings, inlet, clock);
      },
      services);
}

Result<void> reach_it(const config::Options& options, const Services& services) {
  auto place = read_place(options, services);
  if (!place) return Error{Fault::stop, "wrong options"};
  return reach(*place, services.clock);
}

}  // namespace

const SourceKind activity_kind{
    .name = "s3_activity",
    .summary = "Tells what comes and goes in a bucket of S3, as events about artifacts.",
    .options = kOptions,
    .make = &make,
    .reach = &reach_it};

}  // namespace cdviz::sources::s3
