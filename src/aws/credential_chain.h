// Where credentials are looked for, in the order of AWS's own tools
// (https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html): the options, the
// environment, a web identity, a profile, the container's, the instance's.
#pragma once

#include <memory>
#include <string>

#include "aws/credentials.h"
#include "aws/environment.h"
#include "aws/sts.h"
#include "core/clock.h"

namespace cdviz::aws {

struct CredentialSettings {
  Credentials fixed = {};         ///< of the options; used when there is an access key
  std::string profile = {};       ///< of the options: then nothing else counts
  Role role = {};                 ///< to become, with whatever was found; none without its arn
  std::string region = {};        ///< of the STS
  std::string sts_endpoint = {};  ///< empty: AWS_ENDPOINT_URL_STS, or AWS's own
  std::string ca_file = {};
  Environment environment = {};
};

/// @param clock  outlives the provider
std::shared_ptr<CredentialsProvider> make_credentials(CredentialSettings settings,
                                                      const Clock& clock);

/// How long before they expire credentials are fetched anew.
inline constexpr std::chrono::minutes kRefreshBefore{5};

}  // namespace cdviz::aws
