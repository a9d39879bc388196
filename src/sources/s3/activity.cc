#include "sources/s3/activity.h"

#include <utility>

#include "aws/sigv4.h"
#include "core/binary_text.h"
#include "core/json_text.h"
#include "core/percent.h"
#include "parsers/parsers.h"
#include "sources/s3/content.h"
#include "sources/s3/mark.h"

namespace cdviz::sources::s3 {
namespace {

/// In the ledger once a listing was gone through.
constexpr const char* kListed = "s/listed";

/// Of a checksum as S3 writes it. Empty for what is no SHA-256 in Base64.
std::string hex_of_base64(const std::string& text) {
  constexpr std::size_t kDigestBytes = 32;
  const auto bytes = decode_text(BinaryText::base64, text);
  return bytes && bytes->size() == kDigestBytes ? encode_text(BinaryText::hex, *bytes) : "";
}

/// To the second: not every answer says more, and the ids of events are made of it.
WallTime whole_seconds(WallTime time) { return WallTime(std::chrono::seconds(seconds_of(time))); }

}  // namespace

const std::vector<std::string>& activity_places() {
  static const std::vector<std::string> kPlaces = {"bucket", "region", "url"};
  return kPlaces;
}

Activity::Activity(const ActivitySettings& settings, const Inlet& inlet, const Clock& clock)
    : settings_(settings),
      folder_(folder_of(settings.prefix)),
      place_("s3://" + settings.bucket),
      events_(settings.events),
      clock_(clock) {
  if (!settings_.from_now) return;
  const auto listed = inlet.checkpoint(kListed);
  only_notes_ = listed && !*listed;
}

bool Activity::is_meant(const std::string& key) const {
  if (key.ends_with('/') || !key.starts_with(folder_)) return false;
  return settings_.patterns.matches(std::string_view(key).substr(folder_.size())) &&
         events_.covers({.path = key});
}

activity::Thing Activity::thing_of(const Candidate& candidate,
                                   const aws::ObjectFacts& facts) const {
  activity::Thing thing{.path = candidate.key,
                        .size = facts.size,
                        .etag = facts.etag,
                        .revision = facts.version,
                        .time = whole_seconds(facts.modified)};
  for (const auto& [name, value] : facts.checksums) {
    if (name == "sha256") thing.sha256 = hex_of_base64(value);
  }
  thing.facts = {
      {"bucket", settings_.bucket},
      {"region", settings_.region},
      {"url", settings_.url + "/" + percent_encoded(candidate.key, kUnreservedAndSlash)}};
  std::string details = "{}";
  if (!facts.content_type.empty()) {
    details = parsers::with_member(details, "content_type", json_string(facts.content_type));
  }
  if (!facts.user.empty()) {
    std::string user = "{}";
    for (const auto& [name, value] : facts.user) {
      user = parsers::with_member(user, name, json_string(value));
    }
    details = parsers::with_member(details, "user_metadata", user);
  }
  thing.details = std::move(details);
  return thing;
}

Handler::Plan Activity::plan(Candidate& candidate, Batches& batches) {
  const auto known = candidate.entry ? activity::parse_thing(*candidate.entry) : std::nullopt;
  if (candidate.said == Said::gone) {
    if (candidate.entry && !known) batches.note(ledger_key(candidate.key), std::nullopt);
    return known ? Plan::look : Plan::nothing;
  }
  if (!is_meant(candidate.key)) return Plan::nothing;
  const bool same_time = known && known->time && candidate.modified &&
                         *known->time == whole_seconds(*candidate.modified);
  if (known && known->etag == candidate.etag && same_time) return Plan::nothing;
  if (only_notes_ && candidate.letter == 0) {
    batches.note(ledger_key(candidate.key),
                 activity::to_text(
                     thing_of(candidate, {.etag = candidate.etag,
                                          .size = candidate.size,
                                          .modified = candidate.modified.value_or(WallTime{})})));
    return Plan::nothing;
  }
  return Plan::look;
}

void Activity::look(aws::Bucket& bucket, Looked& looked, const std::stop_token& stop) const {
  auto facts = bucket.head(looked.candidate.key, stop);
  if (facts) {
    looked.facts = std::move(*facts);
    looked.outcome = Looked::Outcome::read;
    return;
  }
  looked.error = facts.error();
  const bool gone = looked.error->code == "NotFound" || looked.error->code == "NoSuchKey";
  looked.outcome = gone ? Looked::Outcome::gone : Looked::Outcome::failed;
}

bool Activity::deliver(Looked looked, Batches& batches, const std::stop_token&) {
  Candidate& candidate = looked.candidate;
  const auto known = candidate.entry ? activity::parse_thing(*candidate.entry) : std::nullopt;
  const std::string entry = ledger_key(candidate.key);
  const WallTime seen = clock_.wall();
  if (looked.outcome == Looked::Outcome::gone) {
    // If it was said to be there, its end is yet to be told, by whoever knows when that was.
    if (known && candidate.said == Said::gone) {
      const activity::Happening now{.change = activity::Change::deleted,
                                    .place = place_,
                                    .thing = *known,
                                    .seen = seen,
                                    .at = candidate.at,
                                    .user = candidate.user};
      for (auto& message : events_.messages(now)) batches.add(std::move(message));
      batches.note(entry, std::nullopt);
    }
    batches.end(std::move(candidate));
    return true;
  }
  const activity::Thing thing = thing_of(candidate, looked.facts);
  const bool same = known && known->etag == thing.etag && known->time == thing.time &&
                    (known->revision.empty() || known->revision == thing.revision);
  if (!same) {
    const activity::Happening now{
        .change = known ? activity::Change::modified : activity::Change::created,
        .place = place_,
        .thing = thing,
        .former = known ? &*known : nullptr,
        .seen = seen,
        .user =
            candidate.said == Said::there ? std::string_view(candidate.user) : std::string_view()};
    for (auto& message : events_.messages(now)) batches.add(std::move(message));
    batches.note(entry, activity::to_text(thing));
  }
  batches.end(std::move(candidate));
  return true;
}

void Activity::listed(Batches& batches) {
  if (only_notes_) batches.note(kListed, "1");
  only_notes_ = false;
}

}  // namespace cdviz::sources::s3
