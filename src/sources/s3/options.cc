#include "sources/s3/options.h"

#include <chrono>
#include <string>
#include <utility>

namespace cdviz::sources::s3 {
namespace {

using std::chrono::milliseconds;

bool is_bucket_name(const std::string& name) {
  if (name.size() < 3 || name.size() > 255) return false;
  return name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:") ==
         std::string::npos;
}

std::optional<QueuePlace> read_queue(const config::Options& options, const aws::Access& access) {
  const auto table = options.table("notifications");
  QueuePlace queue{.url = table.text("queue_url")};
  queue.client.endpoint = aws::endpoint_of_queue(queue.url);
  if (queue.client.endpoint.empty() || !aws::is_endpoint(queue.client.endpoint)) {
    table.problem("queue_url", "must be the URL of a queue: https://host/account/name");
  }
  queue.client.scope = {table.text("region"), "sqs"};
  if (queue.client.scope.region.empty()) {
    queue.client.scope.region = aws::region_of_queue(queue.url).value_or(access.region);
  }
  queue.client.ca_file = access.ca_file;
  queue.client.stall_timeout = milliseconds(0);
  const auto visibility = table.duration("visibility");
  const auto wait = table.duration("wait");
  if (visibility < std::chrono::seconds(3) || visibility > aws::Sqs::kVisibilityMax) {
    table.problem("visibility", "must be 3s to 12h");
  }
  if (wait > aws::Sqs::kWaitMax) table.problem("wait", "must be 0s to 20s");
  queue.inbox.visibility = std::chrono::ceil<std::chrono::seconds>(visibility);
  queue.inbox.wait = std::chrono::floor<std::chrono::seconds>(wait);
  return queue;
}

/// @param options  has the bucket
PlaceSettings place_of(const config::Options& options, const aws::Access& access, bool anonymous) {
  PlaceSettings place;
  place.bucket.name = options.text("bucket");
  if (options.given("bucket") && !is_bucket_name(place.bucket.name)) {
    options.problem("bucket", "is no name of a bucket");
  }
  place.bucket.path_style = !access.endpoint.empty() || !aws::is_host_label(place.bucket.name);
  place.bucket.client.scope = {access.region, "s3"};
  place.bucket.client.endpoint =
      access.endpoint.empty() ? aws::endpoint_of("s3", access.region) : access.endpoint;
  place.bucket.client.ca_file = access.ca_file;
  if (!anonymous) place.credentials = access.credentials;
  place.session.bucket = place.bucket.name;
  return place;
}

}  // namespace

std::optional<PathPatterns> read_patterns(const config::Options& options) {
  auto patterns = PathPatterns::parse(options.text_list("path_patterns"));
  if (patterns) return std::move(*patterns);
  options.problem("path_patterns", patterns.error().message);
  return std::nullopt;
}

std::optional<PlaceSettings> read_place(const config::Options& options, const Services& services) {
  auto access = aws::read_access(options, aws::process_environment(), services.clock);
  const std::string addressing = options.text("addressing");
  auto place = place_of(options, access, options.boolean("anonymous"));
  if (addressing != "auto") place.bucket.path_style = addressing == "path";
  place.session.prefix = options.text("prefix");
  if (place.session.prefix.starts_with('/')) {
    options.problem("prefix", "begins with a slash: keys do not");
  }
  place.session.page = static_cast<unsigned>(options.integer("max_keys"));
  place.session.parallel = static_cast<std::size_t>(options.integer("parallel"));
  auto interval = options.duration("polling_interval");
  if (options.given("notifications")) {
    place.queue = read_queue(options, access);
    if (!options.given("polling_interval")) interval = std::chrono::hours(1);
  } else if (interval < std::chrono::seconds(1)) {
    options.problem("polling_interval", "must be 1s or more");
  }
  if (interval.count() > 0) place.session.polling_interval = interval;
  if (options.has_problems()) return std::nullopt;
  return place;
}

std::optional<PlaceSettings> read_opendal_place(const config::Options& options,
                                                const Services& services) {
  const auto parameters = options.table("parameters");
  const auto access = aws::read_access(parameters, aws::process_environment(), services.clock);
  if (parameters.text("bucket").empty()) {
    options.problem("parameters", "needs bucket for kind = \"s3\"");
  }
  auto place = place_of(parameters, access, parameters.boolean("allow_anonymous"));
  if (parameters.given("enable_virtual_host_style")) {
    place.bucket.path_style = !parameters.boolean("enable_virtual_host_style");
  }
  // There a root is a folder, with slashes around it.
  std::string root = parameters.text("root");
  root.erase(0, root.find_first_not_of('/'));
  if (!root.empty() && !root.ends_with('/')) root += '/';
  place.session.prefix = std::move(root);
  place.session.polling_interval = options.duration("polling_interval");
  if (options.has_problems() || parameters.has_problems()) return std::nullopt;
  return place;
}

}  // namespace cdviz::sources::s3
