// Credentials that the machine hands out: to a container
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html) and to an
// instance
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html).
#pragma once

#include <optional>
#include <stop_token>

#include "aws/credentials.h"
#include "aws/environment.h"
#include "core/result.h"

namespace cdviz::aws {

/// ECS tasks and EKS pod identities. Nothing if AWS_CONTAINER_CREDENTIALS_… is not set.
/// @returns Fault::stop for an address that tokens must not be sent to: neither https nor one of
/// those that the specification names
Result<std::optional<Credentials>> container_credentials(const Environment& environment,
                                                         const std::stop_token& stop);

/// IMDSv2. Nothing if no metadata service answers within a second, if it has no role for us, or if
/// AWS_EC2_METADATA_DISABLED is true.
Result<std::optional<Credentials>> instance_credentials(const Environment& environment,
                                                        const std::stop_token& stop);

}  // namespace cdviz::aws
