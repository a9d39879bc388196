// What a message of an SQS queue says of objects: an event of S3
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html), as
// it is, in an SNS notification around it, or as EventBridge has it
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sources/s3/candidate.h"

namespace cdviz::sources::s3 {

struct Notice {
  enum class Kind : std::uint8_t {
    objects,   ///< about some, or about none that concern us
    test,      ///< s3:TestEvent, which S3 sends when notifications are set up
    unusable,  ///< none of these: `why`
  };
  Kind kind = Kind::unusable;
  std::vector<Candidate> objects = {};
  std::size_t passed_over =
      0;  ///< of another bucket, or about something else than coming and going
  std::string why = {};
};

/// @param bucket  whose objects are meant
Notice read_notice(std::string_view body, std::string_view bucket);

}  // namespace cdviz::sources::s3
