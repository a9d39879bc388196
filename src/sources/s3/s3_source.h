// The sources of S3 once their options are checked.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "aws/bucket.h"
#include "core/component.h"
#include "sources/s3/content.h"
#include "sources/s3/handler.h"
#include "sources/s3/inbox.h"
#include "sources/s3/session.h"

namespace cdviz::sources::s3 {

/// The queue that S3 tells what happens.
struct QueuePlace {
  std::string url = {};
  aws::ClientSettings client = {};
  InboxSettings inbox = {};
};

struct PlaceSettings {
  SessionSettings session = {};
  aws::BucketSettings bucket = {};
  std::shared_ptr<aws::CredentialsProvider> credentials = {};  ///< null: nothing is signed
  std::optional<QueuePlace> queue = {};
};

/// @param make_handler  one for each run
std::unique_ptr<Source> make_s3_source(PlaceSettings settings,
                                       std::function<std::unique_ptr<Handler>(Inlet&)> make_handler,
                                       const Services& services);

/// Objects that hold events.
std::unique_ptr<Source> make_content_source(PlaceSettings place, ContentSettings content,
                                            const Services& services);

/// For `check --reach`: lists one key, and asks for the queue's name.
Result<void> reach(PlaceSettings settings, const Clock& clock);

}  // namespace cdviz::sources::s3
