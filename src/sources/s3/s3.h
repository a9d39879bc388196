// The sources that read from S3 and from stores that speak like it. See docs/sources/s3.md and
// docs/sources/s3_activity.md.
#pragma once

#include "config/options.h"
#include "core/component.h"

namespace cdviz::sources::s3 {

/// `type = "s3"`: objects that hold events.
extern const SourceKind kind;
/// `type = "s3_activity"`: objects that come and go, as events about artifacts.
extern const SourceKind activity_kind;

/// For `type = "opendal"` with kind = "s3": the source `s3`, from the existing collector's options.
Result<std::unique_ptr<Source>> make_from_opendal(const config::Options& options,
                                                  const Services& services);

}  // namespace cdviz::sources::s3
