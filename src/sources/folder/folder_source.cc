#include "sources/folder/folder_source.h"

#include <algorithm>
#include <utility>

#include "sources/folder/session.h"

namespace cdviz::sources::folder {
namespace {

class FolderSource final : public Source {
 public:
  FolderSource(FolderSettings settings, const Services& services)
      : settings_(std::move(settings)),
        services_(services),
        metrics_(services.metrics, services.name) {}

  Result<void> run(Inlet& inlet, std::stop_token stop) override {
    Session session(settings_, services_, metrics_, inlet);
    auto result = session.run(stop);
    if (!result && result.error().fault == Fault::reject) return smaller(result.error());
    return result;
  }

 private:
  /// The queue cannot hold a batch of this size at all: the same again, less at a time.
  Error smaller(Error error) {
    FeederLimits& batch = settings_.batch;
    if (batch.messages == 1) {
      error.fault = Fault::stop;
      return error;
    }
    batch.messages = std::max<std::size_t>(1, batch.messages / 8);
    batch.bytes = std::max<std::size_t>(1, batch.bytes / 8);
    error.fault = Fault::retry;
    return error;
  }

  FolderSettings settings_;
  const Services services_;
  SourceMetrics metrics_;
};

}  // namespace

std::unique_ptr<Source> make_folder_source(FolderSettings settings, const Services& services) {
  return std::make_unique<FolderSource>(std::move(settings), services);
}

}  // namespace cdviz::sources::folder
