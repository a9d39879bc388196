#include "aws/credential_chain.h"

#include <mutex>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "aws/client.h"
#include "aws/machine_credentials.h"
#include "aws/profile.h"

namespace cdviz::aws {
namespace {

/// Between two tries to refresh credentials that are good for a while yet.
constexpr std::chrono::seconds kRefreshAgain{30};
/// Profiles that name one another as their source.
constexpr int kProfilesMax = 5;

using Found = Result<std::optional<Credentials>>;

class Fixed final : public CredentialsProvider {
 public:
  explicit Fixed(Credentials credentials) : credentials_(std::move(credentials)) {}
  Result<Credentials> get(const std::stop_token&) override { return credentials_; }
  void expired(const Credentials&) override {}

 private:
  const Credentials credentials_;
};

class Chain final : public CredentialsProvider {
 public:
  Chain(CredentialSettings settings, const Clock& clock)
      : settings_(std::move(settings)), clock_(clock) {}

  Result<Credentials> get(const std::stop_token& stop) override {
    const std::lock_guard lock(mutex_);  // whoever comes meanwhile waits for the same answer
    const WallTime now = clock_.wall();
    if (kept_ && !is_over(now, kRefreshBefore)) return *kept_;
    const bool still_good = kept_ && !is_over(now, std::chrono::seconds(10));
    if (still_good && tried_at_ && now - *tried_at_ < kRefreshAgain) return *kept_;
    tried_at_ = now;
    auto found = find(stop);
    if (found) {
      kept_ = std::move(*found);
      return *kept_;
    }
    if (still_good) return *kept_;
    return found;
  }

  void expired(const Credentials& credentials) override {
    const std::lock_guard lock(mutex_);
    // Others may have been fetched while that request was on its way.
    if (kept_ && kept_->session_token == credentials.session_token &&
        kept_->access_key_id == credentials.access_key_id) {
      kept_.reset();
    }
  }

 private:
  bool is_over(WallTime now, std::chrono::milliseconds before) const {
    return kept_->expires_at && *kept_->expires_at - before <= now;
  }

  StsPlace sts() const {
    std::string endpoint = settings_.sts_endpoint;
    if (endpoint.empty()) endpoint = variable(settings_.environment, "AWS_ENDPOINT_URL_STS");
    if (endpoint.empty()) endpoint = endpoint_of("sts", settings_.region);
    return {std::move(endpoint), settings_.region, settings_.ca_file};
  }

  Result<Credentials> find(const std::stop_token& stop) const {
    auto base = find_base(stop);
    if (!base || settings_.role.arn.empty()) return base;
    return assume_role(sts(), settings_.role, std::make_shared<Fixed>(std::move(*base)), clock_,
                       stop);
  }

  Result<Credentials> find_base(const std::stop_token& stop) const {
    if (!settings_.fixed.access_key_id.empty()) return settings_.fixed;
    if (!settings_.profile.empty()) {
      auto found = of_profile(settings_.profile, stop, kProfilesMax);
      if (!found) return found.error();
      if (*found) return std::move(**found);
      return Error{
          Fault::stop,
          fmt::format("the profile {} is not there, or holds no credentials", settings_.profile),
          "credentials"};
    }
    if (auto found = of_environment()) return *found;
    if (auto found = of_web_identity(stop); !found || *found) return taken(std::move(found));
    std::string profile = variable(settings_.environment, "AWS_PROFILE");
    if (profile.empty()) profile = "default";
    if (auto found = of_profile(profile, stop, kProfilesMax); !found || *found) {
      return taken(std::move(found));
    }
    if (auto found = container_credentials(settings_.environment, stop); !found || *found) {
      return taken(std::move(found));
    }
    if (auto found = instance_credentials(settings_.environment, stop); !found || *found) {
      return taken(std::move(found));
    }
    // An instance's metadata may not answer just now.
    return Error{Fault::retry,
                 "no AWS credentials: neither in the options (access_key_id, profile) nor in the "
                 "environment, a web identity, ~/.aws, the container or the instance",
                 "credentials"};
  }

