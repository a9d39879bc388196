// Watches registries of Amazon ECR by asking its API
// (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/Welcome.html) and, with a queue of
// SQS, by the events that EventBridge sends, and tells what came and went as events about
// artifacts. A message of the queue is deleted when what it says is on disk.
#include "sources/ecr/ecr.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "activity/options.h"
#include "aws/environment.h"
#include "aws/options.h"
#include "aws/sqs.h"
#include "config/options.h"
#include "sources/ecr/ecr_source.h"

namespace cdviz::sources::ecr {
namespace {

using std::chrono::milliseconds;

constexpr std::array<std::string_view, 2> kFroms = {"now", "oldest"};

constexpr std::array kNotificationFields = {
    Option{.name = "queue_url",
           .help = "The SQS queue that EventBridge sends events of ECR to.",
           .required = true,
           .example = "https://sqs.eu-west-1.amazonaws.com/123456789012/ecr"},
    Option{.name = "region",
           .help = "Its region. Without it: the one in its URL, or that of the source."},
    Option{.name = "visibility",
           .type = OptionType::duration,
           .fallback = "2m",
           .help = "How long a message that we work on is kept from others; 10s to 12h."},
    Option{.name = "wait",
           .type = OptionType::duration,
           .fallback = "20s",
           .help = "How long a poll waits for messages; 0s to 20s."},
};

constexpr std::array kOptions = {
    aws::kRegionOption,
    Option{.name = "regions",
           .type = OptionType::text_list,
           .help = "Several regions to watch, instead of `region`.",
           .example = "eu-west-1, us-east-1"},
    Option{.name = "registry_ids",
           .type = OptionType::text_list,
           .help = "Accounts whose registries are watched, as 12 digits. Without it: the one that "
                   "the credentials belong to.",
           .example = "123456789012"},
    Option{.name = "repositories",
           .type = OptionType::text_list,
           .help = "Repositories to watch, as patterns (`team/*`, `!team/tmp`). Without it: all.",
           .example = "team/*"},
    Option{.name = "tags",
           .type = OptionType::text_list,
           .help = "Tags that count, as patterns (`v*`, `!*-rc*`). Without it: all.",
           .example = "v*"},
    Option{.name = "untagged",
           .type = OptionType::boolean,
           .fallback = "false",
           .help = "Also images without a tag. Most are the parts of an image for several "
                   "platforms."},
    Option{.name = "polling_interval",
           .type = OptionType::duration,
           .fallback = "5m",
           .help = "How long to wait between two looks at everything; 1s or more. With "
                   "`notifications` 1h, for what they miss."},
    Option{.name = "notifications",
           .type = OptionType::table,
           .help = "A queue that tells at once what happens.",
           .fields = kNotificationFields},
    Option{.name = "from",
           .fallback = "now",
           .help = "What the first look tells: nothing of what is there already (now), or all of "
                   "it (oldest).",
           .choices = kFroms},
    activity::kPatternOption,
    activity::purl_option(
        "pkg:oci/{name}@{digest}?repository_url={registry}/{repository}&tag={tag}"),
    activity::kContextSourceOption,
    activity::kMetadataOption,
    aws::kEndpointOption,
    aws::kAccessKeyIdOption,
    aws::kSecretAccessKeyOption,
    aws::kSessionTokenOption,
    aws::kProfileOption,
    aws::kRoleArnOption,
    aws::kExternalIdOption,
    aws::kCaOption,
};

/// Nothing if there was a problem.
std::optional<PathPatterns> patterns_of(const config::Options& options, std::string_view name) {
  auto patterns = PathPatterns::parse(options.text_list(name));
  if (patterns) return std::move(*patterns);
  options.problem(name, patterns.error().message);
  return std::nullopt;
}

std::optional<QueueSettings> read_queue(const config::Options& options, const aws::Access& access) {
  const auto table = options.table("notifications");
  QueueSettings queue{.url = table.text("queue_url"), .client = {}};
  queue.client.endpoint = aws::endpoint_of_queue(queue.url);
  if (queue.client.endpoint.empty() || !aws::is_endpoint(queue.client.endpoint)) {
    table.problem("queue_url", "must be the URL of a queue: https://host/account/name");
  }
  queue.client.scope = {table.text("region"), "sqs"};
  if (queue.client.scope.region.empty()) {
    queue.client.scope.region = aws::region_of_queue(queue.url).value_or(access.region);
  }
  queue.client.ca_file = access.ca_file;
  queue.client.stall_timeout = milliseconds(0);  // a long poll says nothing for long
  const auto visibility = table.duration("visibility");
  const auto wait = table.duration("wait");
  if (visibility < std::chrono::seconds(10) || visibility > aws::Sqs::kVisibilityMax) {
    table.problem("visibility", "must be 10s to 12h");
  }
  if (wait > aws::Sqs::kWaitMax) table.problem("wait", "must be 0s to 20s");
  queue.visibility = std::chrono::ceil<std::chrono::seconds>(visibility);
  queue.wait = std::chrono::floor<std::chrono::seconds>(wait);
  return queue;
}

bool is_account(const std::string& text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == std::string::npos;
}

std::optional<EcrSettings> read(const config::Options& options, const Services& services) {
  const auto access = aws::read_access(options, aws::process_environment(), services.clock);
  EcrSettings settings{.regions = {},
                       .registry_ids = options.text_list("registry_ids"),
                       .look = {.untagged = options.boolean("untagged")},
                       .polling_interval = options.duration("polling_interval"),
                       .from_now = options.text("from") == "now",
                       .credentials = access.credentials};
  auto regions = options.text_list("regions");
  if (!regions.empty() && options.given("region")) {
    options.problem("regions", "`region` and `regions` say the same: give one of them");
  }
  if (regions.empty()) regions.push_back(access.region);
  for (const auto& region : regions) {
    aws::ClientSettings client{.scope = {region, "ecr"}, .endpoint = access.endpoint};
    if (client.endpoint.empty()) client.endpoint = aws::endpoint_of("ecr", region);
    if (!aws::is_endpoint(client.endpoint)) {
      options.problem("regions", "\"" + region + "\" is no name of a region");
    }
    client.ca_file = access.ca_file;
    client.answer_bytes_max = std::size_t{32} << 20;  // a page of 1000 images, with their scans
    settings.regions.push_back(std::move(client));
  }
  for (const auto& account : settings.registry_ids) {
    if (!is_account(account)) options.problem("registry_ids", "an account is 12 digits");
  }
  auto repositories = patterns_of(options, "repositories");
  auto tags = patterns_of(options, "tags");
  if (options.given("notifications")) {
    settings.queue = read_queue(options, access);
    if (!options.given("polling_interval")) settings.polling_interval = std::chrono::hours(1);
  }
  if (settings.polling_interval < std::chrono::seconds(1)) {
    options.problem("polling_interval", "must be 1s or more");
  }
  if (!repositories || !tags || options.has_problems()) return std::nullopt;
  settings.repositories = std::move(*repositories);
  settings.look.tags = std::move(*tags);
  return settings;
}

Result<std::unique_ptr<Source>> make(const config::Options& options, const Services& services) {
  auto settings = read(options, services);
  const std::vector<std::string> places = {"registry", "repository", "account", "region"};
  auto activity = activity::read_settings(options, "ecr", places);
  if (!settings || !activity) return Error{Fault::stop, "wrong options"};
  return make_ecr_source(std::move(*settings), std::move(*activity), services);
}

Result<void> reach_it(const config::Options& options, const Services& services) {
  auto settings = read(options, services);
  if (!settings) return Error{Fault::stop, "wrong options"};
  const auto hurry = [](aws::ClientSettings& client) {
    client.attempts_max = 1;
    client.timeout = milliseconds(4'000);
  };
  for (auto& region : settings->regions) hurry(region);
  if (settings->queue) hurry(settings->queue->client);
  return reach(*settings, services.clock);
}

}  // namespace

const SourceKind kind{.name = "ecr",
                      .summary =
                          "Watches registries of Amazon ECR: images that come and go become "
                          "artifact events.",
                      .options = kOptions,
                      .make = &make,
                      .reach = &reach_it};

}  // namespace cdviz::sources::ecr
