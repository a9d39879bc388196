#include "aws/options.h"

#include "aws/credential_chain.h"
#include "aws/profile.h"
#include "net/http_pool.h"

namespace cdviz::aws {
namespace {

bool has_control(const std::string& text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20) return true;
  }
  return false;
}

std::string region_of(const config::Options& options, const Environment& environment) {
  if (std::string region = options.text("region"); !region.empty()) return region;
  for (const auto* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (std::string region = variable(environment, name); !region.empty()) return region;
  }
  std::string profile = options.text("profile");
  if (profile.empty()) profile = variable(environment, "AWS_PROFILE");
  if (const auto profiles = read_profiles(environment)) {
    if (const auto found = profiles->find(profile.empty() ? "default" : profile);
        found != profiles->end()) {
      if (std::string region = value_of(found->second, "region"); !region.empty()) return region;
    }
  }
  return "us-east-1";
}

}  // namespace

bool is_endpoint(const std::string& text) {
  if (has_control(text) || !net::origin_of(text)) return false;
  const auto host = text.find("://") + 3;
  return text.find_first_of("/?#@", host) == std::string::npos;
}

Access read_access(const config::Options& options, const Environment& environment,
                   const Clock& clock) {
  Access access{.region = region_of(options, environment),
                .endpoint = options.text("endpoint"),
                .ca_file = options.text("ca"),
                .credentials = nullptr};
  if (has_control(access.region) || access.region.find('/') != std::string::npos) {
    options.problem("region", "is no name of a region");
  }
  while (access.endpoint.ends_with('/')) access.endpoint.pop_back();
  if (!access.endpoint.empty() && !is_endpoint(access.endpoint)) {
    options.problem("endpoint", "must be http:// or https:// and a host, without a path");
  }
  CredentialSettings settings{
      .fixed = {.access_key_id = options.text("access_key_id"),
                .secret_access_key = options.text("secret_access_key"),
                .session_token = options.text("session_token")},
      .profile = options.text("profile"),
      .role = {.arn = options.text("role_arn"), .external_id = options.text("external_id")},
      .region = access.region,
      .ca_file = {},
      .environment = environment};
  for (const auto* name : {"access_key_id", "secret_access_key", "session_token"}) {
    if (has_control(options.text(name))) options.problem(name, "holds a space or a line end");
  }
  if (settings.fixed.access_key_id.empty() != settings.fixed.secret_access_key.empty()) {
    options.problem(settings.fixed.access_key_id.empty() ? "secret_access_key" : "access_key_id",
                    "access_key_id and secret_access_key belong together");
  }
  if (!settings.profile.empty() && !settings.fixed.access_key_id.empty()) {
    options.problem("profile", "is not used with access_key_id: leave one of them out");
  }
  access.credentials = make_credentials(std::move(settings), clock);
  return access;
}

}  // namespace cdviz::aws