  static Result<Credentials> taken(Found found) {
    if (!found) return found.error();
    return std::move(**found);
  }

  std::optional<Credentials> of_environment() const {
    Credentials credentials{
        .access_key_id = variable(settings_.environment, "AWS_ACCESS_KEY_ID"),
        .secret_access_key = variable(settings_.environment, "AWS_SECRET_ACCESS_KEY"),
        .session_token = variable(settings_.environment, "AWS_SESSION_TOKEN")};
    if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
      return std::nullopt;
    }
    return credentials;
  }

  Found of_web_identity(const std::stop_token& stop) const {
    return with_token(variable(settings_.environment, "AWS_WEB_IDENTITY_TOKEN_FILE"),
                      {.arn = variable(settings_.environment, "AWS_ROLE_ARN"),
                       .session_name = variable(settings_.environment, "AWS_ROLE_SESSION_NAME")},
                      stop);
  }

  Found with_token(const std::string& file, Role role, const std::stop_token& stop) const {
    if (file.empty() || role.arn.empty()) return std::optional<Credentials>();
    auto token = read_small_file(file);  // anew each time: it is rotated
    if (!token) return token.error();
    if (role.session_name.empty()) role.session_name = Role{}.session_name;
    auto credentials = assume_role_with_web_identity(sts(), role, *token, clock_, stop);
    if (!credentials) return credentials.error();
    return std::optional(std::move(*credentials));
  }

  Found of_profile(const std::string& name, const std::stop_token& stop, int left) const {
    auto profiles = read_profiles(settings_.environment);
    if (!profiles) return profiles.error();
    const auto entry = profiles->find(name);
    if (entry == profiles->end()) return std::optional<Credentials>();
    const Profile& profile = entry->second;
    Role role{.arn = value_of(profile, "role_arn"),
              .session_name = value_of(profile, "role_session_name"),
              .external_id = value_of(profile, "external_id")};
    if (role.session_name.empty()) role.session_name = Role{}.session_name;
    if (const auto file = value_of(profile, "web_identity_token_file"); !file.empty()) {
      return with_token(file, std::move(role), stop);
    }
    Credentials own{.access_key_id = value_of(profile, "aws_access_key_id"),
                    .secret_access_key = value_of(profile, "aws_secret_access_key"),
                    .session_token = value_of(profile, "aws_session_token")};
    const std::string source = value_of(profile, "source_profile");
    if (!role.arn.empty() && !source.empty() && source != name) {
      if (left == 0) return Error{Fault::stop, "profiles name one another as their source"};
      auto base = of_profile(source, stop, left - 1);
      if (!base || !*base) return base;
      own = std::move(**base);
    } else if (!role.arn.empty()) {
      auto base = of_source(value_of(profile, "credential_source"), stop);
      if (!base) return base;
      if (*base) own = std::move(**base);
    }
    if (own.access_key_id.empty() || own.secret_access_key.empty()) {
      return std::optional<Credentials>();
    }
    if (role.arn.empty()) return std::optional(std::move(own));
    auto assumed = assume_role(sts(), role, std::make_shared<Fixed>(std::move(own)), clock_, stop);
    if (!assumed) return assumed.error();
    return std::optional(std::move(*assumed));
  }

  /// The `credential_source` of a profile.
  Found of_source(const std::string& source, const std::stop_token& stop) const {
    if (source == "Environment") return of_environment();
    if (source == "EcsContainer") return container_credentials(settings_.environment, stop);
    if (source == "Ec2InstanceMetadata") return instance_credentials(settings_.environment, stop);
    return std::optional<Credentials>();
  }

  const CredentialSettings settings_;
  const Clock& clock_;
  std::mutex mutex_;
  std::optional<Credentials> kept_;
  std::optional<WallTime> tried_at_;
};

}  // namespace

std::shared_ptr<CredentialsProvider> make_credentials(CredentialSettings settings,
                                                      const Clock& clock) {
  return std::make_shared<Chain>(std::move(settings), clock);
}

}  // namespace cdviz::aws
