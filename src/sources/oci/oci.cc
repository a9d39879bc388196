// Watches a registry of container images (OCI distribution, v1.1:
// https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md) by asking again and
// again, and tells what came and went as events about artifacts. A registry has nothing to confirm:
// what was reported is a row in the queue, committed with its event.
#include "sources/oci/oci.h"

#include <array>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "activity/options.h"
#include "config/options.h"
#include "net/http_pool.h"
#include "sources/oci/image_list.h"
#include "sources/oci/oci_source.h"

namespace cdviz::sources::oci {
namespace {

constexpr std::array<std::string_view, 2> kFroms = {"now", "oldest"};

constexpr std::array kOptions = {
    Option{.name = "url",
           .help = "The registry, without a path.",
           .required = true,
           .example = "https://registry.example.com"},
    Option{.name = "repositories",
           .type = OptionType::text_list,
           .fallback = "**",
           .help =
               "Repositories to watch: names, and globs over those of the registry's catalog "
               "(`team/*`, `**`). Where there is no catalog (GHCR, Docker Hub) only names work.",
           .example = "team/*"},
    Option{.name = "tags",
           .type = OptionType::text_list,
           .help = "Tags that count, as patterns (`v*`, `!*-rc*`). Without it: all.",
           .example = "v*"},
    Option{.name = "username", .help = "Whom to log in as, at the registry or its token server."},
    Option{.name = "password",
           .type = OptionType::secret,
           .help = "The password of `username`, or an access token."},
    Option{.name = "polling_interval",
           .type = OptionType::duration,
           .fallback = "1m",
           .help = "How long to wait between two looks at the tags. At least 1s.",
           .min = 1000},
    Option{.name = "recheck_interval",
           .type = OptionType::duration,
           .fallback = "10m",
           .help = "How often to ask for the digests of tags that are known, as a tag may be moved "
                   "to another image: one request for each tag. 0s: at every look.",
           .min = 0},
    Option{.name = "from",
           .fallback = "now",
           .help = "What the first look tells: nothing of what is there already (now), or all of "
                   "it (oldest).",
           .choices = kFroms},
    Option{.name = "requests_max",
           .type = OptionType::integer,
           .fallback = "4",
           .help = "Requests at a time.",
           .min = 1,
           .max = 32},
    Option{.name = "tags_max",
           .type = OptionType::integer,
           .fallback = "100000",
           .help = "Tags of a repository; one with more is not watched, which is logged.",
           .min = 1,
           .max = 1'000'000},
    Option{.name = "ca",
           .help = "PEM file with the authorities that sign the registry's certificate. Without "
                   "it: those of the system.",
           .example = "/etc/cdviz/registry-ca.crt"},
    activity::kPatternOption,
    activity::purl_option(
        "pkg:oci/{name}@{digest}?repository_url={registry}/{repository}&tag={tag}"),
    activity::kContextSourceOption,
    activity::kMetadataOption,
};

bool is_pattern(std::string_view text) {
  return text.find_first_of("*?[{!\\") != std::string_view::npos;
}

std::string without_trailing_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

RegistrySettings registry_of(const config::Options& options) {
  return {.url = without_trailing_slash(options.text("url")),
          .username = options.text("username"),
          .password = options.text("password"),
          .ca_file = options.text("ca")};
}

/// The name of the registry, as it stands in references to images. Reports what is wrong.
std::optional<std::string> check_url(const config::Options& options) {
  const std::string url = without_trailing_slash(options.text("url"));
  if (const auto origin = net::origin_of(url); !origin) {
    options.problem("url", origin.error().message);
    return std::nullopt;
  }
  std::string host = url.substr(url.find("://") + 3);
  if (host.find_first_of("/?#") != std::string::npos) {
    options.problem("url", "has something behind the host: a registry's paths begin with /v2/");
    return std::nullopt;
  }
  if (host.find('@') != std::string::npos) {
    options.problem("url", "holds credentials: give `username` and `password`");
    return std::nullopt;
  }
  return host;
}

/// Nothing if there was a problem.
std::optional<PathPatterns> patterns_of(const config::Options& options, std::string_view name,
                                        const std::vector<std::string>& texts) {
  auto patterns = PathPatterns::parse(texts);
  if (patterns) return std::move(*patterns);
  options.problem(name, patterns.error().message);
  return std::nullopt;
}

void read_patterns(const config::Options& options, OciSettings& settings) {
  const auto repositories = options.text_list("repositories");
  if (repositories.empty()) options.problem("repositories", "is empty");
  std::vector<std::string> patterns;
  for (const auto& text : repositories) {
    if (is_pattern(text)) {
      patterns.push_back(text);
    } else if (is_repository(text)) {
      settings.repositories.push_back(text);
    } else {
      options.problem("repositories", "\"" + text + "\" is no name of a repository");
    }
  }
  if (!patterns.empty()) settings.catalog = patterns_of(options, "repositories", patterns);
  if (options.given("tags")) {
    if (auto tags = patterns_of(options, "tags", options.text_list("tags"))) {
      settings.watch.tags = std::move(*tags);
    }
  }
}

Result<std::unique_ptr<Source>> make(const config::Options& options, const Services& services) {
  const auto host = check_url(options);
  OciSettings settings{.registry = registry_of(options),
                       .watch = {.registry = host.value_or("")},
                       .interval = options.duration("polling_interval"),
                       .recheck_interval = options.duration("recheck_interval"),
                       .requests_max = static_cast<std::size_t>(options.integer("requests_max")),
                       .from_now = options.text("from") == "now"};
  settings.watch.tags_max = static_cast<std::size_t>(options.integer("tags_max"));
  read_patterns(options, settings);
  if (options.text("username").empty() != options.text("password").empty()) {
    options.problem("username", "`username` and `password` go together");
  }
  const std::vector<std::string> places = {"registry", "repository"};
  auto activity = activity::read_settings(options, "oci", places);
  if (!activity || options.has_problems()) return Error{Fault::stop, "wrong options"};
  return make_oci_source(std::move(settings), std::move(*activity), services);
}

Result<void> reach(const config::Options& options, const Services& services) {
  RegistrySettings settings = registry_of(options);
  settings.timeout = std::chrono::seconds(8);
  settings.attempts_max = 1;
  Tokens tokens(services.clock);
  RegistryClient client(std::move(settings), services.clock, tokens);
  return client.reach({});
}

}  // namespace

const SourceKind kind{.name = "oci",
                      .summary =
                          "Watches a registry of container images: what comes and goes "
                          "becomes artifact events.",
                      .options = kOptions,
                      .make = &make,
                      .reach = &reach};

}  // namespace cdviz::sources::oci
