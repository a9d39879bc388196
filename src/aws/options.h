// The options that every source of AWS shares: where it is, and who we are.
#pragma once

#include <memory>
#include <string>

#include "aws/client.h"
#include "aws/environment.h"
#include "config/options.h"
#include "core/clock.h"
#include "core/option.h"

namespace cdviz::aws {

inline constexpr Option kRegionOption{
    .name = "region",
    .help =
        "The region. Without it: AWS_REGION, AWS_DEFAULT_REGION, that of the profile, or "
        "us-east-1.",
    .example = "eu-west-1"};
inline constexpr Option kEndpointOption{
    .name = "endpoint",
    .help = "The service's address, for one that is not Amazon's. Without it: the region's own.",
    .example = "https://s3.example.com"};
inline constexpr Option kAccessKeyIdOption{
    .name = "access_key_id",
    .help =
        "The access key. Without it: AWS_ACCESS_KEY_ID, a web identity, the profile, the "
        "container's or the instance's credentials, whichever is there first."};
inline constexpr Option kSecretAccessKeyOption{.name = "secret_access_key",
                                               .type = OptionType::secret,
                                               .help = "The secret to `access_key_id`."};
inline constexpr Option kSessionTokenOption{.name = "session_token",
                                            .type = OptionType::secret,
                                            .help = "The token of temporary credentials."};
inline constexpr Option kProfileOption{
    .name = "profile",
    .help =
        "Takes credentials from this profile of ~/.aws/credentials and ~/.aws/config, and "
        "nowhere else."};
inline constexpr Option kRoleArnOption{
    .name = "role_arn",
    .help =
        "A role to become (sts:AssumeRole) with the credentials that were found, for example "
        "of another account.",
    .example = "arn:aws:iam::123456789012:role/cdviz"};
inline constexpr Option kExternalIdOption{
    .name = "external_id", .help = "The external id that the role's trust policy asks for."};
inline constexpr Option kCaOption{
    .name = "ca",
    .help =
        "PEM file with the authorities that sign the server's certificate. Without it: those "
        "of the system.",
    .example = "/etc/cdviz/s3-ca.crt"};

/// What those options say.
struct Access {
  std::string region;
  std::string endpoint = {};  ///< empty: endpoint_of(service, region)
  std::string ca_file = {};
  std::shared_ptr<CredentialsProvider> credentials;
};

/// Reads them; `options` must have all of the above. Problems are reported. Opens nothing but the
/// files of profiles. @param clock  outlives the credentials
Access read_access(const config::Options& options, const Environment& environment,
                   const Clock& clock);

/// "https://host" or "http://host:port", nothing behind: what an endpoint may be.
bool is_endpoint(const std::string& text);

}  // namespace cdviz::aws
