#include "sources/kafka/kafka_source.h"

#include <algorithm>
#include <utility>

#include "sources/kafka/session.h"

namespace cdviz::sources::kafka {
namespace {

class KafkaSource final : public Source {
 public:
  KafkaSource(KafkaSourceSettings settings, ReaderSettings reader, const Services& services)
      : settings_(std::move(settings)),
        reader_(std::move(reader)),
        services_(services),
        metrics_(services.metrics, services.name),
        limits_(settings_.limits) {}

  Result<void> run(Inlet& inlet, std::stop_token stop) override {
    Session session(settings_, reader_, metrics_, services_, inlet, limits_);
    auto result = session.run(stop);
    if (!result && result.error().fault == Fault::reject) return smaller(result.error());
    return result;
  }

 private:
  /// The queue cannot hold a batch of this size at all: the same records again, fewer at a time.
  Error smaller(Error error) {
    if (limits_.messages == 1) {
      error.fault = Fault::stop;
      return error;
    }
    limits_.messages = std::max<std::size_t>(1, limits_.messages / 8);
    limits_.bytes = std::max<std::size_t>(1, limits_.bytes / 8);
    error.fault = Fault::retry;
    return error;
  }

  const KafkaSourceSettings settings_;
  const RecordReader reader_;
  const Services services_;
  SourceMetrics metrics_;
  FeederLimits limits_;
};

}  // namespace

std::unique_ptr<Source> make_kafka_source(KafkaSourceSettings settings, ReaderSettings reader,
                                          const Services& services) {
  return std::make_unique<KafkaSource>(std::move(settings), std::move(reader), services);
}

}  // namespace cdviz::sources::kafka
