// Objects that come and go as events about artifacts: what an object is, its headers say (HEAD);
// its content is not read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "activity/artifact_events.h"
#include "core/clock.h"
#include "core/inlet.h"
#include "core/path_patterns.h"
#include "sources/s3/handler.h"

namespace cdviz::sources::s3 {

struct ActivitySettings {
  std::string bucket = {};
  std::string prefix = {};
  PathPatterns patterns = {};  ///< of keys, without the folder of the prefix
  std::string region = {};
  std::string url = {};   ///< "https://host/bucket", for the place {url}
  bool from_now = false;  ///< what the first listing finds is only noted
  activity::Settings events;
};

/// What templates may use beside what every thing has.
const std::vector<std::string>& activity_places();

class Activity final : public Handler {
 public:
  /// @param inlet  tells whether there was a listing before; outlives this, as `clock` does
  Activity(const ActivitySettings& settings, const Inlet& inlet, const Clock& clock);

  Plan plan(Candidate& candidate, Batches& batches) override;
  void look(aws::Bucket& bucket, Looked& looked, const std::stop_token& stop) const override;
  bool deliver(Looked looked, Batches& batches, const std::stop_token& stop) override;
  void listed(Batches& batches) override;

 private:
  bool is_meant(const std::string& key) const;
  activity::Thing thing_of(const Candidate& candidate, const aws::ObjectFacts& facts) const;

  const ActivitySettings& settings_;
  const std::string folder_;
  const std::string place_;
  const activity::ArtifactEvents events_;
  const Clock& clock_;
  bool only_notes_ = false;  ///< the first listing with from = "now" is not over
};

}  // namespace cdviz::sources::s3
