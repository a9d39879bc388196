// The calls of the Security Token Service that give out temporary credentials
// (https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html).
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "aws/credentials.h"
#include "core/clock.h"
#include "core/result.h"

namespace cdviz::aws {

/// Whom to become.
struct Role {
  std::string arn;
  std::string session_name = "cdviz-collector";  ///< seen in CloudTrail
  std::string external_id = {};
};

struct StsPlace {
  std::string endpoint;
  std::string region;
  std::string ca_file = {};
};

/// AssumeRole, signed with the credentials of `by`.
Result<Credentials> assume_role(const StsPlace& place, const Role& role,
                                std::shared_ptr<CredentialsProvider> by, const Clock& clock,
                                const std::stop_token& stop);

/// AssumeRoleWithWebIdentity, which is not signed. @param token  an OpenID Connect token
Result<Credentials> assume_role_with_web_identity(const StsPlace& place, const Role& role,
                                                  const std::string& token, const Clock& clock,
                                                  const std::stop_token& stop);

}  // namespace cdviz::aws
