// Whether the bytes of an object are those that were stored
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html).
#pragma once

#include <string_view>

#include "aws/bucket.h"

namespace cdviz::aws {

enum class Sound : std::uint8_t {
  yes,
  no,       ///< a checksum does not agree
  unknown,  ///< there is none that covers the whole object
};

/// By the first checksum that is known here (crc64nvme, crc32c, crc32, sha256, sha1); without one
/// by the ETag, where that is the MD5 of the content.
Sound check_sound(const ObjectFacts& facts, std::string_view bytes);

}  // namespace cdviz::aws
