// What a message of an SQS queue says of images: events of ECR as EventBridge sends them
// (https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html), as they are or in
// an SNS notification around them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/event.h"

namespace cdviz::sources::ecr {

struct Notice {
  enum class Kind : std::uint8_t {
    pushed,
    deleted,
    scanned,   ///< `scan`
    other,     ///< of ECR or of another service, but not about images that come and go
    unusable,  ///< no event of EventBridge: `why`
  };
  Kind kind = Kind::unusable;
  std::string account = {};
  std::string region = {};
  std::string repository = {};
  std::string digest = {};
  std::string tag = {};               ///< may be empty
  std::optional<WallTime> time = {};  ///< when it happened
  std::string scan = {};              ///< a JSON object: {"status":…,"severities":{…}}
  std::string why = {};
};

Notice read_notice(std::string_view body);

}  // namespace cdviz::sources::ecr
