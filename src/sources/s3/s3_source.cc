#include "sources/s3/s3_source.h"

#include <algorithm>
#include <utility>

namespace cdviz::sources::s3 {
namespace {

std::unique_ptr<aws::Bucket> bucket_of(const PlaceSettings& settings, const Clock& clock) {
  return std::make_unique<aws::Bucket>(settings.bucket, settings.credentials, clock);
}

std::unique_ptr<aws::Sqs> sqs_of(const PlaceSettings& settings, const Clock& clock) {
  return std::make_unique<aws::Sqs>(
      std::make_unique<aws::Client>(settings.queue->client, settings.credentials, clock),
      settings.queue->url);
}

class S3Source final : public Source {
 public:
  S3Source(PlaceSettings settings, std::function<std::unique_ptr<Handler>(Inlet&)> make_handler,
           const Services& services)
      : settings_(std::move(settings)),
        make_handler_(std::move(make_handler)),
        services_(services),
        metrics_(services.metrics, services.name) {}

  Result<void> run(Inlet& inlet, std::stop_token stop) override {
    const auto handler = make_handler_(inlet);
    std::function<std::unique_ptr<Inbox>(std::shared_ptr<Bell>)> make_inbox;
    if (settings_.queue) {
      make_inbox = [this](std::shared_ptr<Bell> bell) {
        return std::make_unique<Inbox>(
            settings_.queue->inbox, [this] { return sqs_of(settings_, services_.clock); },
            std::move(bell), services_.clock);
      };
    }
    Session session(
        settings_.session, *handler, [this] { return bucket_of(settings_, services_.clock); },
        make_inbox, limits_, metrics_, services_, inlet);
    auto result = session.run(stop);
    if (!result && result.error().fault == Fault::reject) return smaller(result.error());
    return result;
  }

 private:
  /// The queue cannot hold a batch of this size at all: the same objects again, fewer at a time.
  Error smaller(Error error) {
    const bool smallest = limits_.messages == 1;
    limits_.messages = std::max<std::size_t>(1, limits_.messages / 8);
    limits_.bytes = std::max<std::size_t>(1, limits_.bytes / 8);
    error.fault = smallest ? Fault::stop : Fault::retry;
    return error;
  }

  const PlaceSettings settings_;
  const std::function<std::unique_ptr<Handler>(Inlet&)> make_handler_;
  const Services services_;
  Metrics metrics_;
  BatchLimits limits_;
};

}  // namespace

std::unique_ptr<Source> make_s3_source(PlaceSettings settings,
                                       std::function<std::unique_ptr<Handler>(Inlet&)> make_handler,
                                       const Services& services) {
  return std::make_unique<S3Source>(std::move(settings), std::move(make_handler), services);
}

std::unique_ptr<Source> make_content_source(PlaceSettings place, ContentSettings content,
                                            const Services& services) {
  // A page of a listing, too, comes through it.
  place.bucket.client.answer_bytes_max =
      std::max<std::size_t>(content.object_bytes_max, std::size_t{4} << 20);
  return make_s3_source(
      std::move(place),
      [content = std::move(content), &clock = services.clock](Inlet&) {
        return std::make_unique<Content>(content, clock);
      },
      services);
}

Result<void> reach(PlaceSettings settings, const Clock& clock) {
  // Ten seconds in all.
  settings.bucket.client.attempts_max = 1;
  settings.bucket.client.timeout = std::chrono::seconds(4);
  if (settings.queue) {
    settings.queue->client.attempts_max = 1;
    settings.queue->client.timeout = std::chrono::seconds(4);
  }
  auto listing = bucket_of(settings, clock)->list(settings.session.prefix, "", 1, {});
  if (!listing) return listing.error();
  if (settings.queue) return sqs_of(settings, clock)->reach({});
  return {};
}

}  // namespace cdviz::sources::s3
